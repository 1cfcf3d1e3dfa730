import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createMessageConnection, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import { nameOfSecret } from '../../../src/common/secret-name.ts';
import { controlChannelOf, prepareFolder } from '../../../src/protocol/control-channel.ts';
import { methods, type Method } from '../../../src/protocol/methods.ts';
import { connectToRelay, type RelayClient } from '../../../src/protocol/relay-client.ts';
import { Announcer } from '../../../src/relay/clients/announcer.ts';
import { Control, type Handlers } from '../../../src/relay/clients/control.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { startReceiver } from '../receiver.ts';
import { send } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

/** A client of its own, over the socket. */
async function attach(dataDir: string): Promise<RelayClient> {
  const client = await connectToRelay(dataDir);
  afterward(() => client.close());
  return client;
}

/** A connection that knows nothing of the protocol. */
async function bareConnection(dataDir: string): Promise<{ socket: Socket; connection: MessageConnection }> {
  const socket = connect(controlChannelOf(dataDir).path);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  const connection = createMessageConnection(socket, socket);
  connection.listen();
  afterward(() => {
    connection.dispose();
    socket.destroy();
  });
  return { socket, connection };
}

describe('The control channel', () => {
  it('is for its owner alone: folder, socket and data directory', async () => {
    const before = process.umask(0);
    try {
      const relay = await startTestRelay();
      const { path, folder } = controlChannelOf(relay.dataDir);
      assert.ok(folder !== null);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(dirname(path), folder);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.ok(statSync(path).isSocket());
      assert.equal(statSync(relay.dataDir).mode & 0o777, 0o700);
      assert.equal(statSync(join(relay.dataDir, 'relay.json')).mode & 0o777, 0o600);
    } finally {
      process.umask(before);
    }
  });

  it('opens where a relay that died has left its socket', async () => {
    const dataDir = temporaryFolder();
    const endpoint = controlChannelOf(dataDir);
    prepareFolder(endpoint);
    // A process that is killed leaves its socket.
    afterward(() => rmSync(endpoint.path, { force: true }));
    const killed = spawn('node', [
      '-e',
      `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`,
      endpoint.path,
    ]);
    await once(killed, 'exit');
    assert.ok(statSync(endpoint.path).isSocket());
    const relay = await startTestRelay({ dataDir });
    const client = await attach(relay.dataDir);
    assert.equal((await client.request('relay/status', {})).pid, process.pid);
  });

  it('stops the relay, after it has said so', async () => {
    const relay = await startTestRelay();
    const client = await attach(relay.dataDir);
    assert.deepEqual(await client.request('relay/stop', {}), { stopping: true });
    await Promise.all([client.closed, relay.relay.closed]);
    assert.equal(client.endsInOrder(), true);
    assert.equal(existsSync(controlChannelOf(relay.dataDir).path), false);
    await assert.rejects(send(relay.campaignMonitorUrl, { body: sampleBody() }), /ECONNREFUSED/);
    await startTestRelay({ dataDir: relay.dataDir });
  });
});

