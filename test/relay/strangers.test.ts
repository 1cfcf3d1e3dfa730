import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { toXml, sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import { readAmount } from '../long.ts';
import { rawAnswers, RawConnection, send, type RawAnswer } from './requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';
import { LocaltunnelServer, send as sendThrough } from './tunnel/stage.ts';

const undated = (answer: RawAnswer | undefined): string =>
  `${answer?.head.replace(/\r\nDate: [^\r]*/, '') ?? ''}|${answer?.body ?? ''}`;

/** Targets that lead nowhere: a wrong secret, a path that is nearly right, and what no path is. */
function wrongTargets(secret: string): string[] {
  const flipped = (secret.startsWith('0') ? '1' : '0') + secret.slice(1);
  const last = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
  const percent = `%${secret.charCodeAt(0).toString(16)}${secret.slice(1)}`;
  const right = `/hooks/${secret}`;
  return [
    '/',
    '/%zz',
    '/%',
    '/%00',
    '//',
    '//x',
    '//[',
    '//#]{?@:/',
    '/?',
    '/?/',
    '/#',
    '/../',
    '*',
    '/hooks',
    '/hooks/',
    '/hooks//',
    '/hooks/x',
    '/hooks/x/health',
    '/hooks/campaign-monitor',
    `/${secret}`,
    `/hooks/${secret}`,
    `${right}/`,
    ...[
      flipped,
      last,
      secret.slice(1),
      `${secret}0`,
      secret.toUpperCase().replace(/^[^A-F]*$/, 'X'.repeat(32)),
      percent,
      'g'.repeat(32),
      '0'.repeat(32),
    ]
      .filter((wrong) => wrong !== secret)
      .flatMap((wrong) =>
        ['campaign-monitor', 'open-connectors', 'health', 'else', ''].map((place) => `/hooks/${wrong}/${place}`),
      ),
    `${right}/else`,
    `${right}/campaign-monitor/`,
    `${right}/Campaign-Monitor`,
    `${right}//campaign-monitor`,
    `${right}/./campaign-monitor`,
    `/Hooks/${secret}/health`,
    `//hooks/${secret}/health`,
    `/x/../hooks/${secret}/health`,
    `${right}/health%20`,
    `${right}/%68ealth`,
    `${right}/health#`,
    `${right}\\health`,
    `http://x${right}/health`,
    'http://x/',
    'http://[::1',
    'http://a:b:c/',
    'http://',
    'https://x/y?z',
    'ws://x',
  ];
}

describe('a stranger at the webhook endpoint', () => {
  it('gets the same bytes for every wrong secret, path and method, the date aside', async () => {
    const relay = await startTestRelay();
    const seen = new Set<string>();
    let count = 0;
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PATCH', 'PROPFIND']) {
      const targets = wrongTargets(relay.secret);
      for (const target of targets) {
        const connection = await RawConnection.open(relay.port);
        const request = `${method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
        // One request a connection: what comes behind it is not answered.
        connection.write(Buffer.from(request + request, 'latin1'));
        assert.equal(await connection.closed(), null, `${method} ${target}`);
        const answers = await connection.answers(2);
        assert.deepEqual([answers.length, answers[0]?.status], [1, 404], `${method} ${target}`);
        seen.add(undated(answers[0]));
      }
      count += targets.length;
    }
    assert.deepEqual([...seen], ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close|']);
    const status = await relay.client.request('relay/status', {});
    assert.equal(status.counts.strangers, count);
    assert.equal(status.counts.deliveries, 0);
  });

  it('gets the same bytes whatever headers and body it sends', async () => {
    const relay = await startTestRelay();
    const path = `/hooks/${'0'.repeat(32)}/campaign-monitor`;
    const body = sampleBody();
    const length = Buffer.byteLength(body);
    const requests = [
      `Content-Length: ${length}\r\n\r\n${body}`,
      `Content-Length: ${length}\r\nContent-Type: application/json\r\nAuthorization: Bearer x\r\nCookie: a=b\r\n\r\n${body}`,
      `Content-Length: ${length}\r\nContent-Encoding: gzip\r\n\r\n${body}`,
      `Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
      `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n`,
      `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n`,
      `Expect: something\r\nContent-Length: 0\r\n\r\n`,
      `Accept: text/html\r\nOrigin: http://evil\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
      `Range: bytes=0-5\r\nIf-None-Match: *\r\n\r\n`,
      `Content-Length: 9000000\r\n\r\n${'a'.repeat(9_000_000)}`,
    ];
    const seen = new Set<string>();
    for (const target of [path, '/', `/hooks/${relay.secret}/else`]) {
      for (const rest of requests) {
        const connection = await RawConnection.open(relay.port);
        connection.write(`POST ${target} HTTP/1.1\r\nHost: x\r\n${rest}`);
        seen.add(undated((await connection.answers(1))[0]));
        connection.socket.destroy();
      }
      // Whoever does not know the secret is not asked for a body.
      const connection = await RawConnection.open(relay.port);
      connection.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`);
      seen.add(undated((await connection.answers(1))[0]));
      assert.equal(await connection.closed(), null);
    }
    assert.equal(seen.size, 1, [...seen].join('\n'));
    assert.match([...seen][0] ?? '', /^HTTP\/1\.1 404 Not Found\r\nContent-Length: 0\r\n/);
  });

  it('does no harm by a CONNECT behind requests that are still being answered', async () => {
    const relay = await startTestRelay();
    const connect = 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n';
    const { pathname } = new URL(relay.campaignMonitorUrl);
    const body = sampleBody();
    const good = `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    for (const [before, status] of [
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 404],
      [good, 200],
      [good.slice(0, -1), undefined],
    ] as const) {
      const connection = await RawConnection.open(relay.port);
      connection.write(before + connect);
      const answers = await connection.answers(1);
      if (status !== undefined) assert.equal(answers[0]?.status, status);
      await connection.closed();
    }
    assert.equal((await relay.deliver(body)).status, 200);
  });

  it('gets the same answer to what is not HTTP, whether or not it knows the secret', async () => {
    const relay = await startTestRelay();
    for (const broken of [
      'Content-Length: x\r\n',
      'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n',
      'Bad Header: 1\r\n',
      `X: ${'a'.repeat(20_000)}\r\n`,
      ' folded\r\n',
    ]) {
      const seen = new Set<string>();
      for (const target of [
        '/',
        `/hooks/${relay.secret}/campaign-monitor`,
        `/hooks/${'1'.repeat(32)}/campaign-monitor`,
      ]) {
        const connection = await RawConnection.open(relay.port);
        connection.write(`POST ${target} HTTP/1.1\r\nHost: x\r\n${broken}\r\n`);
        await connection.closed();
        seen.add(undated((await connection.answers(1))[0]));
      }
      assert.equal(seen.size, 1, broken);
      assert.match([...seen][0] ?? '', /^HTTP\/1\.1 4(?:00|31) /);
    }
  });

  it('is measured in constant time: every secret of the right length is compared as a whole', async () => {
    const relay = await startTestRelay();
    const compared: [number, number][] = [];
    const original = crypto.timingSafeEqual;
    crypto.timingSafeEqual = (a, b) => {
      compared.push([a.byteLength, b.byteLength]);
      return original(a, b);
    };
    syncBuiltinESMExports();
    try {
      for (const wrong of [
        '0'.repeat(32),
        `${relay.secret.slice(0, 31)}x`,
        `x${relay.secret.slice(1)}`,
        relay.secret,
      ]) {
        await send(relay.healthUrl.replace(relay.secret, wrong), { method: 'GET' });
      }
      await send(`http://127.0.0.1:${relay.port}/hooks/short/health`, { method: 'GET' });
    } finally {
      crypto.timingSafeEqual = original;
      syncBuiltinESMExports();
    }
    assert.ok(compared.length >= 4);
    assert.ok(compared.every(([a, b]) => a === 32 && b === 32));
  });

  it('gets the same answers through a real localtunnel server, and learns nothing more', async () => {
    const server = await LocaltunnelServer.start();
    try {
      const relay = await startTestRelay({
        settings: { tunnel: { kind: 'localtunnel', host: server.host, subdomain: 'stranger-test' } },
      });
      const { publicUrl } = await until(async () => {
        const status = await relay.client.request('relay/status', {});
        return status.publicUrl !== null && { publicUrl: status.publicUrl };
      }, 15_000);
      const seen = new Set<string>();
      const targets = wrongTargets(relay.secret).filter((target) => /^\/[\x21-\x7e]*$/.test(target));
      for (const target of targets) {
        for (const method of ['POST', 'GET'])
          seen.add(JSON.stringify(await sendThrough(publicUrl, target, { method })));
      }
      assert.deepEqual([...seen], ['{"status":404,"body":""}']);
      const { pathname } = new URL(relay.campaignMonitorUrl);
      const good = await sendThrough(publicUrl, pathname, { body: Buffer.from(sampleBody()) });
      assert.deepEqual(good, { status: 200, body: '' });
      const { counts } = await relay.client.request('relay/status', {});
      assert.equal(counts.strangers, 2 * targets.length);
      assert.equal(counts.deliveries, 1);
      await relay.stop();
    } finally {
      await server.kill();
    }
  });
});

