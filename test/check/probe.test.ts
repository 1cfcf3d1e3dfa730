import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandProbe } from '../../src/check/probe.ts';
import { SecretMask } from '../../src/common/masking.ts';
import { lasting } from '../lasting.ts';
import { temporaryFolder } from '../relay/afterward.ts';

const mask = new SecretMask([]);
const never = new AbortController().signal;

describe('A probe that is a command line', () => {
  before(function () {
    // Its command lines are for a POSIX shell.
    if (process.platform === 'win32') this.skip();
  });

  it('is ended with all that it started when it is given up', async () => {
    const { words, runs, gone } = await lasting();
    const given = new AbortController();
    const read = commandProbe(`${words}; echo 3`, tmpdir(), mask).read(given.signal);
    await runs;
    given.abort(new Error('given up'));
    await assert.rejects(read, /^Error: given up$/);
    await gone;
  });

  it('is ended with all that it started when its time is up', async () => {
    const { words, gone } = await lasting();
    await assert.rejects(commandProbe(`${words}; echo 3`, tmpdir(), mask, 3000).read(never), {
      name: 'ProbeError',
      message: `the contact count "${words}; echo 3" took longer than 3 s`,
    });
    await gone;
  });

  it('is not waited for where something that it started still runs, and leaves nothing behind', async () => {
    const { words, runs, gone } = await lasting();
    const goOn = join(temporaryFolder(), 'go-on');
    const line = `${words} & until [ -e "${goOn}" ]; do sleep 0.01; done; echo 3`;
    const read = commandProbe(line, tmpdir(), mask).read(never);
    await runs;
    writeFileSync(goOn, '');
    assert.equal(await read, 3);
    await gone;
  });

  it('says how it failed, and when it cannot be run at all', async () => {
    await assert.rejects(commandProbe('echo wrong >&2; exit 3', tmpdir(), mask).read(never), /exited with 3: wrong$/);
    await assert.rejects(commandProbe('kill -9 $$', tmpdir(), mask).read(never), /was ended by SIGKILL$/);
    await assert.rejects(
      commandProbe(['no-such-program'], tmpdir(), mask).read(never),
      /^ProbeError: can’t run .*ENOENT$/,
    );
    await assert.rejects(
      commandProbe('echo 3', '/no-such-folder', mask).read(never),
      /^ProbeError: can’t run .*ENOENT$/,
    );
    await assert.rejects(commandProbe('echo 3', tmpdir(), mask).read(AbortSignal.abort(new Error('before'))), /before/);
  });
});