describe('A request at the control channel', () => {
  const wrong: readonly [Method, unknown, RegExp][] = [
    ['relay/status', { what: 1 }, /relay\/status: .*Unrecognized key: "what"/s],
    ['events/query', { limit: 0 }, /events\/query: .*Too small.*limit/s],
    ['events/query', { limit: 'many' }, /expected (?:int|number).*limit/s],
    ['events/query', { before: 'd7' }, /expected an event ID.*before/s],
    ['events/query', { filter: 'x'.repeat(1001) }, /Too big.*filter/s],
    ['events/get', {}, /expected string.*id/s],
    ['events/get', { id: 'x1' }, /expected an ID such as d7.*id/s],
    ['events/get', { id: 'e0' }, /expected an ID/],
    ['deliveries/inject', { body: { text: 7 } }, /body/],
    ['deliveries/inject', { body: { base64: '***' } }, /body/],
    ['deliveries/areFetched', { deliveries: [{}] }, /notificationId/],
    ['deliveries/fetched', { notificationId: '1', subscriptionId: '7', notification: {} }, /notification/],
    ['notifications/replay', { ids: [] }, /ids/],
    ['notifications/replay', { ids: ['e1'], to: { url: 'ftp://x/' } }, /http:\/\/ or https/],
    ['notifications/discard', { waiting: false }, /waiting/],
    ['tunnel/open', { tunnel: { kind: 'wormhole' } }, /tunnel/],
    ['relay/configure', { settings: { concurrency: 1000 } }, /concurrency/],
    ['relay/newSecret', {}, /replaces/],
    ['relay/newSecret', { replaces: 'any' }, /a secret's name/],
    ['relay/configure', 'no object', /expected object/],
    ['relay/configure', [1, 2], /expected object/],
  ];
  it("with bad params gets the JSON-RPC error with zod's message", async () => {
    const relay = await startTestRelay();
    const { connection } = await bareConnection(relay.dataDir);
    for (const [method, params, message] of wrong) {
      await assert.rejects(connection.sendRequest(method, params), (error: unknown) => {
        assert.ok(error instanceof ResponseError);
        assert.equal(error.code, -32602, method);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal((await relay.client.request('relay/status', {})).counts.deliveries, 0);
  });

  it('that is no JSON-RPC at all ends its connection and nothing else', async () => {
    const relay = await startTestRelay();
    for (const rubbish of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'Content-Length: 5\r\n\r\n{{{{{',
      'Content-Length: x\r\n\r\n',
      '\0'.repeat(5000),
    ]) {
      const socket = connect(controlChannelOf(relay.dataDir).path);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.end(rubbish);
      socket.resume();
      await once(socket, 'close');
    }
    const client = await attach(relay.dataDir);
    assert.equal((await client.request('relay/status', {})).dataDir, relay.dataDir);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
  });

  it('that never ends is cut off, and nobody else is', async () => {
    const relay = await startTestRelay();
    const { socket } = await bareConnection(relay.dataDir);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('Content-Length: 2000000000\r\n\r\n');
    const piece = Buffer.alloc(4_194_304, ' ');
    let sent = 0;
    const more = (): void => {
      while (socket.writable && sent < 500_000_000) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', more);
    more();
    await closed;
    assert.ok(sent < 300_000_000, `${sent} bytes were taken`);
    const client = await attach(relay.dataDir);
    assert.equal((await client.request('relay/status', {})).clients, 1);
  });

  it('has an answer by its schema for every method', async () => {
    const callback = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: callback.url }] } });
    await relay.deliver(sampleBody({ events: 2 }));
    await relay.drained();
    const client = await attach(relay.dataDir);
    const asked = new Set<Method>();
    // connectToRelay checks each answer against its schema.
    const ask: typeof client.request = (method, params) => {
      asked.add(method);
      return client.request(method, params);
    };
    await ask('relay/status', {});
    await ask('relay/configure', { settings: { partSize: 3 } });
    await ask('relay/newSecret', { replaces: nameOfSecret(relay.secret) });
    await ask('tunnel/open', {});
    assert.deepEqual(await ask('debug/patience', { destinationIds: ['t1'] }), { destinationIds: ['t1'] });
    await ask('tunnel/close', {});
    assert.deepEqual(await ask('relay/retry', {}), { tried: [], tunnel: null });
    assert.equal((await ask('relay/answer', { answer: { status: 503 } })).answering.state, 'on-purpose');
    assert.deepEqual(await ask('relay/answer', { answer: null }), { answering: { state: 'as-usual' } });
    assert.equal((await ask('events/query', {})).events.length, 2);
    assert.equal((await ask('events/page', {})).total, 2);
    assert.equal((await ask('events/counts', { groupBy: 'state' })).groups.length, 1);
    assert.equal((await ask('events/get', { id: 'n1' })).attempts.length, 1);
    assert.equal((await ask('deliveries/get', { id: 'e2' })).delivery.id, 'd1');
    const injected = await ask('deliveries/inject', { body: { base64: Buffer.from(sampleBody()).toString('base64') } });
    assert.equal(injected.delivery.injected, true);
    assert.notEqual(
      injected.notifications[0]!.eventId,
      (await ask('events/get', { id: 'e1' })).notifications[0]!.eventId,
    );
    const queued = { notificationId: '1', subscriptionId: '7', notification: '{"message":{"eventId":"one"}}' };
    assert.equal((await ask('deliveries/fetched', queued)).result, 'taken');
    assert.equal((await ask('deliveries/areFetched', { deliveries: [] })).all, true);
    assert.deepEqual((await ask('notifications/replay', { ids: ['d1'] })).notificationIds, ['n1']);
    assert.equal((await ask('notifications/render', { id: 'e1' })).notificationId, 'n1');
    await ask('notifications/discard', { waiting: true });
    await relay.drained();
    const { breakpoints } = await ask('debug/breakpoints', { add: [{ at: 'rejected' }] });
    assert.equal(breakpoints[0]?.id, 'b1');
    assert.equal((await ask('debug/pause', { by: { kind: 'other', id: 'test' } })).sending.state, 'paused');
    for (const seed of [2, 3, 4, 5]) await ask('deliveries/inject', { body: { text: sampleBody({ seed }) } });
    assert.equal((await ask('debug/held', {})).held.length, 4);
    assert.equal((await ask('debug/sending', {})).sending.held.pause, 4);
    assert.equal((await ask('debug/step', {})).released.length, 1);
    assert.equal((await ask('debug/drop', {})).dropped.length, 1);
    const [next] = (await ask('debug/held', {})).held;
    const edited = await ask('debug/edit', { id: next!.notificationId, body: { text: sampleBody({ seed: 6 }) } });
    assert.equal(edited.delivery.editOf, next!.deliveryId);
    assert.equal((await ask('debug/continue', {})).released, 1);
    await relay.drained();
    assert.deepEqual(await ask('events/clear', {}), { cleared: 8, kept: 0 });
    assert.deepEqual(await ask('relay/stop', {}), { stopping: true });
    assert.deepEqual([...asked].sort(), Object.keys(methods).sort());
    await relay.relay.closed;
  });
});