/** A request, and which statuses are right; `closed` where the connection may end without an answer. */
interface Malformed {
  readonly what: string;
  readonly bytes: Buffer;
  readonly right: readonly (number | 'closed')[];
}

/** Whether a delivery of JSON can be read, reckoned apart from the code under test. */
function readable(body: Buffer): boolean {
  const text = body.toString(isUtf8(body) ? 'utf8' : 'latin1');
  if (text.trim() === '') return true;
  try {
    const value = JSON.parse(text.replace(/^\ufeff/, '')) as { ListID?: unknown; Events?: unknown } | null;
    const isObject = (each: unknown): boolean => typeof each === 'object' && each !== null && !Array.isArray(each);
    if (!isObject(value)) return false;
    const { ListID: list, Events: events } = value as { ListID?: unknown; Events?: unknown };
    return (
      (list == null || typeof list === 'string') &&
      (events == null || (Array.isArray(events) && events.every(isObject)))
    );
  } catch {
    return false;
  }
}

function malformedRequests(relay: TestRelay): fc.Arbitrary<Malformed> {
  const { pathname } = new URL(relay.campaignMonitorUrl);
  const head = (line: string, headers = ''): string => `${line} HTTP/1.1\r\nHost: x\r\n${headers}`;
  const post = (headers = ''): string => head(`POST ${pathname}`, headers);
  const withBody = (body: Buffer, headers = ''): Buffer =>
    Buffer.concat([Buffer.from(`${post(headers)}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
  const json = Buffer.from(sampleBody({ events: 2, email: 'ada@example.org' }).replace(/[^\x20-\x7e]/g, 'n'));
  const xml = Buffer.from(toXml(sampleDeliveries({ types: ['Update'], count: 1, batch: 2 })[0]!.body));
  const gzip = gzipSync(json);
  const mutated = (bytes: Buffer, from = 0): fc.Arbitrary<Buffer> =>
    fc
      .array(
        fc.tuple(
          fc.integer({ min: from, max: bytes.length - 1 }),
          fc.integer({ min: 0, max: 255 }),
          fc.constantFrom('set', 'cut', 'double'),
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((changes) => {
        let result = Buffer.from(bytes);
        for (const [at, byte, how] of changes) {
          if (at >= result.length) continue;
          if (how === 'set') result[at] = byte;
          else if (how === 'cut') result = result.subarray(0, Math.max(at, from));
          else result = Buffer.concat([result.subarray(0, at), result.subarray(from, at), result.subarray(at)]);
        }
        return result;
      });
  const line = fc.string({ unit: fc.constantFrom(' ', '\t', '/', ':', '\0', 'A', 'é', '%', '?'), maxLength: 30 });
  const raw = (
    what: string,
    bytes: fc.Arbitrary<string | Buffer>,
    ...right: (number | 'closed')[]
  ): fc.Arbitrary<Malformed> =>
    bytes.map((each) => ({ what, bytes: typeof each === 'string' ? Buffer.from(each, 'latin1') : each, right }));
  return fc.oneof(
    raw(
      'bytes',
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((each) => Buffer.from(each)),
      400,
      'closed',
    ),
    raw(
      'a request line',
      line.map((each) => `${each}\r\n\r\n`),
      400,
      404,
      'closed',
    ),
    raw(
      'a method',
      fc.stringMatching(/^[a-z!-/]{1,12}$/).map((method) => `${head(`${method} ${pathname}`)}\r\n`),
      400,
      'closed',
    ),
    raw(
      'a version',
      fc.stringMatching(/^[A-Z]{2,4}\/[3-9]\.\d$/).map((version) => `POST ${pathname} ${version}\r\n\r\n`),
      400,
    ),
    raw(
      'a header',
      fc
        .constantFrom(': x', 'a b: c', 'a', 'a\0: b', 'X: \0', 'X: a\rb', 'é\x01: 1')
        .map((header) => `${post(`${header}\r\n`)}\r\n`),
      400,
    ),
    raw(
      'a length',
      fc
        .constantFrom('-1', '+1', 'x', '1, 2', '0x5', '99999999999999999999999', '1\r\nContent-Length: 2', '1.0', '')
        .map((length) => `${post(`Content-Length: ${length}\r\n`)}\r\n`),
      400,
    ),
    raw(
      'a length and chunks',
      fc.constant(`${post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}\r\n0\r\n\r\n`),
      400,
    ),
    raw(
      'a chunk',
      fc
        .constantFrom('x', '-1', 'fffffffffffffffff', '5\r\nabcdefgh', '5;a\0=b')
        .map((chunk) => `${post('Transfer-Encoding: chunked\r\n')}\r\n${chunk}\r\n`),
      400,
    ),
    raw(
      'a flood of what means nothing',
      fc
        .record({
          begin: fc.constantFrom(
            ['', '\r\n'],
            ['', '\n'],
            [`${post('Transfer-Encoding: chunked\r\n')}\r\n`, '0'],
            [`${post('Transfer-Encoding: chunked\r\n')}\r\n`, `1;${'x'.repeat(9000)}\r\na\r\n`],
          ),
          length: fc.integer({ min: 400_000, max: 600_000 }),
        })
        .map(({ begin: [before = '', again = ''], length }) => before + again.repeat(length / again.length)),
      'closed',
    ),
    raw(
      'a coding of the transfer',
      fc.constantFrom('gzip', 'chunked, gzip', 'x').map((coding) => `${post(`Transfer-Encoding: ${coding}\r\n`)}\r\n`),
      400,
    ),
    raw('no host', fc.constant(`POST ${pathname} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`), 400),
    raw(
      'headers without end',
      fc.integer({ min: 17_000, max: 40_000 }).map((length) => `${post(`X: ${'a'.repeat(length)}\r\n`)}\r\n`),
      431,
    ),
    raw(
      'half a body',
      fc
        .nat(json.length - 1)
        .map(
          (length) => `${post(`Content-Length: ${json.length}\r\n`)}\r\n${json.subarray(0, length).toString('latin1')}`,
        ),
      400,
      'closed',
    ),
    raw(
      'a TLS hello',
      fc
        .uint8Array({ minLength: 50, maxLength: 200 })
        .map((each) => Buffer.concat([Buffer.from([22, 3, 1, 0, each.length]), each])),
      400,
    ),
    raw('HTTP/2', fc.constant('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 400),
    raw(
      'a target',
      fc
        .string({ unit: fc.constantFrom('%', 'z', '/', '?', ':', '@', '[', ']', '#', '.'), maxLength: 20 })
        .map((target) => `${head(`POST /${target}`, 'Content-Length: 0\r\n')}\r\n`),
      404,
    ),
    raw(
      'a place',
      fc.stringMatching(/^[a-z-]{1,20}$/).map((place) => `${head(`POST /hooks/${relay.secret}/x${place}`)}\r\n`),
      404,
    ),
    raw(
      'a method of another kind',
      fc
        .constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'PURGE')
        .map((method) => `${head(`${method} ${pathname}`)}\r\n`),
      405,
    ),
    fc.uint8Array({ maxLength: 400 }).map((bytes): Malformed => {
      const body = Buffer.from(bytes);
      const unknown = body.length >= 2 && (body[0] === 0 || body[1] === 0 || body[0] === 0xfe || body[0] === 0xff);
      return {
        what: 'a body of bytes',
        bytes: withBody(body),
        right: unknown ? [200, 400] : [readable(body) ? 200 : 400],
      };
    }),
    mutated(json, 2).map((body): Malformed => ({
      what: 'JSON',
      bytes: withBody(body),
      right: [readable(body) ? 200 : 400],
    })),
    fc.jsonValue().map((value): Malformed => {
      const body = Buffer.from(JSON.stringify(value));
      return { what: 'JSON of another shape', bytes: withBody(body), right: [readable(body) ? 200 : 400] };
    }),
    mutated(xml, 1).map((body): Malformed => ({ what: 'XML', bytes: withBody(body), right: [200, 400] })),
    mutated(gzip).map((body): Malformed => {
      let plain: Buffer | undefined;
      try {
        plain = body.length === 0 ? body : gunzipSync(body);
      } catch {
        // Broken.
      }
      return {
        what: 'gzip',
        bytes: withBody(body, 'Content-Encoding: gzip\r\n'),
        right: [plain !== undefined && readable(plain) ? 200 : 400],
      };
    }),
    // One that is right, between the others: without it chance alone decides how many are taken.
    raw('nothing', fc.constant(withBody(json)), 200),
    fc.constantFrom('zstd', 'compress', 'gzip, gzip', '\xe9').map((coding): Malformed => ({
      what: 'a coding',
      bytes: withBody(json, `Content-Encoding: ${coding}\r\n`),
      right: [400],
    })),
  );
}

/** Memory in use after a collection, in bytes. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('malformed requests', () => {
  const total = readAmount('MALFORMED_REQUESTS', 1000, 100_000);

  it(`by the thousand get the right status, leave no trace but what is recorded, and do no harm (${total})`, async function () {
    this.timeout(60_000 + total * 20);
    const relay = await startTestRelay({ settings: { retention: { maxDeliveries: 2000, maxBytes: 500_000_000 } } });
    const seed = Number(process.env['MALFORMED_SEED'] ?? Date.now() % 2 ** 31);
    const requests = malformedRequests(relay);
    const perBatch = 500;
    let ours400 = 0;
    let ok = 0;
    let warm = 0;
    let done = 0;
    for (let batch = 0; done < total; batch++) {
      const samples = fc.sample(requests, { numRuns: Math.min(perBatch, total - done), seed: seed + batch });
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let sample = samples[next++]; sample !== undefined; sample = samples[next++]) {
          const connection = await RawConnection.open(relay.port);
          connection.socket.end(sample.bytes);
          await connection.closed();
          const answers = rawAnswers(connection.bytes);
          const status = answers[0]?.status ?? 'closed';
          const said = `seed ${seed}: ${sample.what} ${JSON.stringify(sample.bytes.toString('latin1').slice(0, 600))} got ${status}, not ${sample.right.join(' or ')}`;
          assert.ok(sample.right.includes(status), said);
          for (const answer of answers) {
            if (answer.status === 200) ok += 1;
            if (answer.status === 400 && answer.body.length > 5) ours400 += 1;
            assert.ok(!/node_modules|<html|at .*\.ts/.test(answer.body), said);
          }
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      done += samples.length;
      if (batch === 0) warm = memoryInUse();
    }
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    const { counts } = await relay.client.request('relay/status', {});
    if (total <= 2000) {
      assert.equal(counts.rejected, ours400, `seed ${seed}`);
      assert.equal(counts.deliveries, ok + ours400 + 1, `seed ${seed}`);
      assert.ok(ours400 > total / 20 && ok > total / 50, `${ours400} rejected and ${ok} accepted of ${total}`);
    }
    assert.ok(
      relay.log.every(({ level }) => level === 'info' || level === 'debug'),
      JSON.stringify(relay.log),
    );
    const growth = memoryInUse() - warm;
    assert.ok(growth < 50_000_000, `memory has grown by ${growth} bytes`);
  });
});
