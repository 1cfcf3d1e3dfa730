import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectToRelay } from '../../../src/protocol/relay-client.ts';
import { run, Workplace, type Ended } from '../harness.ts';

describe('a tunnel that cannot be opened', function () {
  this.timeout(180_000);
  let place: Workplace;
  let programs: string;

  before(function () {
    // The program is a script that only a Unix system runs by its first line.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(() => {
    place = new Workplace();
    programs = mkdtempSync(join(tmpdir(), 'cm-relay-programs-'));
  });
  afterEach(async () => {
    await place.run('stop');
    await place.close();
    rmSync(programs, { recursive: true });
  });

  const detached = (...args: string[]): Promise<Ended> =>
    run(['listen', '--data-dir', place.dataDir, '--port', '0', '--detach', ...args], { PATH: programs });

  /** As ngrok that has its authtoken: it lives until it is told to end. */
  function install(): void {
    const line = JSON.stringify({ lvl: 'info', msg: 'started tunnel', url: 'https://127.0.0.1:9' });
    const script = `#!${process.execPath}\nconsole.log(${JSON.stringify(line)}); setInterval(() => {}, 1000);\n`;
    writeFileSync(join(programs, 'ngrok'), script, { mode: 0o755 });
  }

  it('fails --detach, which leaves nothing behind that it started', async () => {
    for (const json of [[], ['--json']]) {
      const { code, out, err } = await detached('--tunnel', 'ngrok', ...json);
      assert.deepEqual([code, out], [1, ''], err);
      assert.match(err, /^error: could not open the tunnel: ngrok not found[^]*Install ngrok/);
      assert.match(err, /The relay has stopped\. Fix the problem/);
      assert.doesNotMatch(err, /cm-relay retry/, 'of a relay that has ended');
      await assert.rejects(connectToRelay(place.dataDir), { name: 'NoRelayError' });
    }
  });

  it('is opened again by retry, and fails --detach beside a relay that goes on', async () => {
    const args = ['listen', '--data-dir', place.dataDir, '--port', '0', '--tunnel', 'ngrok'];
    const listening = place.startProcess(args, { PATH: programs });
    await listening.line((line) => line.includes('tunnel ngrok failed'));
    await listening.line((line) => /cm-relay retry --data-dir \S+ to open the tunnel/.test(line), 'errors');
    const attached = await detached('--tunnel', 'ngrok');
    assert.equal(attached.code, 1, attached.err);
    assert.match(attached.err, /cm-relay retry --data-dir .* to open the tunnel/);
    const failed = await place.run('url');
    assert.match(failed.err, /no public URL[^]*Fix the problem, and then run cm-relay retry --data-dir/);
    assert.doesNotMatch(failed.err, /Stop the relay/);
    const registering = ['webhooks', 'register', '--data-dir', place.dataDir, '--list', 'a'.repeat(32)];
    const registered = await run(registering, { CAMPAIGN_MONITOR_API_KEY: 'never-sent' });
    assert.match(
      registered.err,
      /no public URL[^]*Fix the problem, and then run cm-relay retry --data-dir \S+\. Or give/,
    );
    install();
    const { code, out } = await place.run('retry');
    assert.deepEqual([code, out], [0, 'Reopening the tunnel.\n']);
    await listening.line((line) => line.includes('tunnel ngrok verifying'));
    const early = await place.run('url', '--timeout', '0');
    assert.match(early.err, /no public URL[^]*Try again, or wait longer with --timeout <s>\. For the URL on this/);
    const client = await connectToRelay(place.dataDir);
    await client.request('tunnel/close', {});
    client.close();
    const closed = await place.run('url', '--timeout', '0');
    assert.match(closed.err, /Open the public URL in VS Code, or stop the relay, and then start it again\./);
    const times = (all: readonly string[], said: string): number => all.filter((line) => line.includes(said)).length;
    assert.equal(times(listening.lines, 'tunnel ngrok failed'), 1);
    assert.equal(times(listening.errors, 'to open the tunnel'), 1);
  });
});