describe('A client that does not read', () => {
  it('never slows the relay, and is told afterward what it missed', async function () {
    this.timeout(180_000);
    const relay = await startTestRelay();
    const { socket, connection } = await bareConnection(relay.dataDir);
    let events = 0;
    let missed = 0;
    let messages = 0;
    let statusAfter: { counts: { events: number } } | undefined;
    connection.onNotification('event/added', (params: { deliveries: { events: unknown[] }[]; missed: number }) => {
      messages += 1;
      missed += params.missed;
      for (const each of params.deliveries) events += each.events.length;
    });
    connection.onNotification(
      'status/changed',
      (params: { status: { counts: { events: number } } }) => void (statusAfter = params.status),
    );
    await connection.sendRequest('relay/status', {});
    socket.pause();
    const quick = await attach(relay.dataDir);
    let quickEvents = 0;
    quick.on('event/added', (params) => {
      quickEvents += params.missed;
      for (const each of params.deliveries) quickEvents += each.events.length;
    });
    const deliveries = 400;
    const perDelivery = 50;
    const body = sampleBody({ events: perDelivery });
    for (let i = 0; i < deliveries; i++) assert.equal((await relay.deliver(body)).status, 200);
    const total = deliveries * perDelivery;
    await until(() => quickEvents === total, 30_000, 'another client has been told all');
    assert.equal((await quick.request('relay/status', {})).counts.events, total);
    // Nothing more comes: what it missed is told as soon as it reads on.
    socket.resume();
    await until(() => events + missed === total, 30_000, 'all events are told or counted as missed');
    assert.ok(missed > 0, 'it missed some');
    assert.ok(events > 0, 'it was told some');
    assert.ok(messages < deliveries, `${messages} messages were kept for it`);
    await until(() => statusAfter?.counts.events === total, 30_000, 'it is told how things stand');
    await relay.deliver(sampleBody());
    await until(() => events + missed === total + 1);
  });

  it('has its further requests wait until it has read the responses', async () => {
    const dataDir = temporaryFolder();
    const long = 'x'.repeat(50_000);
    let calls = 0;
    const handlers = {
      'relay/status': () => {
        calls += 1;
        return long;
      },
    } as unknown as Handlers;
    const control = new Control({
      dataDir,
      handlers,
      announcer: new Announcer(() => ({}) as Status),
      forClients: true,
      onClients: () => undefined,
      log: () => undefined,
    });
    await control.open();
    afterward(() => control.close());
    const { socket, connection } = await bareConnection(dataDir);
    const other = await bareConnection(dataDir);
    socket.pause();
    const requests = 1000;
    const responses = Array.from({ length: requests }, () => connection.sendRequest('relay/status', {}));
    await until(() => calls > 64);
    for (let i = 0; i < requests; i++) await other.connection.sendRequest('relay/status', {});
    assert.ok(calls < 2 * requests, `${calls} requests were taken`);
    socket.resume();
    await Promise.all(responses);
    assert.equal(calls, 2 * requests);
  });
});

