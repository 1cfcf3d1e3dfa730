import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { ProcessGroup } from '../../src/common/process-group.ts';
import { lasting } from '../lasting.ts';
import { until } from '../relay/until.ts';

/** The processes that end a group when this process is killed. */
function guards(): number {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.trim().startsWith(`${process.pid} /bin/sh -c read`)).length;
}

describe('A program and what it starts', () => {
  before(function () {
    // Its command lines are for a POSIX shell.
    if (process.platform === 'win32') this.skip();
  });

  it('ends with its code or signal, when its output was read', async () => {
    const group = new ProcessGroup(['/bin/sh', '-c', 'echo out; echo problem >&2; exit 3'], {});
    const said = Promise.all([group.stdout.toArray(), group.stderr.toArray()]);
    assert.deepEqual(await group.ended, { code: 3, signal: null });
    assert.deepEqual((await said).flat().map(String), ['out\n', 'problem\n']);
    assert.deepEqual(await new ProcessGroup('kill -9 $$', {}).ended, { code: null, signal: 'SIGKILL' });
    await assert.rejects(new ProcessGroup(['no-such-program'], {}).ended, { code: 'ENOENT' });
    await new ProcessGroup(['no-such-program'], {}).end();
  });

  it('has a guard while it runs, and no longer: its number may then be that of another', async () => {
    const { words, runs } = await lasting();
    const group = new ProcessGroup(words, {});
    await runs;
    assert.equal(guards(), 1);
    await group.end();
    await until(() => guards() === 0);
  });

  it('is ended by force where a part of it does not end when it is asked', async () => {
    const { words, runs, gone } = await lasting("process.on('SIGTERM', () => 0)");
    const group = new ProcessGroup(`${words}; true`, {});
    await runs;
    assert.deepEqual((await Promise.all([group.ended, group.end(), gone]))[0], { code: null, signal: 'SIGTERM' });
  }).slow(8_000);
});
