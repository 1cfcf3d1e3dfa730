import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { controlChannelOf } from '../../src/protocol/control-channel.ts';
import { RelayRequestError } from '../../src/protocol/errors.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { takeLock } from '../../src/relay/lock.ts';
import { readyRelay, spawnRelay } from './processes.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { hasBlackHoles, startBlackHole } from './black-hole.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay } from './stage.ts';
import { until } from './until.ts';

describe("The relay's own process", function () {
  this.timeout(180_000);

  it('says that it is ready, and is', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    assert.equal(relay.pid, relay.child.pid);
    assert.equal((await send(relay.url, { body: sampleBody() })).status, 200);
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    assert.equal((await client.request('relay/status', {})).counts.deliveries, 1);
  });

  it('ends with 0 on relay/stop, and leaves nothing behind', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const client = await connectToRelay(dataDir);
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
    assert.equal(existsSync(controlChannelOf(dataDir).path), false);
    assert.equal(existsSync(join(dataDir, 'relay.sqlite-wal')), false, 'the history is closed properly');
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 on ${signal}, a client there or not`, async () => {
      const dataDir = temporaryFolder();
      const relay = await readyRelay(['--data-dir', dataDir]);
      const client = await connectToRelay(dataDir);
      relay.child.kill(signal);
      assert.equal(await relay.ended, 0);
      await client.closed;
    });
  }

  it('ends with 0 though a client has gone in the middle of a message', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const rude = connect(controlChannelOf(dataDir).path);
    await once(rude, 'connect');
    await new Promise<void>((resolve) => rude.write('Content-Length: 100\r\n\r\n{"jsonrpc":', () => resolve()));
    const client = await connectToRelay(dataDir);
    // By the time that it answers it has read the half.
    assert.equal((await client.request('relay/status', {})).clients, 2);
    rude.destroy();
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
  });

  it('ends with 0 while it connects to a callback that takes no connection, however long that may take', async function () {
    if (!hasBlackHoles) this.skip();
    // The system itself gives up after some two minutes.
    this.timeout(90_000);
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const client = await connectToRelay(dataDir);
    const { url } = await startBlackHole();
    await client.request('relay/configure', { settings: { destinations: [{ url, timeoutMs: 600_000 }] } });
    assert.equal((await send(relay.url, { body: sampleBody() })).status, 200);
    await until(async () => {
      const { destinations } = await client.request('relay/status', {});
      return destinations.some(({ underWay }) => underWay.length > 0);
    });
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
  });

  it('ends with 0 when its last client has gone for as long as it was told', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir, '--keep-alive-minutes', '0.01']);
    const client = await connectToRelay(dataDir);
    await client.request('relay/status', {});
    client.close();
    assert.equal(await relay.ended, 0);
    assert.match(relay.errors(), /no client for 0\.01 minutes/);
  });

  it('lets no client wait for ever while its process is held, and answers the next one', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const client = await connectToRelay(dataDir, 50);
    afterward(() => client.close());
    relay.child.kill('SIGSTOP');
    await assert.rejects(client.request('events/query', {}), (error) => {
      assert.ok(error instanceof RelayRequestError);
      assert.equal(error.code, 'no-answer');
      assert.match(error.message, new RegExp(`\\(process ${relay.pid}\\) does not answer`));
      assert.match(error.next ?? '', /is suspended, resume it/);
      return true;
    });
    relay.child.kill('SIGCONT');
    const next = await connectToRelay(dataDir);
    afterward(() => next.close());
    assert.equal((await next.request('relay/status', {})).pid, relay.pid);
  });

  const failures: readonly [string, () => string[] | Promise<string[]>, RegExp][] = [
    ['no data directory', () => [], /--data-dir is missing/],
    ['an option that there is not', () => ['--what', 'x'], /--what/],
    ['a port that is none', () => ['--data-dir', temporaryFolder(), '--port', 'x'], /port/i],
    ['a time that is none', () => ['--data-dir', temporaryFolder(), '--keep-alive-minutes', 'x'], /keepAliveMinutes/],
    [
      'a port that is taken',
      async () => ['--data-dir', temporaryFolder(), '--port', String((await startTestRelay()).port)],
      /in use by another program/,
    ],
    ['a data directory that cannot be one', () => ['--data-dir', '/dev/null/x'], /is not a folder/],
  ];
  for (const [what, args, message] of failures) {
    it(`says in one line why it is not ready, and ends with 1: ${what}`, async () => {
      const relay = spawnRelay(await args());
      const line = await relay.firstLine;
      assert.equal(line.type, 'failed');
      assert.match(JSON.stringify(line), message);
      assert.equal(await relay.ended, 1);
    });
  }

  it('lets go of all that it has and ends with 1 where something fails once it has started', async () => {
    const dataDir = temporaryFolder();
    const failing = `const { once } = process; process.once = function (name, ...rest) {
      if (name === 'SIGTERM') throw new Error('no signals here');
      return once.call(this, name, ...rest);
    }`;
    process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(failing)}`;
    const relay = spawnRelay(['--data-dir', dataDir]);
    delete process.env['NODE_OPTIONS'];
    const line = await relay.firstLine;
    assert.equal(line.type, 'failed');
    assert.match(JSON.stringify(line), /no signals here/);
    const lock = await until(() => takeLock(dataDir), 10_000, 'the lock is free');
    lock.release();
    assert.equal(await relay.ended, 1);
    assert.equal(existsSync(join(dataDir, 'relay.sqlite-wal')), false, 'the history is closed properly');
  });

  it('goes on when nobody reads what it writes any more', async () => {
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const { stdout, stderr } = relay.child;
    assert.ok(stdout !== null && stderr !== null);
    const closed = [once(stdout, 'close'), once(stderr, 'close')];
    stdout.destroy();
    stderr.destroy();
    await Promise.all(closed);
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    const logged = new Promise<void>((resolve) => client.on('log', () => resolve()));
    // Each is logged: it writes where nobody reads.
    for (let i = 0; i < 20; i++) {
      await client.request('tunnel/open', { tunnel: { kind: 'fixed', url: `http://127.0.0.1:1/${i}` } });
      await client.request('tunnel/open', { tunnel: { kind: 'none' } });
    }
    await logged;
    assert.equal((await send(relay.url, { body: sampleBody() })).status, 200);
    assert.equal((await client.request('relay/status', {})).pid, relay.pid);
  });

  it('is refused a second time in the same data directory, with the code that says one runs', async () => {
    const dataDir = temporaryFolder();
    await readyRelay(['--data-dir', dataDir]);
    const second = spawnRelay(['--data-dir', dataDir]);
    const line = await second.firstLine;
    assert.equal(line.type, 'running');
    assert.equal(await second.ended, 3);
  });
});
