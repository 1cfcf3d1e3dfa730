import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { sign } from '../../../src/open-connectors/signature.ts';
import { maskedValue } from '../../../src/common/masking.ts';
import { isCredentialHeader } from '../../../src/protocol/credential-headers.ts';
import { startReceiver } from '../receiver.ts';
import { RawConnection, send } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

const kept = 65_536;

const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../../fixtures/open-connectors', `notification-${name}.json`));

async function counts(
  relay: TestRelay,
): Promise<{ deliveries: number; rejected: number; tests: number; strangers: number }> {
  const { deliveries, rejected, tests, strangers } = (await relay.client.request('relay/status', {})).counts;
  return { deliveries, rejected, tests, strangers };
}

/** The head of a request, and its body where there is one. */
function rawPost(
  relay: TestRelay,
  body: string | Uint8Array,
  headers = '',
  path = new URL(relay.campaignMonitorUrl).pathname,
): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}

describe('the webhook endpoint', () => {
  it('answers a delivery 200 and empty when it is on disk, and records its exact bytes and headers in order', async () => {
    const relay = await startTestRelay();
    const body = Buffer.from(
      ' {"ListID":"a", "Events" : [{"Type":"Subscribe","Name":"Zo\xc3\xab","Zahl":1.00}]}\n',
      'latin1',
    );
    const connection = await RawConnection.open(relay.port);
    connection.write(
      rawPost(
        relay,
        body,
        'content-TYPE: application/json;charset=UTF-8\r\nX-Odd: caf\xe9\r\nx-odd: twice\r\nUser-Agent: \t v \t\r\n',
      ),
    );
    const [answer] = await connection.answers(1);
    assert.equal(answer?.status, 200);
    assert.equal(answer.body, '');
    const { delivery, headers, body: stored } = await relay.delivery();
    assert.deepEqual(stored, body);
    assert.deepEqual(
      [delivery.status, delivery.httpStatus, delivery.bodyBytes, delivery.truncated, delivery.reason, delivery.source],
      ['accepted', 200, body.length, false, null, 'campaign-monitor'],
    );
    assert.deepEqual(headers, [
      ['Host', 'x'],
      ['content-TYPE', 'application/json;charset=UTF-8'],
      ['X-Odd', Buffer.from('caf\xe9').toString('latin1')],
      ['x-odd', 'twice'],
      ['User-Agent', 'v'],
      ['Content-Length', String(body.length)],
    ]);
  });

  it('answers a test call 200 and records it', async () => {
    const relay = await startTestRelay();
    for (const body of ['', '  ', '{}', '{"Events":[]}', '{"Events":null,"x":1}', '<r><Events/></r>']) {
      const { status, text } = await relay.deliver(body);
      assert.deepEqual([status, text], [200, '']);
      const { delivery, body: stored } = await relay.delivery();
      assert.deepEqual([delivery.status, delivery.httpStatus, stored.toString()], ['test', 200, body]);
    }
    assert.equal((await send(relay.campaignMonitorUrl, { headers: {} })).status, 200);
    assert.equal((await counts(relay)).tests, 7);
  });

  it('answers health 204 and records nothing', async () => {
    const relay = await startTestRelay();
    const get = await send(relay.healthUrl, { method: 'GET' });
    assert.deepEqual([get.status, get.text], [204, '']);
    assert.equal((await send(relay.healthUrl, { method: 'HEAD' })).status, 204);
    assert.deepEqual(await counts(relay), { deliveries: 0, rejected: 0, tests: 0, strangers: 0 });
  });

  it('answers another method 405 with Allow, whatever comes with it, and records nothing', async () => {
    const relay = await startTestRelay();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      for (const url of [relay.campaignMonitorUrl, relay.openConnectorsUrl]) {
        const answer = await send(url, { method, ...(method === 'PUT' && { body: sampleBody() }) });
        assert.deepEqual([answer.status, answer.header('allow'), answer.text], [405, 'POST', ''], method);
      }
    }
    for (const method of ['POST', 'PUT', 'OPTIONS']) {
      const answer = await send(relay.healthUrl, { method });
      assert.deepEqual([answer.status, answer.header('allow')], [405, 'GET, HEAD']);
    }
    assert.deepEqual(await counts(relay), { deliveries: 0, rejected: 0, tests: 0, strangers: 0 });
  });

  it('answers what it cannot read 400 with one line of what is wrong and where, and records it with its bytes', async () => {
    const relay = await startTestRelay();
    const rejected: [string | Buffer, RegExp][] = [
      ['hello', /^neither JSON nor XML: .*hello/],
      ['{"ListID":"a",\n"Events":[{"Type" 1}]}', /^neither JSON nor XML: .*line 2 column 19/],
      ['{"Events":[', /^neither JSON nor XML: .*end/],
      ['<a>\n<b></a>', /^not well-formed XML: .*\(line 2, column \d+\)/],
      ['[{"ListID":"a"}]', /^expected an object .*got an array/],
      ['{"ListID":"a","Events":[{},7]}', /^Events\[1\]: expected an object, got a number/],
      ['{"ListID":9,"Events":[{}]}', /^ListID: expected a string, got a number/],
      [randomBytes(1000), /^neither JSON nor XML|^not well-formed XML/],
      [Buffer.concat([Buffer.from('{"Events":['), Buffer.alloc(200_000, 'x')]), /^neither JSON nor XML/],
    ];
    for (const [body, reason] of rejected) {
      const answer = await relay.deliver(body);
      assert.equal(answer.status, 400);
      assert.match(answer.text, /^[^\r\n]+\n$/);
      assert.match(answer.text, reason);
      assert.equal(answer.header('content-type'), 'text/plain; charset=utf-8');
      const { delivery, body: stored, events, notifications } = await relay.delivery();
      assert.deepEqual([delivery.status, delivery.httpStatus, delivery.truncated], ['rejected', 400, false]);
      assert.equal(`${delivery.reason ?? ''}\n`, answer.text);
      assert.deepEqual(stored, Buffer.from(body));
      assert.equal(delivery.bodyBytes, stored.length);
      assert.deepEqual([events.length, events[0]?.kind, notifications.length], [1, 'rejected', 0]);
    }
    assert.equal((await counts(relay)).rejected, rejected.length);
  });

  it('never writes a credential of the headers, and passes it on while it is in memory', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, mode: 'raw' }] },
    });
    const secrets: Record<string, string> = {
      Authorization: 'Bearer s3cret-one',
      Cookie: 'session=s3cret-two',
      'X-Api-Key': 's3cret-three',
      'Proxy-Authorization': 'Basic s3cret-four',
      'X-Auth-Token': 's3cret-five',
    };
    await relay.deliver(sampleBody(), { ...secrets, 'X-Plain': 'shown' });
    const rejected = await relay.deliver('no json', secrets);
    assert.equal(rejected.status, 400);
    for (const id of ['d1', 'd2']) {
      const headers = new Map((await relay.delivery(id)).headers);
      for (const name of Object.keys(secrets)) {
        assert.ok(isCredentialHeader(name));
        assert.equal(headers.get(name), maskedValue, name);
      }
    }
    assert.equal(new Map((await relay.delivery('d1')).headers).get('X-Plain'), 'shown');
    const [request] = await receiver.received(1);
    assert.equal(request?.header('authorization'), 'Bearer s3cret-one');
    assert.equal(request.header('x-api-key'), 's3cret-three');
    assert.equal(request.header('x-plain'), 'shown');
    await relay.drained();
    await relay.stop();
    for (const name of readdirSync(relay.dataDir)) {
      assert.ok(!readFileSync(join(relay.dataDir, name)).includes('s3cret'), `a credential is in ${name}`);
    }
    const again = await startTestRelay({
      dataDir: relay.dataDir,
      settings: { destinations: [{ url: receiver.url, mode: 'raw' }] },
    });
    const raw = (await again.delivery('d1')).notifications.find(({ kind }) => kind === 'raw');
    await again.client.request('notifications/replay', { ids: [raw?.id ?? ''] });
    const replayed = (await receiver.received(2))[1];
    assert.equal(replayed?.text, sampleBody());
    assert.equal(replayed.header('authorization'), undefined);
    assert.ok(!replayed.headers.some(([, value]) => value === maskedValue));
  });
});

