import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultDataDir } from '../../src/cli/data-dir.ts';

describe("the CLI's default data directory", () => {
  it("is the platform's per-user state folder", () => {
    const home = homedir();
    assert.equal(defaultDataDir('linux', {}), join(home, '.local/state/cm-relay'));
    assert.equal(defaultDataDir('linux', { XDG_STATE_HOME: '/state' }), '/state/cm-relay');
    assert.equal(defaultDataDir('darwin', {}), join(home, 'Library/Application Support/cm-relay'));
    assert.equal(defaultDataDir('win32', { LOCALAPPDATA: '/local' }), join('/local', 'cm-relay'));
  });

  it('ignores a relative XDG_STATE_HOME, as the specification says', () => {
    assert.equal(defaultDataDir('linux', { XDG_STATE_HOME: 'state' }), join(homedir(), '.local/state/cm-relay'));
    assert.equal(defaultDataDir('linux', { XDG_STATE_HOME: '' }), join(homedir(), '.local/state/cm-relay'));
  });
});