describe('A relay with 256 clients', () => {
  it('refuses another until one has gone', async () => {
    const relay = await startTestRelay();
    const client = await attach(relay.dataDir);
    const { path } = controlChannelOf(relay.dataDir);
    const sockets: Socket[] = [];
    for (let i = 1; i < 256; i++) {
      const socket = connect(path);
      afterward(() => socket.destroy());
      await once(socket, 'connect');
      sockets.push(socket);
    }
    const refused = connect(path);
    refused.on('error', () => undefined);
    await once(refused.resume(), 'close');
    sockets[0]!.destroy();
    await until(async () => (await client.request('relay/status', {})).clients === 255);
    const other = await attach(relay.dataDir);
    assert.equal((await other.request('relay/status', {})).clients, 256);
  });
});

describe('A relay that ends by itself', () => {
  const keepAliveMinutes = 0.005;

  it('does so after its last client has gone, and not while one is there', async () => {
    const kept = await startTestRelay({ keepAlive: true, settings: { keepAliveMinutes } });
    let ended = false;
    void kept.relay.closed.then(() => (ended = true));
    const first = await attach(kept.dataDir);
    // One that nobody uses shows that the time has passed.
    const unused = async (): Promise<void> => {
      const other = await startTestRelay({ keepAlive: true, settings: { keepAliveMinutes } });
      await other.relay.closed;
    };
    await unused();
    assert.equal(ended, false, 'the first client keeps it');
    const second = await attach(kept.dataDir);
    first.close();
    await unused();
    assert.equal(ended, false, 'the second client keeps it');
    second.close();
    await kept.relay.closed;
    assert.ok(kept.log.some((entry) => /no client for 0\.005 minutes/.test(entry.message)));
    assert.equal(existsSync(controlChannelOf(kept.dataDir).path), false);
  });
});

