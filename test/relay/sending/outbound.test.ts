import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { destinationSchema, type Settings } from '../../../src/protocol/settings.ts';
import type { Headers } from '../../../src/protocol/history.ts';
import { connectionsFor, keptAnswerBytes, post } from '../../../src/relay/sending/outbound.ts';
import type { Connections, SendResult } from '../../../src/relay/sending/outbound.ts';
import { afterward } from '../afterward.ts';
import { hasBlackHoles, startBlackHole } from '../black-hole.ts';
import { startReceiver, type Answer } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/self-signed/${name}`, import.meta.url), 'utf8');
const tls = { cert: fixture('certificate.pem'), key: fixture('key.pem') };

interface Sending {
  readonly timeoutMs?: number;
  readonly proxy?: Settings['proxy'];
  readonly insecureTls?: boolean;
  readonly headers?: Headers;
  readonly connections?: Connections;
}

async function postTo(url: string, options: Sending = {}): Promise<SendResult> {
  const { timeoutMs = 5000, proxy, insecureTls } = options;
  const destination = destinationSchema.parse({ url, timeoutMs, ...(insecureTls !== undefined && { insecureTls }) });
  const connections = options.connections ?? connectionsFor(destination, proxy, 1);
  const headers: Headers = options.headers ?? [['Content-Type', 'application/json']];
  const result = await post(connections, new URL(url), { headers, body: Buffer.from('{}') }, timeoutMs);
  if (options.connections === undefined) await connections.destroy();
  return result;
}

const errorOf = (result: SendResult): string => (result.kind === 'answer' ? `answered ${result.status}` : result.error);

describe('the outcome of a request', () => {
  it('is the answer with its headers in full and its body', async () => {
    const receiver = await startReceiver({
      answer: { status: 201, headers: { 'X-One': '1', 'Set-Cookie': 'a=b' }, body: 'thanks' },
    });
    const result = await postTo(receiver.url);
    assert.ok(result.kind === 'answer');
    assert.equal(result.status, 201);
    assert.equal(result.body.toString(), 'thanks');
    assert.equal(result.truncated, false);
    const headers = new Map(result.headers);
    assert.equal(headers.get('x-one'), '1');
    assert.equal(headers.get('set-cookie'), 'a=b');
  });

  for (const length of [keptAnswerBytes - 1, keptAnswerBytes, keptAnswerBytes + 1, 10_000_000]) {
    it(`keeps the first 64 KiB of an answer of ${length} bytes and says whether there was more`, async () => {
      const body = Buffer.alloc(length, 'abcdefg');
      const receiver = await startReceiver({ answer: { body } });
      const result = await postTo(receiver.url);
      assert.ok(result.kind === 'answer', errorOf(result));
      assert.equal(result.status, 200);
      assert.deepEqual(result.body, body.subarray(0, keptAnswerBytes));
      assert.equal(result.truncated, length > keptAnswerBytes);
    });
  }

  const failures: { readonly answer: Answer; readonly error: RegExp }[] = [
    { answer: 'hang', error: /^no answer within 300 ms$/ },
    { answer: 'reset', error: /ECONNRESET|other side closed/ },
    { answer: 'rubbish', error: /^Response does not match the HTTP\/1\.1 protocol \(Expected HTTP\/[^()]*\)$/ },
    { answer: 'half', error: /ECONNRESET|other side closed|terminated/ },
  ];
  for (const { answer, error } of failures) {
    it(`is a broken connection, with its reason, where the callback does this: ${JSON.stringify(answer)}`, async () => {
      const receiver = await startReceiver({ answer });
      const result = await postTo(receiver.url, { timeoutMs: answer === 'hang' ? 300 : 5000 });
      assert.equal(result.kind, 'broken');
      assert.match(errorOf(result), error);
    });
  }

  it('is a timeout that says so where the answer’s body never ends', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200);
      response.write('begun');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterward(() => {
      server.closeAllConnections();
      server.close();
    });
    const result = await postTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { timeoutMs: 1000 });
    assert.deepEqual(result, { kind: 'broken', error: 'no complete answer within 1000 ms' });
  });

  it('reuses a connection', async () => {
    const receiver = await startReceiver();
    const connections = connectionsFor(destinationSchema.parse({ url: receiver.url }), undefined, 1);
    for (let i = 0; i < 5; i++) assert.equal((await postTo(receiver.url, { connections })).kind, 'answer');
    assert.equal(receiver.connections, 1);
    await connections.destroy();
  });

  it('is “unreachable” where nobody listens or the name is unknown, on loopback too', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const refused = await postTo(receiver.url);
    assert.equal(refused.kind, 'unreachable');
    assert.match(errorOf(refused), /ECONNREFUSED/);
    const byName = await postTo(`http://localhost:${receiver.port}/`);
    assert.equal(byName.kind, 'unreachable');
    assert.match(errorOf(byName), /ECONNREFUSED/);
    const unknown = await postTo('http://no-such-host.invalid/', { timeoutMs: 60_000 });
    assert.equal(unknown.kind, 'unreachable');
    assert.match(errorOf(unknown), /no-such-host\.invalid/);
  });

  it('is “unreachable” where no connection comes about in time', async function () {
    if (!hasBlackHoles) this.skip();
    const { url } = await startBlackHole();
    assert.deepEqual(await postTo(url, { timeoutMs: 300 }), { kind: 'unreachable', error: 'no connection in time' });
    const localhost = url.replace('127.0.0.1', 'localhost');
    assert.equal((await postTo(localhost, { timeoutMs: 300 })).kind, 'unreachable');
  });

  for (const [code, syscall, kind] of [
    ['ETIMEDOUT', 'connect', 'unreachable'],
    ['EACCES', 'connect', 'unreachable'],
    ['ENETUNREACH', 'connect', 'unreachable'],
    ['ETIMEDOUT', 'read', 'broken'],
    ['ECONNRESET', 'read', 'broken'],
  ] as const) {
    it(`is “${kind}” where the system says ${code} to ${syscall}`, async () => {
      // What the system says after minutes, or by a firewall's rules.
      const error = Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
      const connections: Connections = {
        send: (_url, _request, handler) => {
          handler.onResponseError?.(undefined as never, error);
          return null;
        },
        destroy: () => Promise.resolve(),
      };
      const result = await postTo('http://127.0.0.1:1/', { connections });
      assert.deepEqual(result, { kind, error: `${syscall} ${code}` });
    });
  }

  it('is a failure, not an exception, where a header cannot be sent', async () => {
    const receiver = await startReceiver();
    const result = await postTo(receiver.url, { headers: [['Transfer-Encoding', 'chunked']] });
    assert.equal(result.kind, 'broken');
    assert.match(errorOf(result), /transfer-encoding/);
  });
});