describe('a body at the webhook endpoint', () => {
  const codings: Record<string, (body: Buffer) => Buffer> = {
    gzip: (body) => gzipSync(body),
    deflate: (body) => deflateSync(body),
    'deflate without a header': (body) => deflateRawSync(body),
    br: (body) => brotliCompressSync(body),
  };
  for (const [name, compress] of Object.entries(codings)) {
    const coding = name.replace(/ .*/, '');

    it(`is stored and forwarded decoded, ${name}`, async () => {
      const receiver = await startReceiver();
      const relay = await startTestRelay({
        settings: { destinations: [{ url: receiver.url }, { url: receiver.url, mode: 'raw' }] },
      });
      const body = sampleBody({ events: 5 });
      assert.equal((await relay.deliver(compress(Buffer.from(body)), { 'Content-Encoding': coding })).status, 200);
      const stored = await relay.delivery();
      assert.equal(stored.body.toString(), body);
      assert.ok(stored.headers.some(([header, value]) => header === 'Content-Encoding' && value === coding));
      const requests = await receiver.received(2);
      const raw = requests.find((request) => request.text === body);
      assert.ok(raw !== undefined, 'the raw body is decoded');
      assert.equal(raw.header('content-encoding'), undefined);
      assert.equal(raw.header('content-length'), String(Buffer.byteLength(body)));
      assert.ok(requests.some((request) => request.text.includes(`"raw":${body},`)));
    });

    it(`that is broken is answered 400 and recorded with its bytes, ${name}`, async () => {
      const relay = await startTestRelay();
      const cut = compress(randomBytes(100_000)).subarray(0, -10);
      const answer = await relay.deliver(cut, { 'Content-Encoding': coding });
      assert.equal(answer.status, 400);
      assert.match(answer.text, new RegExp(`^the body is not valid ${coding}: [^\\n]+\\n$`));
      const { delivery, body } = await relay.delivery();
      assert.deepEqual([delivery.status, delivery.httpStatus, delivery.truncated], ['rejected', 400, false]);
      assert.deepEqual(body, cut);
    });

    it(`that unfolds beyond the limit is answered 413 and recorded with its first 64 KiB, ${name}`, async () => {
      const relay = await startTestRelay({ settings: { maxBodyBytes: 1_000_000 } });
      const plain = Buffer.concat([randomBytes(1000), Buffer.alloc(20_000_000, 'a')]);
      const answer = await relay.deliver(compress(plain), { 'Content-Encoding': coding });
      assert.equal(answer.status, 413);
      const { delivery, body } = await relay.delivery();
      assert.deepEqual([delivery.status, delivery.httpStatus, delivery.truncated], ['rejected', 413, true]);
      assert.deepEqual(body, plain.subarray(0, kept));
    });
  }

  it('is taken to the last byte of the limit and refused one beyond, announced or not', async () => {
    const limit = 100_000;
    const relay = await startTestRelay({ settings: { maxBodyBytes: limit } });
    const fill = (length: number): Buffer => Buffer.from(`{"x":"${'y'.repeat(length - 8)}"}`);
    for (const headers of [undefined, { 'Transfer-Encoding': 'chunked' }]) {
      assert.equal((await relay.deliver(fill(limit), headers)).status, 200);
      assert.equal((await relay.delivery()).body.length, limit);
      const answer = await relay.deliver(fill(limit + 1), headers);
      assert.equal(answer.status, 413);
      assert.equal(answer.text, `the body is larger than ${limit} bytes\n`);
      const { delivery, body } = await relay.delivery();
      assert.deepEqual([delivery.status, delivery.httpStatus, delivery.truncated], ['rejected', 413, true]);
      assert.ok(delivery.bodyBytes > limit);
      assert.deepEqual(body, fill(limit + 1).subarray(0, kept));
    }
  });

  it('of ten megabytes gets a 413 that its sender can read, though it reads only when all is written', async () => {
    const relay = await startTestRelay();
    const body = randomBytes(10_000_000);
    const path = new URL(relay.campaignMonitorUrl).pathname;
    const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
    for (const close of [false, true]) {
      for (const chunked of [false, true]) {
        const connection = await RawConnection.open(relay.port);
        connection.socket.pause();
        connection.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\n${close ? 'Connection: close\r\n' : ''}` +
            (chunked ? 'Transfer-Encoding: chunked\r\n\r\n' : `Content-Length: ${body.length}\r\n\r\n`),
        );
        await new Promise<void>((resolve) => connection.socket.write(chunked ? chunk : body, () => resolve()));
        connection.socket.resume();
        const [answer] = await connection.answers(1);
        assert.equal(answer?.status, 413, `closing ${close}, chunked ${chunked}`);
        assert.match(answer.body, /^the body is larger than 5242880 bytes\n$/);
        const { delivery, body: stored } = await relay.delivery();
        assert.deepEqual([delivery.httpStatus, delivery.truncated], [413, true]);
        assert.deepEqual(stored, body.subarray(0, kept));
        if (!chunked) assert.equal(delivery.bodyBytes, body.length);
        if (close) assert.equal(await connection.closed(), null);
        else {
          connection.write(rawPost(relay, sampleBody()));
          assert.equal((await connection.answers(2))[1]?.status, 200, 'the connection goes on');
        }
      }
    }
  });

  it('that never ends is cut off', async () => {
    const relay = await startTestRelay({ settings: { maxBodyBytes: 1024 } });
    const connection = await RawConnection.open(relay.port);
    connection.write(
      `POST ${new URL(relay.campaignMonitorUrl).pathname} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')]);
    const more = (): void => {
      while (connection.socket.writable && connection.socket.write(piece));
    };
    connection.socket.on('drain', more);
    more();
    await connection.closed();
    assert.equal((await connection.answers(1))[0]?.status, 413);
    assert.ok(connection.socket.bytesWritten < 200_000_000);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
  });

  it('in chunks of any size, with trailers, is read whole', async () => {
    const relay = await startTestRelay();
    const body = sampleBody({ events: 3 });
    const connection = await RawConnection.open(relay.port);
    connection.write(
      `POST ${new URL(relay.campaignMonitorUrl).pathname} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let at = 0; at < body.length; at += 97) {
      const piece = body.slice(at, at + 97);
      connection.write(`${Buffer.byteLength(piece).toString(16)};ext=1\r\n${piece}\r\n`);
    }
    connection.write('0\r\nX-Trailer: t\r\n\r\n');
    assert.equal((await connection.answers(1))[0]?.status, 200);
    assert.equal((await relay.delivery()).body.toString(), body);
  });

  it('whose sender goes away half-way is not recorded', async () => {
    const relay = await startTestRelay();
    const connection = await RawConnection.open(relay.port);
    const request = rawPost(relay, sampleBody());
    connection.write(request.subarray(0, request.length - 10));
    connection.socket.destroy();
    await connection.closed();
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    assert.equal((await counts(relay)).deliveries, 1);
  });
});

describe('a connection to the webhook endpoint', () => {
  it('answers pipelined requests in order, good and bad mixed', async () => {
    const relay = await startTestRelay();
    const connection = await RawConnection.open(relay.port);
    const good = rawPost(relay, sampleBody());
    const stranger = rawPost(relay, sampleBody(), '', '/hooks/else');
    const health = Buffer.from(`GET ${new URL(relay.healthUrl).pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const large = rawPost(relay, Buffer.alloc(6_000_000, 'a'));
    connection.write(
      Buffer.concat([
        good,
        rawPost(relay, 'bad'),
        good,
        health,
        large,
        good,
        rawPost(relay, 'x', 'Content-Encoding: gzip\r\n'),
        good,
        stranger,
        good,
        stranger,
      ]),
    );
    const answers = await connection.answers(10);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400, 200, 204, 413, 200, 400, 200, 404],
      'a wrong path ends the connection',
    );
    assert.deepEqual(
      await counts(relay),
      { deliveries: 7, rejected: 3, tests: 0, strangers: 1 },
      'what comes behind it is neither answered nor recorded',
    );
  });
});

describe('a slow sender', () => {
  const limits = { headersTimeoutMs: 300, bodyTimeoutMs: 300, checkEveryMs: 50 };

  it('of headers, a byte at a time, is answered 408 and cut off', async () => {
    const relay = await startTestRelay({ limits });
    const connection = await RawConnection.open(relay.port);
    connection.write('POST /hooks/x HTTP/1.1\r\nX-Slow: ');
    const drip = setInterval(() => connection.socket.writable && connection.write('a'), 30);
    await connection.closed();
    clearInterval(drip);
    assert.equal((await connection.answers(1))[0]?.status, 408);
  });

  it('of a body is answered 408 and cut off, a byte at a time or none, and nothing is recorded', async () => {
    const relay = await startTestRelay({ limits });
    for (const dripping of [false, true]) {
      const connection = await RawConnection.open(relay.port);
      const request = rawPost(relay, sampleBody());
      connection.write(request.subarray(0, request.length - 200));
      const drip = setInterval(() => dripping && connection.socket.writable && connection.write(' '), 30);
      await connection.closed();
      clearInterval(drip);
      const answers = await connection.answers(2);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [408],
      );
    }
    assert.equal((await counts(relay)).deliveries, 0);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
  });
});

describe('back-pressure', () => {
  it('answers 503 with Retry-After while maxUncommitted requests are under way, and goes on after', async () => {
    const relay = await startTestRelay({ settings: { maxUncommitted: 2 } });
    const request = rawPost(relay, sampleBody());
    const slow = [await RawConnection.open(relay.port), await RawConnection.open(relay.port)];
    for (const connection of slow) connection.write(request.subarray(0, request.length - 1));
    // Both are under way once a third is refused.
    const refused = await until(async () => {
      const answer = await relay.deliver(sampleBody());
      return answer.status === 503 && answer;
    });
    assert.match(refused.header('retry-after') ?? '', /^[1-9]\d*$/);
    assert.equal(refused.text, '');
    const before = (await counts(relay)).deliveries;
    assert.equal((await relay.deliver(sampleBody())).status, 503);
    assert.equal((await send(relay.healthUrl, { method: 'GET' })).status, 204);
    assert.equal((await counts(relay)).deliveries, before, 'what is refused is not recorded');
    for (const connection of slow) connection.write(request.subarray(request.length - 1));
    for (const connection of slow) assert.equal((await connection.answers(1))[0]?.status, 200);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    assert.equal((await counts(relay)).deliveries, before + 3);
  });

  it('answers 503 with Retry-After where the store cannot be written, and records nothing of it', async () => {
    const relay = await startTestRelay({ maxStorePages: 200 });
    const answer = await relay.deliver(`{"ListID":"a","Events":[{"Name":"${'x'.repeat(2_000_000)}"}]}`);
    assert.equal(answer.status, 503);
    assert.match(answer.header('retry-after') ?? '', /^[1-9]\d*$/);
    assert.equal((await counts(relay)).deliveries, 0);
    assert.ok(relay.log.some(({ level }) => level === 'error'));
  });
});

describe('a notification of Open Connectors at the webhook endpoint', () => {
  const key = 'MySecretEventSignatureKey';

  for (const shape of ['polling-capture', 'older-shape']) {
    it(`is passed on byte for byte with its headers, those of one hop excepted, ${shape}`, async () => {
      const receiver = await startReceiver();
      const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
      const body = Buffer.concat([Buffer.from(' '), fixture(shape), Buffer.from('\r\n')]);
      const headers = {
        'Content-Type': 'application/json; charset=iso-8859-7',
        'Elements-Webhook-Id': 'w1',
        'Elements-Webhook-Signature': 'sha256=whatever',
        'X-Other': 'kept',
        Connection: 'close',
        TE: 'trailers',
        'Keep-Alive': 'timeout=5',
      };
      const answer = await send(relay.openConnectorsUrl, { body, headers });
      assert.deepEqual([answer.status, answer.text], [200, '']);
      const [request] = await receiver.received(1);
      assert.deepEqual(request?.body, body);
      for (const name of ['Content-Type', 'Elements-Webhook-Id', 'Elements-Webhook-Signature', 'X-Other'] as const) {
        assert.equal(request.header(name), headers[name]);
      }
      assert.equal(request.header('te'), undefined);
      assert.notEqual(request.header('connection'), 'close');
      assert.equal(request.header('host'), new URL(receiver.url).host);
      const { delivery, body: stored, events, notifications } = await relay.delivery();
      assert.deepEqual(stored, body);
      assert.deepEqual([delivery.source, delivery.status], ['open-connectors', 'accepted']);
      assert.deepEqual([notifications.length, notifications[0]?.kind], [1, 'platform']);
      assert.deepEqual(
        events.map((event) => [event.type, event.address]),
        shape === 'older-shape' ? [[null, '/contacts/1']] : [['CREATED', '2|0']],
      );
      assert.equal(notifications[0]?.eventId, shape === 'older-shape' ? '1088' : 'AXBooiL_qrZEur0mJV08');
    });
  }

  it('has its signature marked valid, invalid, missing or unchecked, and is answered 200 and forwarded in any case', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const body = fixture('polling-capture');
    const marks: (string | null)[] = [];
    const post = async (signature?: string): Promise<void> => {
      const headers: Record<string, string> =
        signature === undefined ? {} : { 'elements-webhook-SIGNATURE': signature };
      assert.equal((await send(relay.openConnectorsUrl, { body, headers })).status, 200);
      const { delivery, events } = await relay.delivery();
      marks.push(delivery.signature);
      assert.equal(events[0]?.signature, delivery.signature);
    };
    const sha1 = `sha1=${createHmac('sha1', key).update(body).digest('base64')}`;
    await post(sign(body, key));
    await post();
    await relay.client.request('relay/configure', { secrets: { verifyKeys: { other: 'x', main: key } } });
    await post(sign(body, key));
    await post(sha1);
    await post(sign(body, 'another'));
    await post('nonsense');
    await post();
    assert.deepEqual(marks, ['unchecked', 'unchecked', 'valid', 'valid', 'invalid', 'invalid', 'missing']);
    const found = async (filter: string): Promise<string[]> => {
      const { events } = await relay.client.request('events/query', { filter, limit: 1000 });
      return [...new Set(events.map(({ deliveryId }) => deliveryId))];
    };
    assert.deepEqual(await found('signature:invalid'), ['d6', 'd5']);
    assert.deepEqual(await found('signature:missing'), ['d7']);
    assert.deepEqual(await found('signature:unchecked'), ['d2', 'd1']);
    assert.deepEqual(await found('signature:valid'), ['d4', 'd3']);
    const requests = await receiver.received(7);
    assert.ok(requests.every((request) => request.body.equals(body)));
    assert.equal(requests.filter((request) => request.header('elements-webhook-signature') !== undefined).length, 5);
  });
});
