/** The specs' own folder for what a user's programs keep, so that none of it is in that of whoever runs them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'cmr-state-'));
process.env['XDG_STATE_HOME'] = folder;
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
