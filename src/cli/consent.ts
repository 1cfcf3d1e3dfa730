import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byOrigin, type EnvironmentUse } from '../check/environment.ts';
import { stateFolder } from '../protocol/known-directories.ts';
import { CommandError, UsageError } from './errors.ts';
import { note } from './terminal/output.ts';
import { askYesNo, canAsk } from './terminal/prompts.ts';
import { commandProcess } from './terminal/command-process.ts';

/** Asks once for each content of the files, which may have come with a repository. @throws UsageError, CommandError */
export async function allow(files: readonly string[], what: string, flag: string, or: string): Promise<void> {
  const content = createHash('sha256').update(what);
  for (const file of files) content.update(readFileSync(file));
  const folder = join(stateFolder(process.platform, commandProcess().env), 'cm-relay-allowed');
  const record = join(folder, content.digest('hex'));
  if (existsSync(record)) return;
  const asked = `${files.join(', ')}: ${what}`;
  if (!canAsk()) throw new UsageError(asked, `Nothing was sent. If you trust the file, add ${flag}. Or ${or}.`);
  note(asked);
  if (!(await askYesNo('Allow this?'))) throw new CommandError('not allowed: nothing was sent', `You can ${or}.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(record, '', { mode: 0o600 });
}

export async function allowUses(files: readonly string[], uses: readonly EnvironmentUse[], or: string): Promise<void> {
  if (uses.length === 0) return;
  const places = [...byOrigin(uses)].map(([origin, variables]) => `${variables.join(', ')} to ${origin}`);
  const what = `environment variables would be sent to URLs you did not give: ${places.join('; ')}`;
  await allow(files, what, '--allow-env', or);
}
