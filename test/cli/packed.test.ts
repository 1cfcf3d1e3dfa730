/** The program as npm installs it. What it does in full is tested from the sources. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { packedProgram } from '../packed.ts';
import { version } from '../../src/version.ts';
import { cleanEnvironment, eachWithOwn, type Callback, type Ready, type Workplace } from './harness.ts';

describe('the packed program', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  const run = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [packedProgram(), ...args], { env: cleanEnvironment() })).stdout;

  it('prints its version and help', async () => {
    assert.equal(await run('--version'), `${version}\n`);
    assert.match(await run('help', 'listen'), /^Usage: cm-relay listen [^]*Examples:/);
  });

  it('exits with 2 on bad usage', async () => {
    await assert.rejects(run('lisen'), { code: 2, stdout: '', stderr: /unknown command 'lisen'/ });
  });

  it('receives, forwards, shows, and ends on a signal', async () => {
    const args = ['listen', callback.url, '--data-dir', place.dataDir, '--port', '0', '--json'];
    const listening = spawn(process.execPath, [packedProgram(), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: cleanEnvironment(),
    });
    const ended = once(listening, 'close');
    try {
      const [line] = (await once(createInterface({ input: listening.stdout }), 'line')) as [string];
      assert.equal((JSON.parse(line) as Ready).pid, listening.pid);
      const common = ['--data-dir', place.dataDir];
      assert.match(await run('trigger', 'subscribe', '--email', 'jane@example.org', ...common), /relay answered 200/);
      await callback.received(1);
      assert.match(await run('show', 'e1', ...common), /^e1 {2}Subscribe {2}jane@example\.org\n/);
      listening.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
      assert.match(await run('events', ...common), /jane@example\.org/);
    } finally {
      listening.kill('SIGKILL');
    }
  });
});