describe('an answer that floods', () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const floods: Readonly<Record<string, readonly [string, string, kind: SendResult['kind']]>> = {
    'blank lines': ['', '\r\n', 'broken'],
    'interim answers': ['', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'broken'],
    'zeros of a chunk size': [chunked, '0', 'broken'],
    'an extension of a chunk': [`${chunked}1;`, 'x', 'broken'],
    'extensions of chunks': [chunked, `1;${'x'.repeat(1000)}\r\na\r\n`, 'answer'],
    'chunks of one byte': [chunked, '1\r\na\r\n', 'answer'],
    trailers: [`${chunked}0\r\n`, 'X: y\r\n', 'broken'],
    'blank lines behind it': ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '\r\n', 'answer'],
  };

  /** Answers with a beginning, and with something again and again, to 256 MB; says how much until it was cut. */
  async function startFlood(
    before: string,
    again: string,
    server: Server,
  ): Promise<{ port: number; poured: Promise<number> }> {
    const bytes = Buffer.from(again.repeat(Math.ceil(262_144 / again.length)));
    const poured = new Promise<number>((resolve) => {
      server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
        let written = 0;
        const pour = (): void => {
          while (written < 256_000_000 && !socket.destroyed) {
            written += bytes.length;
            if (!socket.write(bytes)) return void socket.once('drain', pour);
          }
          resolve(written);
        };
        socket.on('error', () => undefined).once('close', () => resolve(written));
        socket.once('data', () => {
          socket.write(before);
          pour();
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterward(() => server.close());
    return { port: (server.address() as AddressInfo).port, poured };
  }

  for (const [what, [before, again, kind]] of Object.entries(floods)) {
    it(`is cut after so many bytes: ${what}`, async () => {
      const { port, poured } = await startFlood(before, again, createTcpServer());
      const url = `http://127.0.0.1:${port}/`;
      const connections = connectionsFor(destinationSchema.parse({ url }), undefined, 1);
      afterward(() => connections.destroy());
      const result = await postTo(url, { connections, timeoutMs: 60_000 });
      assert.equal(result.kind, kind, errorOf(result));
      assert.ok((await poured) < 64_000_000, `${await poured} bytes`);
    });
  }

  it('is cut through a proxy, by https, too', async () => {
    withEnvironment({});
    const { port } = await startFlood(chunked, '0', createTlsServer(tls));
    const proxy = { url: (await startProxy(port)).url, noProxy: '' };
    const result = await postTo('https://callback.test/hook', { proxy, insecureTls: true, timeoutMs: 60_000 });
    assert.equal(result.kind, 'broken');
    assert.match(errorOf(result), /^it sends more than \d+ bytes that are not an answer/);
  });
});

describe('the memory of a request’s body', () => {
  const sendTo = async (url: URL, body: Buffer, timeoutMs = 5000): Promise<{ kind: string; released: number }> => {
    const connections = connectionsFor(destinationSchema.parse({ url: url.href }), undefined, 1);
    let released = 0;
    const result = await post(connections, url, { headers: [], body, release: () => (released += 1) }, timeoutMs);
    await connections.destroy();
    return { kind: result.kind, released };
  };

  it('is free once the answer has come, and is not where none came', async () => {
    const receiver = await startReceiver();
    assert.deepEqual(await sendTo(new URL(receiver.url), Buffer.from('{}')), { kind: 'answer', released: 1 });
    for (const answer of ['hang', 'reset', 'rubbish'] as const) {
      receiver.answer(answer);
      const sent = await sendTo(new URL(receiver.url), Buffer.from('{}'), 200);
      assert.deepEqual(sent, { kind: 'broken', released: 0 }, answer);
    }
  });

  it('is not free while it is written, though the answer has come', async () => {
    // Answers what it has not read.
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterward(() => server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    assert.deepEqual(await sendTo(url, Buffer.alloc(64_000_000, 'x')), { kind: 'answer', released: 0 });
  });

  it('is used in turn for the parts of large batches, and each arrives as it was made, however slowly', async () => {
    let answered = 0;
    const receiver = await startReceiver({
      answer: () => ({ status: (answered += 1) % 7 === 0 ? 503 : 200, delayMs: answered % 5 }),
    });
    const relay = await startTestRelay({
      delayScale: 0.01,
      settings: { concurrency: 5, destinations: [{ url: receiver.url }] },
    });
    for (const seed of [1, 2, 3]) await relay.deliver(sampleBody({ events: 400, seed }));
    await relay.drained();
    const { events } = await relay.client.request('events/query', { limit: 1000 });
    const rendered = new Map<string, Buffer>();
    for (const id of new Set(events.map((each) => each.notificationId!))) {
      const { headers, body } = await relay.rendered(id);
      rendered.set(new Map(headers).get('Elements-Webhook-Id')!, body);
    }
    assert.ok(receiver.requests.length > 60 && rendered.size >= 40, `${receiver.requests.length} ${rendered.size}`);
    for (const request of receiver.requests) {
      const expected = rendered.get(request.header('elements-webhook-id')!);
      if (expected !== undefined) assert.ok(expected.equals(request.body));
    }
  });
});

describe('a certificate that nobody vouches for', () => {
  it('is refused, saying why and what to do', async () => {
    const receiver = await startReceiver({ tls });
    const result = await postTo(receiver.url);
    assert.equal(result.kind, 'broken');
    assert.match(
      errorOf(result),
      /^self-signed certificate: to accept this certificate, set "insecureTls" for the destination$/,
    );
    assert.equal(receiver.requests.length, 0);
  });

  it('is accepted where the destination says so', async () => {
    const receiver = await startReceiver({ tls });
    const result = await postTo(receiver.url, { insecureTls: true });
    assert.equal(result.kind, 'answer', errorOf(result));
  });
});

interface Proxy {
  readonly url: string;
  /** `CONNECT host:port`, or the method and absolute URL of a request that was passed on. */
  readonly seen: string[];
  readonly authorizations: (string | undefined)[];
}

/** A proxy as there are many: plain http is passed on, https tunneled. Every host is this machine at `port`. */
async function startProxy(port: number, refuse?: number): Promise<Proxy> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) {
      request.resume();
      response.writeHead(refuse).end();
      return;
    }
    const { pathname } = new URL(request.url ?? '');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = httpRequest({ host: '127.0.0.1', port, method: request.method, path: pathname, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterward(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, authorizations };
}

const proxyVariables = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

function withEnvironment(variables: Record<string, string>): void {
  const before = proxyVariables.map((name) => [name, process.env[name]] as const);
  for (const name of proxyVariables) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, variables);
  afterward(() => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });
}

describe('a proxy', () => {
  beforeEach(() => withEnvironment({}));

  it('of the settings passes on what goes to another machine by http', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const result = await postTo('http://callback.test/hook?a=1', { proxy: { url: proxy.url, noProxy: '' } });
    assert.equal(result.kind, 'answer', errorOf(result));
    assert.deepEqual(proxy.seen, ['POST http://callback.test/hook?a=1']);
    assert.equal(receiver.requests[0]?.header('host'), 'callback.test');
  });

  it('of the settings tunnels what goes there by https', async () => {
    const receiver = await startReceiver({ tls });
    const proxy = await startProxy(receiver.port);
    const settings = { url: proxy.url, noProxy: '' };
    const refused = await postTo('https://callback.test/hook', { proxy: settings });
    assert.match(errorOf(refused), /self-signed certificate/);
    const result = await postTo('https://callback.test/hook', { proxy: settings, insecureTls: true });
    assert.equal(result.kind, 'answer', errorOf(result));
    assert.deepEqual(proxy.seen, ['CONNECT callback.test:443', 'CONNECT callback.test:443']);
    assert.equal(receiver.requests[0]?.header('host'), 'callback.test');
  });

  it('is given the user name and password of its URL, and the destination is not', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const url = proxy.url.replace('//', '//user:pass%3A1@');
    await postTo('http://callback.test/hook', { proxy: { url, noProxy: '' } });
    assert.deepEqual(proxy.authorizations, [`Basic ${Buffer.from('user:pass:1').toString('base64')}`]);
    assert.equal(receiver.requests[0]?.header('proxy-authorization'), undefined);
  });

  it('of the environment is used where the settings name none', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    withEnvironment({ HTTP_PROXY: proxy.url });
    assert.equal((await postTo('http://callback.test/hook')).kind, 'answer');
    assert.equal(proxy.seen.length, 1);
    // The settings come before the environment: with an empty URL there is no proxy.
    assert.equal((await postTo('http://callback.invalid/', { proxy: { url: '', noProxy: '' } })).kind, 'unreachable');
    assert.equal(proxy.seen.length, 1);
  });

  it('is passed by for the hosts of NO_PROXY, or of the settings’ noProxy', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    withEnvironment({ HTTP_PROXY: proxy.url, NO_PROXY: 'callback.invalid' });
    assert.equal((await postTo('http://callback.invalid/')).kind, 'unreachable');
    const settings = { url: proxy.url, noProxy: '.invalid' };
    assert.equal((await postTo('http://a.callback.invalid/', { proxy: settings })).kind, 'unreachable');
    assert.deepEqual(proxy.seen, []);
  });

  it('is never used for loopback', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    withEnvironment({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
    for (const host of ['127.0.0.1', 'localhost', 'localhost.', 'app.localhost', '[::ffff:127.0.0.1]'])
      assert.equal((await postTo(`http://${host}:${receiver.port}/x`)).kind, 'answer', host);
    await postTo(receiver.url, { proxy: { url: proxy.url, noProxy: '' } });
    assert.equal(receiver.requests.length, 6);
    assert.deepEqual(proxy.seen, []);
  });

  it('that refuses is a broken connection, and one that is away is unreachable', async () => {
    const receiver = await startReceiver({ tls });
    const proxy = await startProxy(receiver.port, 502);
    const refused = await postTo('https://callback.test/', { proxy: { url: proxy.url, noProxy: '' } });
    assert.equal(refused.kind, 'broken');
    assert.match(errorOf(refused), /502/);
    await receiver.stop();
    const away = { url: `http://127.0.0.1:${receiver.port}`, noProxy: '' };
    for (const url of ['http://callback.test/', 'https://callback.test/']) {
      const result = await postTo(url, { proxy: away });
      assert.equal(result.kind, 'unreachable', `${url}: ${errorOf(result)}`);
      assert.match(errorOf(result), /ECONNREFUSED/);
    }
  });

  it('is used for a relay’s destinations, from the moment it is set', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy(receiver.port);
    const relay = await startTestRelay({
      settings: { destinations: [{ url: 'http://callback.invalid/hook' }], proxy: { url: '', noProxy: '' } },
    });
    await relay.deliver(sampleBody());
    await until(async () => (await relay.client.request('relay/status', {})).destinations[0]?.state === 'down');
    await relay.client.request('relay/configure', { settings: { proxy: { url: proxy.url, noProxy: '' } } });
    await receiver.received(1);
    await relay.drained();
    assert.deepEqual(proxy.seen, ['POST http://callback.invalid/hook']);
  });
});

describe('what listens and never speaks', () => {
  it('is a timeout, or with TLS no connection, and holds nothing open afterward', async () => {
    const sockets: Socket[] = [];
    const server: Server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterward(() => server.close());
    const { port } = server.address() as AddressInfo;
    const plain = await postTo(`http://127.0.0.1:${port}/`, { timeoutMs: 1000 });
    assert.deepEqual(plain, { kind: 'broken', error: 'no answer within 1000 ms' });
    // Nothing can be sent before the handshake ends.
    const secured = await postTo(`https://127.0.0.1:${port}/`, { timeoutMs: 200 });
    assert.deepEqual(secured, { kind: 'unreachable', error: 'no connection in time' });
    for (const socket of sockets) if (!socket.closed) await once(socket.resume(), 'close');
  });
});
