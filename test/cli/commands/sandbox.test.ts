import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxLists } from '../../../src/sandbox/campaign-monitor/accounts.ts';
import { isAlive } from '../../../src/cli/background.ts';
import { freePort } from '../../free-port.ts';
import { run, type Ended } from '../harness.ts';

const list = sandboxLists[0]?.listId ?? '';

describe('a sandbox in the background', function () {
  this.timeout(180_000);
  let state: string;

  beforeEach(() => (state = mkdtempSync(join(tmpdir(), 'cm-relay-state-'))));
  afterEach(async () => {
    await sandbox('stop');
    rmSync(state, { recursive: true });
  });

  const sandbox = (...args: string[]): Promise<Ended> => run(['sandbox', ...args], { XDG_STATE_HOME: state });

  const subscribe = (...args: string[]): Promise<Ended> =>
    run(['sandbox', 'subscribe', ...args], { XDG_STATE_HOME: state });

  async function detached(...args: string[]): Promise<{ port: string; pid: number }> {
    const port = String(await freePort());
    const { code, out, err } = await sandbox('--detach', '--json', '--port', port, ...args);
    assert.equal(code, 0, err);
    return { port, pid: (JSON.parse(out) as { pid: number }).pid };
  }

  it('that does not answer is not forgotten: stop and --detach name its process', async function () {
    if (process.platform === 'win32') this.skip();
    const { port, pid } = await detached();
    process.kill(pid, 'SIGSTOP');
    try {
      const asked = [['stop'], ['stop', '--port', port], ['--detach'], ['--detach', '--port', port]];
      for (const { code, out, err } of await Promise.all(asked.map((args) => sandbox(...args)))) {
        assert.deepEqual([code, out], [1, ''], err);
        assert.match(err, new RegExp(`the sandbox on port ${port} \\(process ${pid}\\) does not answer`));
        assert.match(err, new RegExp(`kill -CONT ${pid}[^]*kill -KILL ${pid}`));
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    assert.match((await sandbox('stop')).out, new RegExp(`^Sandbox on port ${port} stopped`));
    assert.ok(!isAlive(pid));
  });

  it('that does not end is waited for so long and no longer', async () => {
    // It says yes to everything, and stays: its process is the one that started this one.
    const server = createServer((_request, response) => response.end('{"controls":{}}'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const control = `http://127.0.0.1:${port}/control`;
    const folder = join(state, 'cm-relay-sandboxes');
    mkdirSync(folder);
    const kept = { port, pid: process.ppid, control, randomCredentials: false, json: [], text: [] };
    writeFileSync(join(folder, `${port}.json`), JSON.stringify(kept));
    try {
      const { code, err } = await sandbox('stop');
      assert.equal(code, 1, err);
      assert.match(
        err,
        new RegExp(`the sandbox on port ${port} \\(process ${process.ppid}\\) did not stop within 10 s`),
      );
    } finally {
      rmSync(folder, { recursive: true });
      server.close();
    }
  });

  for (const flags of [[], ['--random-credentials']])
    it(`is where subscribe subscribes, without --host and a key${flags.length === 0 ? '' : ', whatever its credentials'}`, async () => {
      const none = await subscribe('jane@example.org', '--list', list);
      assert.equal(none.code, 2, none.err);
      assert.match(none.err, /cm-relay sandbox --detach[^]*--host/);
      await detached(...flags);
      const { code, out, err } = await subscribe('jane@example.org', '--list', list);
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^Subscribed jane@example\.org to /);
      const { port } = await detached('--keep-alive', '300', ...(flags.length === 0 ? ['--random-credentials'] : []));
      const two = await subscribe('joe@example.org', '--list', list);
      assert.equal(two.code, 2, two.err);
      assert.match(two.err, new RegExp(`--host[^]*http://127.0.0.1:${port}`));
    });
});
