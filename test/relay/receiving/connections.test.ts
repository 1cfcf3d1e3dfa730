import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { defaultSettings } from '../../../src/protocol/settings.ts';
import { Connections } from '../../../src/relay/receiving/connections.ts';
import { askedAnswerSchema } from '../../../src/protocol/answering.ts';
import { AnswerOnPurpose } from '../../../src/relay/receiving/answer-on-purpose.ts';
import { defaultLimits, Ingress, type IngressLimits, type IngressLoad } from '../../../src/relay/receiving/ingress.ts';
import { Reception } from '../../../src/relay/receiving/reception.ts';
import { Renderer } from '../../../src/relay/sending/render.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { readAmount } from '../../long.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { RawConnection, send } from '../requests.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

const secret = 'a'.repeat(32);
const rightPath = `/hooks/${secret}/campaign-monitor`;
const nothing: IngressLoad = { known: 0, strangers: 0, pending: 0, bodyBytes: 0 };

interface TestEndpoint {
  readonly ingress: Ingress;
  readonly onPurpose: AnswerOnPurpose;
  readonly port: number;
  readonly log: string[];
  readonly deliver: () => Promise<number>;
}

/** The webhook endpoint with all that it needs, so that what it holds can be looked at. */
async function startEndpoint(limits: Partial<IngressLimits> = {}): Promise<TestEndpoint> {
  const settings = defaultSettings();
  const log: string[] = [];
  const store = new Store(join(temporaryFolder(), 'relay.sqlite'));
  const reception = new Reception(store, new Renderer(store.stored), settings);
  const onPurpose = new AnswerOnPurpose({ onChange: () => undefined, log: () => undefined });
  const ingress = new Ingress({
    secret,
    receive: (incoming) => reception.receive(incoming),
    onPurpose,
    onAnswered: () => undefined,
    limits: { ...defaultLimits, ...limits },
    log: (level, message) => void log.push(`${level} ${message}`),
  });
  const port = await ingress.listen(0);
  afterward(async () => {
    await ingress.close();
    store.close();
  });
  const deliver = async (): Promise<number> =>
    (await send(`http://127.0.0.1:${port}${rightPath}`, { body: sampleBody() })).status;
  return { ingress, onPurpose, port, log, deliver };
}

