import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { isAlive, waitForEnd } from '../../src/cli/background.ts';
import { afterward } from '../relay/afterward.ts';

describe('a process in the background', () => {
  it('is alive until it ends', async () => {
    const child = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' });
    assert.ok(isAlive(child.pid ?? 0));
    await once(child, 'exit');
    assert.ok(!isAlive(child.pid ?? 0));
  });

  it('has ended also where its parent never asks how, as the first process of many containers', async function () {
    if (process.platform !== 'linux') this.skip();
    // The shell becomes a program that knows nothing of the child it has. The child ends when its input does.
    const shell = spawn('sh', ['-c', 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 60 >&- 2>&-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    afterward(() => shell.kill('SIGKILL'));
    const pid = Number(await text(shell.stdout));
    assert.ok(isAlive(pid));
    shell.stdin.end();
    await waitForEnd('it', pid, 5000);
  });
});
