import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleDeliveries, toXml } from '../../../src/campaign-monitor/samples.ts';
import { sign } from '../../../src/open-connectors/signature.ts';
import { maskedValue } from '../../../src/common/masking.ts';
import { temporaryFolder } from '../afterward.ts';
import { startReceiver, type ReceivedRequest } from '../receiver.ts';
import { send } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

const signature = 'Elements-Webhook-Signature';

const status = (relay: TestRelay) => relay.client.request('relay/status', {});

const eventIdOf = (request: ReceivedRequest): string =>
  (request.json() as { message: { eventId: string } }).message.eventId;

/** All that a data directory holds, as one text. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('several destinations', () => {
  it('get the same eventId for one part, each its own for another, and the same bytes on a retry', async () => {
    const one = await startReceiver({ answer: (_, number) => (number === 1 ? { status: 503 } : {}) });
    const two = await startReceiver();
    const relay = await startTestRelay({
      delayScale: 0.01,
      settings: {
        partSize: 2,
        destinations: [
          { url: one.url, signatureKeyName: 'k' },
          { url: two.url, signatureKeyName: 'k' },
        ],
      },
      secrets: { signatureKeys: { k: 'key' } },
    });
    await relay.deliver(sampleBody({ events: 5 }));
    await relay.drained();
    const texts = (requests: readonly ReceivedRequest[]): Set<string> => new Set(requests.map((each) => each.text));
    assert.equal(one.requests.length, 4);
    assert.deepEqual(texts(one.requests), texts(two.requests));
    assert.equal(texts(two.requests).size, 3);
    assert.equal(new Set(two.requests.map(eventIdOf)).size, 3);
    for (const request of [...one.requests, ...two.requests]) {
      assert.equal(request.method, 'POST');
      assert.equal(request.header('content-type'), 'application/json; charset=utf-8');
      assert.equal(request.header('elements-webhook-id'), eventIdOf(request));
      assert.equal(request.header(signature), sign(request.body, 'key'));
      assert.equal(request.header('content-length'), String(request.body.length));
    }
  });

  it('that say the same twice count as one', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url }, { url: receiver.url, timeoutMs: 500 }] },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.equal(receiver.requests.length, 1);
    assert.equal((await status(relay)).destinations.length, 1);
  });
});

describe('a destination with headers and credentials', () => {
  it('is sent them, in place of any of the same name', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: {
        destinations: [
          { url: receiver.url, headers: { 'X-Stage': 'dev', 'content-type': 'text/plain' }, credentialsName: 'login' },
        ],
      },
      secrets: { credentials: { login: { Authorization: 'Bearer sesame', 'X-Api-Key': 'open' } } },
    });
    await relay.deliver(sampleBody());
    const [request] = await receiver.received(1);
    assert.equal(request?.header('x-stage'), 'dev');
    assert.equal(request.header('content-type'), 'text/plain');
    assert.equal(request.header('authorization'), 'Bearer sesame');
    assert.equal(request.header('x-api-key'), 'open');
    assert.equal(request.headers.filter(([name]) => name.toLowerCase() === 'content-type').length, 1);
  });

  it('whose key or credentials nobody has given is held: nothing goes out unsigned, and all of it once they come', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, signatureKeyName: 'main', credentialsName: 'login' }] },
    });
    for (let i = 0; i < 3; i++) await relay.deliver(sampleBody());
    const held = await status(relay);
    assert.deepEqual([held.counts.held, held.counts.waiting], [3, 0]);
    assert.equal(held.destinations[0]?.state, 'held');
    assert.equal(held.destinations[0].detail, 'the signature key "main" has not been supplied');
    assert.deepEqual(held.missingKeys, ['main']);
    const { event } = await relay.client.request('events/get', { id: 'e1' });
    assert.deepEqual([event.forwardings[0]?.state, event.forwardings[0]?.attempts], ['held', 0]);
    assert.equal(event.forwardings[0]?.detail, 'the signature key "main" has not been supplied');
    const half = await relay.client.request('relay/configure', { secrets: { signatureKeys: { main: 'key-1' } } });
    assert.deepEqual([half.destinations[0]?.state, half.missingKeys], ['held', ['login']]);
    assert.equal(half.destinations[0]?.detail, 'the credentials "login" have not been supplied');
    assert.equal(receiver.requests.length, 0);
    await relay.client.request('relay/configure', { secrets: { credentials: { login: { Authorization: 'a' } } } });
    await receiver.received(3);
    await relay.drained();
    for (const request of receiver.requests) {
      assert.equal(request.header(signature), sign(request.body, 'key-1'));
      assert.equal(request.header('authorization'), 'a');
    }
    const after = await status(relay);
    assert.deepEqual([after.counts.held, after.counts.sent, after.missingKeys], [0, 3, []]);
  });

  it('misses nothing that arrives in the moment in which the key comes', async () => {
    const receiver = await startReceiver();
    for (let round = 0; round < 5; round++) {
      const relay = await startTestRelay({
        settings: { destinations: [{ url: receiver.url, signatureKeyName: 'main' }] },
      });
      const body = { text: sampleBody() };
      const injected = Array.from({ length: 20 }, (_, index) => {
        const done = relay.client.request('deliveries/inject', { body });
        if (index === 10) void relay.client.request('relay/configure', { secrets: { signatureKeys: { main: 'key' } } });
        return done;
      });
      await Promise.all(injected);
      await receiver.received((round + 1) * 20);
      await until(async () => (await status(relay)).counts.sent === 20);
      await relay.stop();
    }
    assert.equal(receiver.requests.length, 100);
  });

  it('has its secrets in no file, log, status, attempt or event', async () => {
    const receiver = await startReceiver({ answer: { status: 500 } });
    const secrets = {
      signatureKeys: { main: 'signature-secret' },
      verifyKeys: { main: 'verify-secret' },
      credentials: { login: { Authorization: 'Basic credential-secret' } },
    };
    const relay = await startTestRelay({
      delayScale: 0.001,
      settings: { destinations: [{ url: receiver.url, signatureKeyName: 'main', credentialsName: 'login' }] },
      secrets,
    });
    const said: unknown[] = [];
    relay.client.on('attempt/recorded', (params) => said.push(params));
    relay.client.on('status/changed', (params) => said.push(params));
    await relay.deliver(sampleBody());
    await relay.drained();
    await receiver.stop();
    await relay.deliver(sampleBody());
    await until(async () => (await status(relay)).destinations[0]?.state === 'down');
    said.push(await status(relay), relay.log, await relay.client.request('events/get', { id: 'e1' }));
    said.push(await relay.client.request('events/query', {}));
    await relay.stop();
    const everything = JSON.stringify(said) + everythingIn(relay.dataDir);
    for (const secret of ['signature-secret', 'verify-secret', 'credential-secret'])
      assert.equal(everything.includes(secret), false, secret);
    assert.ok(everything.includes(receiver.url));
  });
});

describe('a raw destination', () => {
  for (const format of ['JSON', 'XML']) {
    it(`gets the vendor's ${format} as it came, with its headers, once a delivery`, async () => {
      const raw = await startReceiver();
      const normalized = await startReceiver();
      const relay = await startTestRelay({
        settings: {
          destinations: [
            { url: raw.url, mode: 'raw', signatureKeyName: 'k', headers: { 'X-Stage': 'dev' } },
            { url: normalized.url },
          ],
        },
        secrets: { signatureKeys: { k: 'key' } },
      });
      const [delivery] = sampleDeliveries({ types: ['Update'], count: 1, batch: 45, seed: 3 });
      const sent = format === 'XML' ? toXml(delivery!.body) : `  ${delivery!.text}\n`;
      const contentType = format === 'XML' ? 'text/xml; charset=utf-8' : 'application/json;charset=UTF-8';
      await relay.deliver(sent, { 'Content-Type': contentType, 'X-Vendor': 'cm', Connection: 'close' });
      await raw.received(1);
      await normalized.received(3);
      await relay.drained();
      assert.equal(raw.requests.length, 1);
      const [request] = raw.requests;
      assert.equal(request?.text, sent);
      assert.equal(request.header('content-type'), contentType);
      assert.equal(request.header('x-vendor'), 'cm');
      assert.equal(request.header('x-stage'), 'dev');
      assert.equal(request.header('host'), `127.0.0.1:${raw.port}`);
      assert.equal(request.header(signature), undefined);
    });
  }
});

describe('a notification of the platform', () => {
  const body = readFileSync(
    new URL('../../fixtures/open-connectors/notification-polling-capture.json', import.meta.url),
    'utf8',
  );
  const headers = {
    'Content-Type': 'application/json;charset=UTF-8',
    Authorization: 'Basic from-the-platform',
    'Elements-Webhook-Id': 'w1',
    'Elements-Webhook-Signature': 'sha256=as-it-came',
    'Proxy-Authorization': 'for this hop alone',
  };

  it('keeps its bytes and headers; its Authorization is passed on from memory, masked on disk and gone after a restart', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const settings = { destinations: [{ url: receiver.url }] };
    const first = await startTestRelay({ dataDir, settings });
    assert.equal((await send(first.openConnectorsUrl, { body, headers })).status, 200);
    await first.drained();
    await first.client.request('notifications/replay', { ids: ['d1'] });
    await receiver.received(2);
    const stored = await first.delivery('d1');
    assert.deepEqual(
      stored.headers.find(([name]) => name === 'Authorization'),
      ['Authorization', maskedValue],
    );
    await first.drained();
    await first.stop();
    const second = await startTestRelay({ dataDir, settings });
    await second.client.request('notifications/replay', { ids: ['d1'] });
    await receiver.received(3);
    await second.drained();
    assert.deepEqual(
      receiver.requests.map((request) => request.header('authorization')),
      ['Basic from-the-platform', 'Basic from-the-platform', undefined],
    );
    for (const request of receiver.requests) {
      assert.equal(request.text, body);
      assert.equal(request.header('content-type'), headers['Content-Type']);
      assert.equal(request.header('elements-webhook-id'), 'w1');
      assert.equal(request.header(signature), 'sha256=as-it-came');
      assert.equal(request.header('proxy-authorization'), undefined);
    }
    await second.stop();
    assert.equal(everythingIn(dataDir).includes('from-the-platform'), false);
  });
});

describe('a full batch', () => {
  it('of 1,000 is one delivery on disk and fifty notifications, each with the whole body, the same to the byte when replayed under other settings after a restart', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const destination = { url: receiver.url, signatureKeyName: 'k' };
    const secrets = { signatureKeys: { k: 'key' } };
    const first = await startTestRelay({ dataDir, secrets, settings: { destinations: [destination] } });
    const body = sampleBody({ events: 1000 });
    await first.deliver(body);
    await receiver.received(50);
    await first.drained();
    const counts = (await status(first)).counts;
    assert.deepEqual([counts.deliveries, counts.events, counts.sent], [1, 1000, 50]);
    // Its bytes once, fifty answers, and what the index takes for a thousand events.
    const ofIndex = 1000 * 200;
    assert.ok(counts.storedBytes - ofIndex < 2 * body.length, `${counts.storedBytes} of ${body.length}`);
    for (const request of receiver.requests) {
      assert.ok(request.text.includes(`"raw":${body}`));
      assert.equal((request.json() as { message: { events: unknown[] } }).message.events.length, 20);
    }
    await first.client.request('relay/configure', {
      settings: {
        partSize: 7,
        timeZone: 'America/New_York',
        mapping: { eventTypes: { Subscribe: 'OTHER' }, objectType: 'others' },
        identity: { instanceId: 42, instanceName: 'other' },
      },
    });
    await first.stop();
    const second = await startTestRelay({ dataDir, secrets, settings: { destinations: [destination], partSize: 3 } });
    const { replayed } = await second.client.request('notifications/replay', { ids: ['d1'] });
    assert.equal(replayed, 50);
    await receiver.received(100);
    await second.drained();
    for (let part = 0; part < 50; part++) {
      assert.deepEqual(receiver.requests[50 + part]?.body, receiver.requests[part]?.body);
      assert.deepEqual(receiver.requests[50 + part]?.headers, receiver.requests[part]?.headers);
    }
  });
});

describe('a key or credentials that are taken away', () => {
  it('are used no more: what waits and what comes is held until they are given again', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, signatureKeyName: 'main', credentialsName: 'login' }] },
      secrets: { signatureKeys: { main: 'key-1', other: 'x' }, credentials: { login: { 'X-Login': 'sesame' } } },
    });
    await relay.deliver(sampleBody());
    await receiver.received(1);
    await relay.drained();
    for (const [secrets, name] of [
      [{ signatureKeys: { main: null } }, 'main'],
      [{ signatureKeys: { main: 'key-2' }, credentials: { login: null } }, 'login'],
    ] as const) {
      const { destinations, missingKeys } = await relay.client.request('relay/configure', { secrets });
      assert.deepEqual([destinations[0]?.state, missingKeys], ['held', [name]]);
      await relay.deliver(sampleBody());
    }
    assert.equal((await status(relay)).counts.held, 2);
    assert.equal(receiver.requests.length, 1);
    await relay.client.request('relay/configure', { secrets: { credentials: { login: { 'X-Login': 'again' } } } });
    await receiver.received(3);
    await relay.drained();
    for (const request of receiver.requests.slice(1)) {
      assert.equal(request.header(signature), sign(request.body, 'key-2'));
      assert.equal(request.header('x-login'), 'again');
    }
  });

  it('hold back what is being retried, on disk as well, and mask what a request under way says back', async () => {
    let answer: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (answer = resolve));
    const receiver = await startReceiver({
      answer: async (request) => {
        await gate;
        return { status: 503, body: `you are ${request.header('x-login') ?? ''}` };
      },
    });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, credentialsName: 'login' }] },
      secrets: { credentials: { login: { 'X-Login': 'open-sesame' } } },
    });
    await relay.deliver(sampleBody());
    await receiver.received(1);
    await relay.client.request('relay/configure', { secrets: { credentials: { login: null } } });
    answer();
    await until(async () => (await relay.client.request('events/get', { id: 'e1' })).attempts.length === 1);
    await until(async () => (await status(relay)).counts.held === 1);
    const { attempts } = await relay.client.request('events/get', { id: 'e1' });
    assert.equal(Buffer.from(attempts[0]?.answerBody ?? '', 'base64').toString(), `you are ${maskedValue}`);
    receiver.answer({});
    await relay.client.request('relay/configure', { secrets: { credentials: { login: { 'X-Login': 'new' } } } });
    await receiver.received(2);
    await relay.drained();
    assert.equal(receiver.requests[1]?.header('x-login'), 'new');
  });

  it('hold what waits for a destination that has left the settings, too, until they are given again', async () => {
    const receiver = await startReceiver({ answer: { status: 503, headers: { 'Retry-After': '1' } } });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, signatureKeyName: 'main' }] },
      secrets: { signatureKeys: { main: 'key-1' } },
    });
    const tried = new Promise((resolve) => relay.client.on('attempt/recorded', resolve));
    await relay.deliver(sampleBody());
    await tried;
    await relay.client.request('relay/configure', { settings: { destinations: [] } });
    await relay.client.request('relay/configure', { secrets: { signatureKeys: { main: null } } });
    // Not while it is being sent.
    await until(async () => (await relay.client.request('debug/held', {})).held[0]?.heldBy === 'missing-key');
    receiver.answer({});
    await relay.client.request('relay/configure', { secrets: { signatureKeys: { main: 'key-2' } } });
    await relay.drained();
    assert.equal(receiver.requests.at(-1)?.header(signature), sign(receiver.requests.at(-1)!.body, 'key-2'));
  });
});

describe('credentials that came with a delivery', () => {
  const credentials = { Authorization: 'Basic from-the-sender', Cookie: 'session=1' };

  it('go along with its retries, however much came in between', async () => {
    const receiver = await startReceiver({
      answer: (request) => (request.text.length < 10_000 && receiver.requests.length < 13 ? { status: 503 } : {}),
    });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, mode: 'raw' }] },
    });
    const small = sampleBody();
    await relay.deliver(small, credentials);
    await receiver.received(1);
    // More than is kept of bodies in memory.
    const large = JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', Name: 'x'.repeat(5_000_000) }] });
    for (let i = 0; i < 10; i++) assert.equal((await relay.deliver(large)).status, 200);
    await relay.drained();
    const tries = receiver.requests.filter((request) => request.text === small);
    assert.ok(tries.length > 1);
    for (const request of tries) {
      assert.equal(request.header('authorization'), credentials.Authorization);
      assert.equal(request.header('cookie'), credentials.Cookie);
    }
  });

  it('go along with a replay of what went nowhere', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay();
    const body = sampleBody();
    await relay.deliver(body, { Authorization: 'Bearer planted' });
    await relay.client.request('notifications/replay', { ids: ['d1'], to: { url: receiver.url, mode: 'raw' } });
    const [request] = await receiver.received(1);
    assert.deepEqual([request?.text, request?.header('authorization')], [body, 'Bearer planted']);
  });
});