function post(path: string, body = sampleBody(), headers = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/**
 * Writes something again and again, to 64 MB: much more than the system keeps of what nobody reads.
 * @returns whether the connection was ended before
 */
async function pour(connection: RawConnection, again: string): Promise<boolean> {
  const { socket } = connection;
  const bytes = Buffer.from(again.repeat(Math.ceil(262_144 / again.length)));
  const closed = connection.closed();
  for (let poured = 0; poured < 64_000_000 && !socket.closed; poured += bytes.length) {
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  }
  return socket.closed;
}

describe('a connection that has not shown the secret', () => {
  it('is closed in seconds when it says nothing, without a word, and half-way with a 408', async () => {
    assert.ok(defaultLimits.quietMs <= 3000);
    // By nothing else that looks at connections.
    const { port } = await startEndpoint({ quietMs: 100, checkEveryMs: 20, headersTimeoutMs: 600_000 });
    const [silent, stopped] = await Promise.all([RawConnection.open(port), RawConnection.open(port)]);
    stopped.write('POST /hooks/x HTTP/1.1\r\nHost:');
    await Promise.all([silent.closed(), stopped.closed()]);
    assert.equal(silent.bytes, '');
    assert.equal((await stopped.answers(1))[0]?.status, 408);
  });

  it('that goes on sending has the time for headers that the contract gives', async () => {
    const { port } = await startEndpoint({ quietMs: 100, checkEveryMs: 20 });
    const [silent, connection] = await Promise.all([RawConnection.open(port), RawConnection.open(port)]);
    const request = post(rightPath);
    const end = request.indexOf('\r\n') + 2;
    connection.write(`${request.slice(0, end)}X-Long: `);
    await until(() => {
      connection.write('x');
      return silent.socket.closed;
    });
    connection.write(`\r\n${request.slice(end)}`);
    assert.equal((await connection.answers(1))[0]?.status, 200);
  });

  it('is looked at anew whenever something came', async () => {
    const server = createServer();
    const connections = new Connections(server, { maxConnections: 10, quietMs: 30, checkEveryMs: 10 });
    const opened = once(server, 'connection');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterward(() => server.close());
    const connection = await RawConnection.open((server.address() as AddressInfo).port);
    const [socket] = (await opened) as [Socket];
    for (const [index, letter] of ['P', 'O', 'S', 'T'].entries()) {
      connection.write(letter);
      await until(() => socket.bytesRead === index + 1);
      // News, and nothing twice: a third time would be too often.
      for (let look = 0; look < 3; look++) connections.look();
      assert.equal(connections.counts.strangers, 1, `after ${letter}`);
    }
    connections.look();
    assert.equal(connections.counts.strangers, 0);
    await connection.closed();
  });

  it('is ended with the answer, at once, whatever of its body is still to come', async () => {
    const { ingress, port } = await startEndpoint({ checkEveryMs: 60_000 });
    for (const rest of ['Content-Length: 5000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n5\r\nabc', '\r\n']) {
      for (const method of ['POST', 'GET', 'OPTIONS']) {
        const connection = await RawConnection.open(port);
        connection.write(`${method} /hooks/x HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n${rest}`);
        assert.equal(await connection.closed(), null);
        const [answer, more] = await connection.answers(2);
        assert.equal(answer?.status, 404);
        assert.match(answer.head, /\r\nConnection: close$/);
        assert.doesNotMatch(answer.head, /access-control|allow/i);
        assert.equal(more, undefined);
      }
    }
    assert.equal(ingress.strangers, 9);
  });

  it('does not hold up the end of the endpoint when it stays, in a CONNECT either', async () => {
    const { ingress, port } = await startEndpoint({ checkEveryMs: 20 });
    for (const line of ['CONNECT x:1', 'POST /', `GET /hooks/${secret}/health`]) {
      const connection = await RawConnection.open(port);
      connection.socket.pause();
      connection.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    await until(() => ingress.strangers === 2);
    await ingress.close();
    assert.equal(ingress.load.strangers, 0);
  });

  it('is cut although it does not end its half, and never reads', async () => {
    const { ingress, port } = await startEndpoint({ checkEveryMs: 20 });
    const connection = await RawConnection.open(port);
    connection.socket.pause();
    connection.socket.allowHalfOpen = true;
    connection.write('POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n');
    await until(() => ingress.strangers === 1 && ingress.load.strangers === 0);
    assert.deepEqual(ingress.load, nothing);
  });

  it('gets its bytes of another protocol answered 400 and ended', async () => {
    const { ingress, port } = await startEndpoint({ checkEveryMs: 60_000 });
    const connection = await RawConnection.open(port);
    connection.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
    await connection.closed();
    assert.equal(connection.bytes, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    await until(() => ingress.load.strangers === 0);
  });

  it('gives way, the oldest first, to a new one where there are as many as may be', async () => {
    const { ingress, port, deliver } = await startEndpoint({ maxConnections: 10, checkEveryMs: 60_000 });
    const known = await RawConnection.open(port);
    known.write(post(rightPath));
    assert.equal((await known.answers(1))[0]?.status, 200);
    const strangers: RawConnection[] = [];
    for (let i = 0; i < 9; i++) strangers.push(await RawConnection.open(port));
    await until(() => ingress.load.strangers === 9);
    // None gives way in its first half a second.
    await until(async () => {
      assert.equal(await deliver(), 200);
      await until(() => ingress.load.known === 1);
      return strangers[0]?.socket.closed;
    });
    assert.deepEqual(
      strangers.map(({ socket }) => socket.closed),
      [true, ...Array.from({ length: 8 }, () => false)],
    );
    // However many come: the one that has shown the secret stays.
    const flood = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(port)));
    await until(() => ingress.load.known + ingress.load.strangers <= 20);
    known.write(post(rightPath));
    assert.equal((await known.answers(2))[1]?.status, 200);
    assert.equal(await deliver(), 200);
    for (const { socket } of flood) socket.destroy();
  });
});

describe('connections that have shown the secret', () => {
  it('leave a tenth to those that come: idle ones give way, and those at work get a 503', async () => {
    const { ingress, port, deliver } = await startEndpoint({ maxConnections: 10, checkEveryMs: 60_000 });
    const idle: RawConnection[] = [];
    for (let i = 0; i < 9; i++) {
      const connection = await RawConnection.open(port);
      connection.write(post(rightPath));
      await connection.answers(1);
      idle.push(connection);
    }
    assert.equal(ingress.load.known, 9);
    assert.equal(await deliver(), 200);
    await Promise.all(idle.map((connection) => connection.closed()));
    const atWork = await Promise.all(Array.from({ length: 9 }, () => RawConnection.open(port)));
    for (const connection of atWork) connection.write(post(rightPath).slice(0, -1));
    await until(() => ingress.load.pending === 9);
    const refused = await RawConnection.open(port);
    refused.write(post(rightPath));
    const [answer] = await refused.answers(1);
    assert.equal(answer?.status, 503);
    assert.match(answer.head, /\r\nRetry-After: 2\r\n/);
    await refused.closed();
    for (const connection of atWork) connection.write('}');
    for (const connection of atWork) assert.equal((await connection.answers(1))[0]?.status, 200);
  });
});

describe('a tunnel without a free connection', () => {
  it('gets those back that wait for a request or for its headers, and no others', async () => {
    const { ingress, port } = await startEndpoint({ checkEveryMs: 100, quietMs: 60_000 });
    const open = (text: string): Promise<RawConnection> =>
      RawConnection.open(port).then((connection) => {
        connection.write(text);
        return connection;
      });
    const busy = await open(`POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const [idle, half] = [await open(post(rightPath)), await open('POST /hooks/x HTTP/1.1\r\nX: ')];
    await idle.answers(1);
    await until(() => ingress.load.pending === 1);
    const drip = setInterval(() => half.socket.writable && half.write('a'), 10);
    afterward(() => clearInterval(drip));
    await until(() => {
      ingress.relieve();
      return [idle, half].every(({ socket }) => socket.closed);
    });
    assert.equal((await half.answers(1))[0]?.status, 408);
    busy.write('0\r\n\r\n');
    assert.equal((await busy.answers(1))[0]?.status, 200);
  });
});

describe('answers that are held back on purpose', () => {
  it('go out where a tunnel has no connection left, and where their sender leaves, its place is free', async () => {
    const { ingress, onPurpose, port, deliver } = await startEndpoint();
    onPurpose.begin(askedAnswerSchema.parse({ status: 503, delayMs: 60_000 }));
    const leaving = await RawConnection.open(port);
    leaving.write(post(rightPath));
    const staying = deliver();
    await until(() => onPurpose.delayed === 2);
    assert.equal(ingress.load.pending, 0, 'they are on disk: none is in the way of others');
    // One that only ends its half still waits for its answer.
    leaving.socket.resetAndDestroy();
    await until(() => onPurpose.delayed === 1);
    ingress.relieve();
    assert.equal(await staying, 503);
    assert.equal(onPurpose.delayed, 0);
    onPurpose.end();
    assert.equal(await deliver(), 200);
  });
});

describe('bodies beyond their total', () => {
  it('are answered 503 with Retry-After at once, half-way too, and small ones are not', async () => {
    const { ingress, port, deliver } = await startEndpoint({ maxBodiesBytes: 1_048_576, checkEveryMs: 60_000 });
    const holding = await RawConnection.open(port);
    holding.write(`POST ${rightPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(700_000)}`);
    await until(() => ingress.load.bodyBytes >= 700_000);
    const refused = await RawConnection.open(port);
    refused.write(`POST ${rightPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(500_000)}`);
    await refused.closed();
    const [answer] = await refused.answers(1);
    assert.equal(answer?.status, 503);
    assert.match(answer.head, /\r\nRetry-After: 2\r\n/);
    // What is announced costs nothing.
    const announcing = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(port)));
    for (const { socket } of announcing)
      socket.write(`POST ${rightPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n`);
    await until(() => ingress.load.pending === 51);
    assert.equal(await deliver(), 200);
    // Compressed: what it unfolds to counts.
    const bomb = gzipSync(Buffer.alloc(500_000, ' '));
    const url = `http://127.0.0.1:${port}${rightPath}`;
    assert.equal((await send(url, { body: bomb, headers: { 'Content-Encoding': 'gzip' } })).status, 503);
    for (const { socket } of [holding, ...announcing]) socket.destroy();
    await until(() => ingress.load.bodyBytes === 0 && ingress.load.pending === 0);
    assert.equal((await send(url, { body: bomb, headers: { 'Content-Encoding': 'gzip' } })).status, 200);
  });
});

describe('connections of any kind', () => {
  const pieces: Readonly<Record<string, string>> = {
    good: post(rightPath),
    test: post(rightPath, ''),
    bad: post(rightPath, 'bad'),
    'not gzip': post(rightPath, 'x', 'Content-Encoding: gzip\r\n'),
    long: post(rightPath, 'a'.repeat(150_000)),
    'long, in chunks': `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`4000\r\n${'a'.repeat(0x4000)}\r\n`.repeat(8)}0\r\n\r\n`,
    announced: `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{`,
    'half a body': post(rightPath).slice(0, -20),
    'half of the headers': post(rightPath).slice(0, 60),
    'a bad chunk': `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\nzz`,
    crumbs: `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(6000)}`,
    'headers without end': `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}`,
    continue: `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
    health: `GET /hooks/${secret}/health HTTP/1.1\r\nHost: x\r\n\r\n`,
    put: `PUT ${rightPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\nabc`,
    stranger: post('/hooks/else'),
    'stranger, half': post('/hooks/else').slice(0, -20),
    connect: 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
    upgrade: 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'blank lines': '\r\n'.repeat(200_000),
    'zeros of a chunk size': `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'0'.repeat(400_000)}`,
    'extensions of chunks': `POST ${rightPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`1;${'x'.repeat(16_000)}\r\na\r\n`.repeat(20)}`,
    hello: '\x16\x03\x01\x02\x00\x01',
    nothing: '',
  };
  const script = fc.record({
    pieces: fc.array(fc.constantFrom(...Object.keys(pieces)), { minLength: 1, maxLength: 4 }),
    /** The bytes are written in two parts, cut here. */
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    then: fc.constantFrom('stay', 'end', 'destroy', 'reset', 'pause'),
  });
  const runs = readAmount('MALFORMED_REQUESTS', 800, 100_000) / 80;

  it(`leave nothing behind, and a delivery is answered while they stand (${runs} times 40)`, async function () {
    this.timeout(60_000 + runs * 5000);
    const { ingress, port, log, deliver } = await startEndpoint({
      maxBodyBytes: 100_000,
      maxBodiesBytes: 1_048_576,
      maxConnections: 30,
      headersTimeoutMs: 300,
      bodyTimeoutMs: 300,
      quietMs: 100,
      checkEveryMs: 20,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 40 }), async (scripts) => {
        const connections = await Promise.all(
          scripts.map(async ({ pieces: names, cut, then }) => {
            const connection = await RawConnection.open(port);
            const bytes = Buffer.from(names.map((name) => pieces[name] ?? '').join(''), 'latin1');
            const at = Math.floor(cut * bytes.length);
            if (then === 'pause') connection.socket.pause();
            connection.write(bytes.subarray(0, at));
            await new Promise(setImmediate);
            connection.write(bytes.subarray(at));
            if (then === 'end') connection.socket.end();
            else if (then === 'destroy') connection.socket.destroy();
            else if (then === 'reset') connection.socket.resetAndDestroy();
            return connection;
          }),
        );
        assert.equal(await deliver(), 200);
        // Those that have shown the secret may stay for their next request; all others go by themselves.
        await until(() => ingress.load.strangers === 0 && ingress.load.pending === 0);
        assert.equal(ingress.load.bodyBytes, 0);
        for (const { socket } of connections) socket.destroy();
        await until(() => ingress.load.known === 0);
        assert.deepEqual(ingress.load, nothing);
      }),
      { numRuns: runs },
    );
    assert.deepEqual(log, [], 'nothing of it is logged');
  });
});

describe('a flood of what means nothing', () => {
  const head = (line: string): string => `${line} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const extension = `;${'x'.repeat(16_000)}\r\n`;
  const floods: Readonly<Record<string, { readonly before: string; readonly again: string }>> = {
    'blank lines of one who says nothing else': { before: '', again: '\r\n' },
    'blank lines behind a 404': { before: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', again: '\r\n' },
    'blank lines behind a delivery': { before: post(rightPath), again: '\r\n' },
    'blank lines behind many deliveries': { before: post(rightPath).repeat(20), again: '\n' },
    'zeros of a chunk size': { before: head(`POST ${rightPath}`), again: '0' },
    'zeros of a chunk size, of a body that is read past': { before: head(`PUT ${rightPath}`), again: '0' },
    'extensions of chunks': { before: head(`POST ${rightPath}`), again: `40${extension}${'a'.repeat(64)}\r\n` },
    'extensions of chunks of a body that is read past': {
      before: head(`PUT ${rightPath}`),
      again: `40${extension}${'a'.repeat(64)}\r\n`,
    },
    trailers: { before: `${head(`POST ${rightPath}`)}1\r\na\r\n0\r\n`, again: 'X: y\r\n' },
  };
  for (const [what, { before, again }] of Object.entries(floods)) {
    it(`ends its connection after so many bytes: ${what}`, async () => {
      // Nothing that looks at connections now and then ends it.
      const { ingress, port, log, deliver } = await startEndpoint({ checkEveryMs: 60_000 });
      const connection = await RawConnection.open(port);
      connection.write(before);
      assert.ok(await pour(connection, again), 'the connection still stands');
      await until(() => ingress.load.strangers === 0 && ingress.load.known === 0);
      assert.deepEqual(ingress.load, nothing);
      assert.equal(await deliver(), 200);
      assert.deepEqual(log, []);
    });
  }

  it('is none of a genuine sender: large bodies, in whatever chunks, and a thousand on one connection', async () => {
    const { port } = await startEndpoint();
    const connection = await RawConnection.open(port);
    const body = `{"Events":[],"x":"${'a'.repeat(5_000_000)}"}`;
    connection.write(post(rightPath, body));
    assert.equal((await connection.answers(1))[0]?.status, 200);
    const chunks = body.match(/[^]{1,100}/g) ?? [];
    connection.write(head(`POST ${rightPath}`));
    connection.write(`${chunks.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n`);
    assert.equal((await connection.answers(2))[1]?.status, 200);
    for (let i = 3; i <= 1000; i++) {
      connection.write(post(rightPath, '{"Events":[]}', `X-Long: ${'x'.repeat(10_000)}\r\n`));
      if (i % 20 === 0) await connection.answers(i);
    }
    const answers = await connection.answers(1000);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  });
});

describe('a web page in a browser on this machine', () => {
  it('learns and does nothing without the secret, and reads nothing with it', async () => {
    const relay = await startTestRelay();
    const origin = { Origin: 'https://evil.example', Host: 'rebound.example', 'Content-Type': 'text/plain' };
    const base = `http://127.0.0.1:${relay.port}`;
    const answers = await Promise.all([
      send(`${base}/`, { method: 'GET', headers: origin }),
      send(`${base}/hooks/${'0'.repeat(32)}/campaign-monitor`, { body: sampleBody(), headers: origin }),
      send(`${base}/hooks/${'0'.repeat(32)}/campaign-monitor`, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Private-Network': 'true',
        },
      }),
    ]);
    for (const { status, text } of answers) assert.deepEqual([status, text], [404, '']);
    const shown = (headers: readonly (readonly [string, string])[]): string =>
      headers.filter(([name]) => name !== 'Date').join('|');
    assert.equal(new Set(answers.map(({ headers }) => shown(headers))).size, 1);
    assert.equal((await relay.client.request('relay/status', {})).counts.deliveries, 0);
    const known = await send(relay.campaignMonitorUrl, { method: 'OPTIONS', headers: origin });
    assert.equal(known.status, 405);
    for (const { headers } of [...answers, known])
      assert.ok(!headers.some(([name]) => /^access-control|^timing-allow/i.test(name)));
  });
});
