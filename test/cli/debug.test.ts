import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { until } from '../relay/until.ts';
import { delivery, eachWithOwn, post, type Line, type Callback, type Workplace } from './harness.ts';

describe('Debugging from the terminal', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  const addresses = (): (string | undefined)[] =>
    callback.posts.map(({ body }) => /"EmailAddress":"([^"]+)"/.exec(body.toString())?.[1]);

  it('holds, steps and continues, and says so in JSON lines and in the status', async () => {
    const listening = place.listen(['--forward-to', callback.url]);
    const { campaignMonitorUrl } = await listening.ready();
    const held = await place.run('debug', 'pause', '--json');
    assert.equal(held.code, 0);
    const sending = JSON.parse(held.out) as { state: string; by: { client: { kind: string; id: string } } };
    assert.deepEqual([sending.state, sending.by.client.kind], ['paused', 'terminal']);
    const stopped = await listening.json<Line & { reason: string }>('stopped');
    assert.equal(stopped.reason, 'pause');
    for (const name of ['a', 'b', 'c']) await post(campaignMonitorUrl, delivery(`${name}@example.org`));

    const { out: status } = await place.run('status');
    assert.match(status, /Sending +Sending has been paused since .* by a terminal \(process \d+\)\. Held: 3\./);
    assert.match(status, /Held +n1 to .*\/callback: sending is paused/);
    const stepped = await place.run('debug', 'step');
    assert.match(stepped.out, /^n1 to .*\/callback\nSending has been paused .* Held: 2\.\n$/);
    const named = await place.run('debug', 'step', 'e3', '--json');
    const { released } = JSON.parse(named.out) as { released: { notificationId: string }[] };
    assert.equal(released[0]?.notificationId, 'n3');
    const continued = await place.run('debug', 'continue');
    assert.match(continued.out, /^1 notification released\nSending is on\.\n$/);
    await listening.json('continued');
    await callback.received(3);
    assert.deepEqual(addresses(), ['a@example.org', 'c@example.org', 'b@example.org']);

    const nothing = await place.run('debug', 'step');
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /nothing is held[^]*To pause sending, run/);
    assert.equal((await place.run('debug', 'pause')).code, 0);
    const paused = await place.run('debug', 'step');
    assert.match(paused.err, /nothing is held[^]*Sending is already paused\. The next notification will be held\./);
    assert.doesNotMatch(paused.err, /To pause sending/);
    await listening.end();
  });

  it('sets breakpoints, which tell why they did not stop, and removes them', async () => {
    const listening = place.listen(['--forward-to', callback.url]);
    const { campaignMonitorUrl } = await listening.ready();
    const added = await place.run('debug', 'break', 'add', '--condition', 'address:stop');
    assert.match(added.out, /^b1 +event +address:stop, set by terminal\n/);
    await place.run('debug', 'break', 'add', '--at', 'rejected');
    await post(campaignMonitorUrl, delivery('go@example.org'));
    await callback.received(1);
    const { out: before } = await place.run('debug', 'break', 'list');
    assert.match(before, /b1[^]*checked 1, matched 0, stopped 0\n +did not stop: no event matched the condition\nb2/);
    await post(campaignMonitorUrl, delivery('stop@example.org'));
    const stopped = await listening.json<Line & Record<string, unknown>>('stopped');
    assert.deepEqual(
      [stopped['reason'], stopped['place'], stopped['breakpointIds'], stopped['eventId'], stopped['notificationId']],
      ['breakpoint', 'event', ['b1'], 'e2', 'n2'],
    );
    assert.equal((await place.run('debug', 'break', 'remove', 'b1')).out, 'Removed: b1\n');
    const missing = await place.run('debug', 'break', 'remove', 'b9');
    assert.deepEqual([missing.code, /no breakpoint b9/.test(missing.err)], [1, true]);
    await place.run('debug', 'break', 'remove', '--all');
    assert.match((await place.run('debug', 'break', 'list')).err, /No breakpoints/);
    await place.run('debug', 'continue');
    await callback.received(2);
    await listening.end();
  });

  it('says what is held when it leaves, when it comes, and when no relay runs', async () => {
    const args = ['listen', '--data-dir', place.dataDir, '--port', '0', '--forward-to', callback.url];
    const first = place.start(args);
    await first.line((each) => each.includes('Listening on'));
    const url = (await place.run('url', '--local')).out.trim();
    await place.run('debug', 'pause');
    await first.line((each) => each.includes('paused by a terminal'));
    await post(url, delivery('a@example.org'));
    await first.end();
    assert.match(first.errors.join('\n'), /Held: 1\. Sending stays paused when the relay restarts\./);

    const { out: left } = await place.run('status');
    assert.match(
      left,
      /No relay is running for [^]*Sending has been paused since .* by a terminal[^]*Held: 1 notification\./,
    );
    const asJson = JSON.parse((await place.run('status', '--json')).out) as { running: boolean; held: number };
    assert.deepEqual([asJson.running, asJson.held], [false, 1]);

    const second = place.start(args);
    await second.line(
      (each) => each.includes('notice: Sending has been paused') && each.includes('Held: 1.'),
      'errors',
    );
    const stopped = await place.run('stop', '--held', 'release');
    assert.equal(stopped.code, 0);
    await callback.received(1);
    assert.equal(await second.ended, 0);
  });

  describe('by keys in the live view', function () {
    before(function () {
      if (process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0) this.skip();
    });

    let running: ChildProcessWithoutNullStreams | undefined;
    afterEach(() => {
      if (running?.exitCode === null) running.kill('SIGHUP');
    });

    /** `cm-relay listen` in a terminal of its own, as util-linux's `script` makes one. */
    class Terminal {
      readonly child: ChildProcessWithoutNullStreams;
      text = '';

      constructor(dataDir: string, columns = 200) {
        const program = fileURLToPath(new URL('../../src/cli/cm-relay.ts', import.meta.url));
        const node = `'${process.execPath}' --disable-warning=ExperimentalWarning '${program}'`;
        const command = `stty cols ${columns}; ${node} listen --data-dir '${dataDir}' --port 0 --forward-to ${callback.url}`;
        this.child = spawn('script', ['-qec', command, '/dev/null'], {
          env: {
            PATH: process.env['PATH'],
            HOME: tmpdir(),
            TMPDIR: tmpdir(),
            NO_COLOR: '1',
            TERM: 'xterm',
            XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'],
            XDG_STATE_HOME: process.env['XDG_STATE_HOME'],
          },
        });
        this.child.stdout.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
      }

      shows(what: RegExp): Promise<unknown> {
        return until(() => what.test(this.text), 60_000, `${what.source} in ${this.text}`);
      }
    }

    it('pauses, sends the next, continues, and ends with q as with Ctrl-C', async () => {
      const terminal = new Terminal(place.dataDir);
      running = terminal.child;
      const ended = once(terminal.child, 'exit');
      await terminal.shows(/Waiting for events\. [^]*Press \? for keys, q to stop/);
      terminal.child.stdin.write('?');
      await terminal.shows(/Keys: p pause sending, c continue, s send next, r resend what failed last/);
      const url = /http:\S+\/campaign-monitor/.exec(terminal.text)?.[0] ?? '';
      terminal.child.stdin.write('p');
      await terminal.shows(/‖ +paused by a terminal \(process \d+\)\. Held: 0\./);
      for (const name of ['a', 'b', 'c', 'd']) await post(url, delivery(`${name}@example.org`));
      // An arrow, and letters without a meaning, do nothing.
      terminal.child.stdin.write('\x1b[Adn');
      terminal.child.stdin.write('s');
      await terminal.shows(/Released: n1 to /);
      await callback.received(1);
      terminal.child.stdin.write('c');
      await terminal.shows(/sending resumed[^]*Released: 3\./);
      await callback.received(4);
      assert.deepEqual(addresses(), ['a@example.org', 'b@example.org', 'c@example.org', 'd@example.org']);
      terminal.child.stdin.write('p');
      await terminal.shows(/paused by a terminal[^]*paused by a terminal/);
      terminal.child.stdin.write('p');
      await terminal.shows(/Sending has been paused since .* Held: 0\./);
      // Keys that arrive together each count.
      terminal.child.stdin.write('\x1b[Aq');
      const [code] = (await ended) as [number | null];
      assert.equal(code, 0);
      assert.match(terminal.text, /Held: 0\. Sending stays paused when the relay restarts\./);
      await assert.rejects(connectToRelay(place.dataDir), { name: 'NoRelayError' });
    });

    it('shows what matches a filter that is typed below the last line', async () => {
      const terminal = new Terminal(place.dataDir);
      running = terminal.child;
      await terminal.shows(/Press \? for\s+keys/);
      const url = /http:\S+\/campaign-monitor/.exec(terminal.text)?.[0] ?? '';
      terminal.child.stdin.write('/');
      await terminal.shows(/Filter: $/);
      terminal.child.stdin.write('state:lost\r');
      await terminal.shows(/error: .*state/);
      terminal.child.stdin.write('/');
      await terminal.shows(/error: [^]*Filter: $/);
      terminal.child.stdin.write('type:Updatx\x7fe');
      await terminal.shows(/Filter: type:Update$/);
      // What is received meanwhile is shown above it.
      await post(url, delivery('a@example.org'));
      await terminal.shows(/n1 [^\n]*200[^\n]*\n\r?[^\n]*Filter: type:Update$/);
      terminal.child.stdin.write('\r');
      await terminal.shows(/Showing events that match type:Update\./);
      await post(url, delivery('b@example.org'));
      await post(url, delivery('c@example.org', 'Update'));
      await terminal.shows(/c@example\.org/);
      terminal.child.stdin.write('/');
      terminal.child.stdin.write('\r');
      await terminal.shows(/Showing all events\./);
      await post(url, delivery('d@example.org'));
      await terminal.shows(/d@example\.org/);
      assert.doesNotMatch(terminal.text, /b@example\.org/);
    });
  });
});