describe('Keys and credentials', () => {
  const planted = {
    signatureKey: 'PLANTED-signature-key-9f31',
    verifyKey: 'PLANTED-verify-key-77ab',
    credential: 'PLANTED-credential-0c5d',
    oddlyNamed: 'PLANTED-oddly-named-e2e2',
    received: 'PLANTED-received-authorization-41aa',
    receivedCookie: 'PLANTED-received-cookie-b0b0',
    answered: 'PLANTED-answered-cookie-d00d',
    startKey: 'PLANTED-start-key-1234',
  };

  /** Everything that leaves the relay by the control channel or its log, as bytes. */
  function listenIn(relay: TestRelay, socket: Socket): () => Buffer {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat([...chunks, Buffer.from(JSON.stringify(relay.log))]);
  }

  /** Every byte of every file below a folder. */
  function bytesBelow(folder: string): [string, Buffer][] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path, readFileSync(path)];
      });
  }

  function assertNowhere(haystacks: readonly [string, Buffer][]): void {
    for (const [where, bytes] of haystacks) {
      for (const [what, secret] of Object.entries(planted)) {
        for (const form of [
          secret,
          Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2),
          Buffer.from(secret).toString('hex'),
        ])
          assert.equal(bytes.indexOf(form), -1, `${what} is in ${where}`);
      }
    }
  }

  it('are in no file, no log, no error and no answer, while they do their work', async () => {
    const callback = await startReceiver({
      answer: (_, number) => ({ status: number === 1 ? 500 : 200, headers: { 'Set-Cookie': planted.answered } }),
    });
    const relay = await startTestRelay({
      delayScale: 0.001,
      secrets: { signatureKeys: { start: planted.startKey } },
    });
    const { socket, connection } = await bareConnection(relay.dataDir);
    const heard = listenIn(relay, socket);
    const ask = async (method: Method, params: object): Promise<unknown> =>
      connection.sendRequest<unknown>(method, params).catch((error: unknown) => error);
    await ask('relay/configure', {
      settings: {
        destinations: [
          { url: callback.url, signatureKeyName: 'key', credentialsName: 'login' },
          { url: callback.url, mode: 'raw', credentialsName: 'login' },
          { url: callback.url, signatureKeyName: 'start' },
        ],
      },
      secrets: {
        signatureKeys: { key: planted.signatureKey },
        verifyKeys: { platform: planted.verifyKey },
        credentials: { login: { Authorization: `Bearer ${planted.credential}`, 'X-Odd': planted.oddlyNamed } },
      },
    });
    const answer = await relay.deliver(sampleBody({ events: 2 }), {
      Authorization: planted.received,
      Cookie: planted.receivedCookie,
    });
    assert.equal(answer.status, 200);
    const sent = await callback.received(4);
    await relay.drained();
    const used = sent.map((request) => JSON.stringify(request.headers)).join();
    for (const secret of [planted.credential, planted.oddlyNamed, planted.receivedCookie])
      assert.ok(used.includes(secret), 'the callback was sent it');
    assert.ok(sent.some((request) => request.header('elements-webhook-signature') !== undefined));
    await send(relay.openConnectorsUrl, {
      body: '{"message":{"events":[]}}',
      headers: { 'Elements-Webhook-Signature': 'sha256=x' },
    });
    // Every way of asking, and some that fail.
    await ask('relay/status', {});
    await ask('events/query', { filter: 'planted' });
    for (const id of ['d1', 'e1', 'n1', 'n2', 'd2', 'n9']) {
      await ask('events/get', { id });
      await ask('deliveries/get', { id });
      await ask('notifications/render', { id });
      await ask('notifications/render', { id, url: callback.url });
    }
    await ask('notifications/replay', { ids: ['d1'] });
    await relay.drained();
    await ask('relay/configure', {
      settings: { nonsense: 1 },
      secrets: { signatureKeys: { key: planted.signatureKey } },
    });
    await ask('relay/configure', { secrets: { signatureKeys: planted.signatureKey } });
    await ask('relay/configure', { secrets: { credentials: { login: { 'Not A Header': planted.credential } } } });
    await ask('relay/configure', { secrets: { credentials: { login: { Authorization: `${planted.credential}\n` } } } });
    await ask('relay/configure', {
      settings: { destinations: [{ url: callback.url, headers: { 'X-Token': planted.credential } }] },
    });
    await ask('relay/configure', {
      settings: { destinations: [{ url: `http://u:${planted.credential}@127.0.0.1/` }] },
    });
    assertNowhere(bytesBelow(relay.dataDir));
    const files = bytesBelow(relay.dataDir).map(([path]) => path);
    assert.ok(
      files.some((path) => path.endsWith('relay.sqlite-wal')),
      'the newest bytes are looked at',
    );
    await relay.stop();
    assertNowhere(bytesBelow(relay.dataDir));
    assertNowhere([['what the control channel and the log said', heard()]]);
    assert.ok(heard().includes('********'), 'credentials are shown masked');
    assert.ok(heard().length > 5000);
  });
});
