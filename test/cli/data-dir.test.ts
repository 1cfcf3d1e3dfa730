import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { dataDirFlag } from '../../src/cli/same-directory.ts';
import { defaultDataDir } from '../../src/protocol/known-directories.ts';
import { runProcess } from './harness.ts';

describe("the CLI's default data directory", () => {
  it("is the platform's per-user state folder", () => {
    const home = homedir();
    assert.equal(defaultDataDir('linux', {}), join(home, '.local/state/cm-relay'));
    assert.equal(defaultDataDir('linux', { XDG_STATE_HOME: '/state' }), '/state/cm-relay');
    assert.equal(defaultDataDir('darwin', {}), join(home, 'Library/Application Support/cm-relay'));
    assert.equal(defaultDataDir('win32', { LOCALAPPDATA: '/local' }), join('/local', 'cm-relay'));
  });

  for (const home of ['', 'relative']) {
    it(`is below the account's home, never below the working directory, with HOME=${home}`, async function () {
      if (process.platform !== 'linux') this.skip();
      this.timeout(60_000);
      const { out, err } = await runProcess(['status', '--json'], { HOME: home, XDG_STATE_HOME: '' });
      const { dataDir } = JSON.parse(out) as { dataDir: string };
      assert.equal(dataDir, join(userInfo().homedir, '.local/state/cm-relay'), err);
    });
  }
});

describe('the flag of a data directory', () => {
  it('can be pasted into a shell, whatever the folder is called', function () {
    if (process.platform === 'win32') this.skip();
    assert.equal(dataDirFlag('/home/me/relay'), ' --data-dir /home/me/relay');
    for (const dataDir of ['/home/me/my relay', "/it's/$HOME", '-x;ls']) {
      const said = execFileSync('sh', ['-c', `printf '%s\\n'${dataDirFlag(dataDir)}`], { encoding: 'utf8' });
      assert.equal(said, `--data-dir\n${dataDir}\n`);
    }
  });
});
