import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import type { AttemptDetail, Forwarding } from '../../../src/protocol/history.ts';
import type { DestinationStatus } from '../../../src/protocol/status.ts';
import { maxAttempts, type RetryPolicy } from '../../../src/common/retry-policies.ts';
import { maskedValue } from '../../../src/common/masking.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { keptAnswerBytes } from '../../../src/relay/sending/outbound.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { startReceiver, type Answer, type ReceivedRequest } from '../receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

/** A delivery of one event whose address tells which it is. */
const numbered = (number: number): string => sampleBody({ email: `${number}@example.com` });

function numberOf(request: ReceivedRequest): number {
  return Number(/(\d+)@example\.com/.exec(request.text)?.[1]);
}

async function deliver(relay: TestRelay, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) assert.equal((await relay.deliver(numbered(number))).status, 200);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function forwardingOf(relay: TestRelay, id = 'e1'): Promise<Forwarding> {
  const { event } = await relay.client.request('events/get', { id });
  assert.equal(event.forwardings.length, 1);
  return event.forwardings[0]!;
}

async function attemptsOf(relay: TestRelay, id = 'e1'): Promise<AttemptDetail[]> {
  return (await relay.client.request('events/get', { id })).attempts;
}

const status = (relay: TestRelay) => relay.client.request('relay/status', {});

/** Resolves when the destination is in that state. */
function reaches(relay: TestRelay, state: DestinationStatus['state']): Promise<unknown> {
  return until(async () => (await status(relay)).destinations[0]?.state === state, 30_000, state);
}

describe('notifications for one destination', () => {
  it('are sent in order, one at a time', async () => {
    let underWay = 0;
    const receiver = await startReceiver({
      answer: async () => {
        underWay += 1;
        assert.equal(underWay, 1);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return {};
      },
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await Promise.all(range(1, 60).map(() => relay.deliver(sampleBody())));
    await receiver.received(60);
    await relay.drained();
    const ids = receiver.requests.map((request) => Number((request.json() as { id: string }).id));
    assert.deepEqual(ids, range(1, 60));
    assert.equal(receiver.connections, 1);
    assert.equal((await status(relay)).counts.sent, 60);
  });

  it('are under way at once up to the concurrency, and no more', async () => {
    let underWay = 0;
    let most = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const receiver = await startReceiver({
      answer: async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await gate;
        underWay -= 1;
        return {};
      },
    });
    const relay = await startTestRelay({ settings: { concurrency: 5, destinations: [{ url: receiver.url }] } });
    await deliver(relay, 1, 23);
    await receiver.received(5);
    open();
    await receiver.received(23);
    await relay.drained();
    assert.equal(most, 5);
    assert.deepEqual(receiver.requests.map(numberOf).slice(0, 5).sort(), range(1, 5));
    assert.equal(new Set(receiver.requests.map(numberOf)).size, 23);
  });

  it('wait behind one that is being retried under strictOrder, after a restart too, whatever the concurrency', async () => {
    const receiver = await startReceiver({ answer: { status: 503, headers: { 'Retry-After': '2' } } });
    const settings = { concurrency: 8, destinations: [{ url: receiver.url, strictOrder: true }] };
    const dataDir = temporaryFolder();
    const first = await startTestRelay({ dataDir, settings });
    await deliver(first, 1, 6);
    await until(async () => (await attemptsOf(first)).length > 0);
    await first.stop();
    receiver.answer({});
    const second = await startTestRelay({ dataDir, settings });
    await second.drained();
    const seen = receiver.requests.map(numberOf);
    assert.ok(seen.length >= 7);
    assert.deepEqual(seen.slice(0, 2), [1, 1]);
    assert.deepEqual(seen.slice(-6), [1, 2, 3, 4, 5, 6]);
  });

  for (const when of ['while it runs', 'before it starts again'] as const)
    it(`wait for a retry no longer if the clock is set back an hour ${when}`, async () => {
      const receiver = await startReceiver({ answer: (_, number) => ({ status: number === 1 ? 503 : 200 }) });
      const settings = { destinations: [{ url: receiver.url, strictOrder: true }] };
      const relay = await startTestRelay({ settings });
      await relay.deliver(sampleBody());
      await relay.deliver(sampleBody({ seed: 2 }));
      await until(async () => (await attemptsOf(relay)).length > 0);
      if (when === 'before it starts again') await relay.stop();
      const { now } = Date;
      afterward(() => (Date.now = now));
      Date.now = () => now() - 3_600_000;
      if (when === 'before it starts again') await startTestRelay({ dataDir: relay.dataDir, settings });
      await receiver.received(3);
    });
});

describe('an answer of the callback', () => {
  const retried: { readonly name: string; readonly answer: Answer; readonly error: RegExp }[] = [
    ...[408, 425, 429, 500, 502, 503, 504].map((code) => ({
      name: String(code),
      answer: { status: code },
      error: new RegExp(`^answered ${code}$`),
    })),
    { name: 'none in time', answer: 'hang', error: /^no answer within 150 ms$/ },
    { name: 'a reset', answer: 'reset', error: /closed|ECONNRESET/ },
    { name: 'half a body', answer: 'half', error: /closed|ECONNRESET|terminated/ },
    { name: 'no HTTP', answer: 'rubbish', error: /does not match the HTTP/ },
  ];
  for (const { name, answer, error } of retried) {
    it(`is retried and then a success: ${name}`, async () => {
      const receiver = await startReceiver({ answer: (_, number) => (number === 1 ? answer : { status: 204 }) });
      const relay = await startTestRelay({
        delayScale: 0.01,
        settings: { destinations: [{ url: receiver.url, timeoutMs: answer === 'hang' ? 150 : 5000 }] },
      });
      await relay.deliver(sampleBody());
      await relay.drained();
      const attempts = await attemptsOf(relay);
      assert.deepEqual(
        attempts.map((each) => [each.number, each.outcome]),
        [
          [1, 'retrying'],
          [2, 'sent'],
        ],
      );
      assert.match(attempts[0]?.error ?? '', error);
      assert.ok(attempts[0]?.nextAttemptAt);
      assert.equal(attempts[1]?.status, 204);
      assert.equal(attempts[1].error, null);
      assert.deepEqual(receiver.requests[1]?.body, receiver.requests[0]?.body);
      const forwarding = await forwardingOf(relay);
      assert.deepEqual([forwarding.state, forwarding.attempts, forwarding.status], ['sent', 2, 204]);
    });
  }

  for (const code of [300, 301, 302, 303, 307, 308, 400, 401, 404, 409, 410, 413, 422]) {
    it(`is final: ${code}`, async () => {
      const elsewhere = await startReceiver();
      const receiver = await startReceiver({
        answer: { status: code, headers: code < 400 ? { Location: elsewhere.url } : {} },
      });
      const relay = await startTestRelay({ delayScale: 0.001, settings: { destinations: [{ url: receiver.url }] } });
      await relay.deliver(sampleBody());
      await relay.drained();
      const forwarding = await forwardingOf(relay);
      assert.deepEqual([forwarding.state, forwarding.attempts, forwarding.status], ['failed', 1, code]);
      const redirect = `, a redirect to ${elsewhere.url}: redirects are not followed`;
      assert.equal(forwarding.detail, `answered ${code}${code < 400 ? redirect : ''}`);
      assert.equal((await attemptsOf(relay))[0]?.error, forwarding.detail);
      assert.equal(receiver.requests.length, 1);
      assert.equal(elsewhere.requests.length, 0);
    });
  }

  it('is recorded with its time, headers without credentials, and first 64 KiB', async () => {
    const body = Buffer.alloc(10_000_000, 'answer ');
    const receiver = await startReceiver({
      answer: { status: 201, headers: { 'Set-Cookie': 'session=private', 'X-Trace': 'abc' }, body },
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await relay.drained();
    const [attempt] = await attemptsOf(relay);
    assert.ok(attempt);
    assert.equal(attempt.status, 201);
    assert.equal(attempt.destination, receiver.url);
    assert.ok(attempt.durationMs > 0);
    const headers = new Map(attempt.answerHeaders);
    assert.equal(headers.get('set-cookie'), maskedValue);
    assert.equal(headers.get('x-trace'), 'abc');
    assert.deepEqual(Buffer.from(attempt.answerBody, 'base64'), body.subarray(0, keptAnswerBytes));
    assert.equal(attempt.answerTruncated, true);
  });

  it('whose body never ends is a timeout and retried', async () => {
    let count = 0;
    const server = createServer((request, response) => {
      request.resume();
      count += 1;
      response.writeHead(200);
      if (count === 1) response.write('begun');
      else response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterward(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const relay = await startTestRelay({
      delayScale: 0.01,
      settings: { destinations: [{ url, timeoutMs: 1000 }] },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const attempts = await attemptsOf(relay);
    assert.deepEqual(
      attempts.map((each) => [each.error, each.outcome]),
      [
        ['no complete answer within 1000 ms', 'retrying'],
        [null, 'sent'],
      ],
    );
  });

  it('puts the next attempt off by its Retry-After, in seconds or as a date', async () => {
    const receiver = await startReceiver({
      answer: (_, number) => {
        const later = new Date(Date.now() + 600_000).toUTCString();
        return { status: number === 1 ? 429 : 503, headers: { 'Retry-After': number === 1 ? '300' : later } };
      },
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await deliver(relay, 1, 2);
    await until(async () => (await attemptsOf(relay, 'e2')).length === 1);
    const wait = async (id: string): Promise<number> => {
      const [attempt] = await attemptsOf(relay, id);
      return Date.parse(attempt?.nextAttemptAt ?? '') - Date.parse(attempt?.at ?? '');
    };
    // Not before what was asked, and by the clock of this machine not much later.
    for (const [id, least] of [
      ['e1', 300_000],
      ['e2', 598_000],
    ] as const)
      assert.ok((await wait(id)) >= least && (await wait(id)) < least + 60_000, `${id}: ${await wait(id)}`);
    const forwarding = await forwardingOf(relay);
    assert.equal(forwarding.state, 'waiting');
    assert.equal(forwarding.detail, 'answered 429');
    assert.equal(forwarding.maxAttempts, 6);
    assert.ok(forwarding.nextAttemptAt);
  });
});

describe('the retry policy', () => {
  for (const policy of ['fast', 'sap', 'cloud-elements', 'none'] satisfies RetryPolicy[]) {
    it(`${policy} gives up after ${maxAttempts(policy)} attempts`, async () => {
      const receiver = await startReceiver({ answer: { status: 500 } });
      const relay = await startTestRelay({
        delayScale: 1e-8,
        settings: { retry: policy, destinations: [{ url: receiver.url }] },
      });
      await relay.deliver(sampleBody());
      await relay.drained();
      const attempts = await attemptsOf(relay);
      assert.equal(receiver.requests.length, maxAttempts(policy));
      assert.deepEqual(
        attempts.map((each) => each.number),
        range(1, maxAttempts(policy)),
      );
      assert.deepEqual(
        new Set(attempts.slice(0, -1).map((each) => each.outcome)),
        new Set(policy === 'none' ? [] : ['retrying']),
      );
      assert.equal(attempts.at(-1)?.outcome, 'failed');
      const forwarding = await forwardingOf(relay);
      assert.deepEqual(
        [forwarding.state, forwarding.attempts, forwarding.detail],
        ['failed', maxAttempts(policy), 'answered 500'],
      );
      assert.equal(new Set(receiver.requests.map((each) => each.text)).size, 1);
    });
  }

  it('other than fast charges an attempt for a refused connection', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const relay = await startTestRelay({
      delayScale: 1e-8,
      settings: { retry: 'sap', destinations: [{ url: receiver.url }] },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const forwarding = await forwardingOf(relay);
    assert.deepEqual([forwarding.state, forwarding.attempts], ['failed', 6]);
    assert.match(forwarding.detail ?? '', /ECONNREFUSED/);
    const [destination] = (await status(relay)).destinations;
    assert.deepEqual([destination?.state, destination?.failed, destination?.lastStatus], ['down', 1, null]);
  });

  it('say of a destination what came of the last attempt, and nothing before the first', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ id: 'mine', url: receiver.url }] } });
    const last = async (): Promise<unknown[]> => {
      const [destination] = (await status(relay)).destinations;
      return [destination?.state, destination?.lastStatus];
    };
    assert.deepEqual(await last(), ['untried', null]);
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.deepEqual(await last(), ['up', 200]);
    await receiver.stop();
    await relay.deliver(sampleBody());
    await reaches(relay, 'down');
    assert.deepEqual(await last(), ['down', null]);
    // Another URL was not tried yet.
    const other = await startReceiver({ answer: { status: 500 } });
    await relay.client.request('relay/configure', {
      settings: { retry: 'none', destinations: [{ id: 'mine', url: other.url }] },
    });
    await relay.drained();
    assert.deepEqual(await last(), ['failing', 500]);
    other.answer('reset');
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.deepEqual(await last(), ['failing', null]);
  });

  it('are counted for their destination as failed until one is accepted, and as retried apart', async () => {
    const receiver = await startReceiver({ answer: { status: 404 } });
    const url = receiver.url;
    const relay = await startTestRelay({ settings: { destinations: [{ id: 'mine', url }] } });
    const counts = async (): Promise<unknown> => {
      const [destination] = (await status(relay)).destinations;
      const { state, failed, retrying, waiting, lastStatus } = destination!;
      return { state, failed, retrying, waiting, lastStatus };
    };
    await deliver(relay, 1, 6);
    await relay.drained();
    assert.deepEqual(await counts(), { state: 'failing', failed: 6, retrying: 0, waiting: 0, lastStatus: 404 });
    receiver.answer({ status: 503, headers: { 'Retry-After': '60' } });
    await deliver(relay, 7, 8);
    await receiver.received(8);
    const retried = { state: 'failing', failed: 6, retrying: 2, waiting: 2, lastStatus: 503 };
    await until(async () => JSON.stringify(await counts()) === JSON.stringify(retried));
    // One that waits its turn is not one that is being retried.
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    receiver.answer(async () => {
      await gate;
      return {};
    });
    await deliver(relay, 9, 9);
    await receiver.received(9);
    assert.deepEqual(await counts(), { ...retried, waiting: 3 });
    open();
    await until(async () => (await status(relay)).destinations[0]?.waiting === 2);
    assert.deepEqual(await counts(), { state: 'up', failed: 0, retrying: 2, waiting: 2, lastStatus: 200 });
    await relay.client.request('relay/retry', {});
    await relay.drained();
    assert.deepEqual(await counts(), { state: 'up', failed: 0, retrying: 0, waiting: 0, lastStatus: 200 });
  });
});

describe('a destination that cannot be reached', () => {
  it('is down: what waits says why, is charged no attempt, is tried one at a time, and flows in order when it answers', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const url = `${receiver.url}?token=planted`;
    const relay = await startTestRelay({ settings: { concurrency: 4, destinations: [{ url }] } });
    await deliver(relay, 1, 30);
    await reaches(relay, 'down');
    const before = await status(relay);
    assert.match(before.destinations[0]?.detail ?? '', /^cannot be reached: .*ECONNREFUSED/);
    assert.equal(before.destinations[0]?.waiting, 30);
    const waiting = await forwardingOf(relay);
    assert.deepEqual([waiting.state, waiting.attempts], ['waiting', 0]);
    assert.match(waiting.detail ?? '', /^cannot be reached: .*ECONNREFUSED/);
    let underWay = 0;
    let first = true;
    const back = await startReceiver({
      port: receiver.port,
      answer: async () => {
        underWay += 1;
        if (first) assert.equal(underWay, 1);
        await new Promise((resolve) => setImmediate(resolve));
        first = false;
        underWay -= 1;
        return {};
      },
    });
    await relay.drained();
    assert.equal(numberOf(back.requests[0]!), 1);
    assert.deepEqual(
      back.requests.map(numberOf).sort((a, b) => a - b),
      range(1, 30),
    );
    assert.equal((await forwardingOf(relay)).attempts, 1);
    const after = await status(relay);
    assert.deepEqual([after.destinations[0]?.state, after.destinations[0]?.detail], ['up', null]);
    assert.equal(relay.log.filter((entry) => /cannot reach /.test(entry.message)).length, 1);
    assert.equal(relay.log.filter((entry) => /answers again/.test(entry.message)).length, 1);
    assert.ok(!relay.log.some((entry) => entry.message.includes('planted')), 'a query may hold a token');
  });

  it('keeps the order with concurrency 1 through stops and starts, each notification sent once', async () => {
    let receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const seen: number[] = [];
    for (let round = 0; round < 3; round++) {
      await deliver(relay, round * 20 + 1, round * 20 + 10);
      await relay.drained();
      await receiver.stop();
      seen.push(...receiver.requests.map(numberOf));
      await deliver(relay, round * 20 + 11, round * 20 + 20);
      await reaches(relay, 'down');
      receiver = await startReceiver({ port: receiver.port });
      await relay.drained();
    }
    seen.push(...receiver.requests.map(numberOf));
    assert.deepEqual(seen, range(1, 60));
  });

  it('holds back no other destination', async () => {
    const away = await startReceiver();
    await away.stop();
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: away.url }, { url: receiver.url }] } });
    await deliver(relay, 1, 5);
    await receiver.received(5);
    await until(async () => (await status(relay)).counts.sent === 5);
    assert.equal((await status(relay)).counts.waiting, 5);
  });
});

describe('a destination that its settings hold', () => {
  it('is sent nothing though all is there that it needs, after a restart and by a replay neither, and all when it is held no more', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const destination = { url: receiver.url, credentialsName: 'c' };
    const secrets = { credentials: { c: { Authorization: 'a' } } };
    const held = { destinations: [{ ...destination, held: 'not agreed to' }] };
    const first = await startTestRelay({ dataDir, settings: held, secrets });
    await deliver(first, 1, 2);
    const [said] = (await status(first)).destinations;
    assert.deepEqual([said?.state, said?.detail, said?.waiting], ['held', 'not agreed to', 2]);
    assert.equal(said?.credentialsName, 'c');
    assert.equal((await forwardingOf(first)).detail, 'not agreed to');
    await first.stop();
    // What is remembered is enough to hold it: no client has said anything yet.
    const second = await startTestRelay({ dataDir, secrets });
    await second.client.request('notifications/replay', { ids: ['e1'] });
    await deliver(second, 3, 3);
    assert.equal((await status(second)).destinations[0]?.state, 'held');
    assert.equal((await status(second)).counts.held, 3);
    await second.client.request('relay/configure', { settings: { destinations: [destination] } });
    await receiver.received(3);
    assert.deepEqual(receiver.requests.map(numberOf), [1, 2, 3]);
    assert.equal(receiver.requests[0]?.header('authorization'), 'a');
  });
});

describe('what waits', () => {
  it('is resumed after a restart with the same bytes and headers, also for a destination that the settings no longer name', async () => {
    const receiver = await startReceiver({ answer: 'hang' });
    const dataDir = temporaryFolder();
    const first = await startTestRelay({
      dataDir,
      settings: { destinations: [{ url: receiver.url, headers: { 'X-Own': 'a' } }] },
    });
    await deliver(first, 1, 4);
    await receiver.received(1);
    await first.stop();
    receiver.answer({});
    const second = await startTestRelay({
      dataDir,
      settings: { destinations: [], timeZone: 'Asia/Tokyo', partSize: 1 },
    });
    await receiver.received(5);
    await second.drained();
    assert.deepEqual(receiver.requests.map(numberOf), [1, 1, 2, 3, 4]);
    assert.deepEqual(receiver.requests[1]?.body, receiver.requests[0]?.body);
    assert.deepEqual(receiver.requests[1]?.headers, receiver.requests[0]?.headers);
    assert.equal(receiver.requests[4]?.header('x-own'), 'a');
    // Nothing waits for it any more: it is forgotten.
    assert.deepEqual((await status(second)).destinations, []);
  });

  it('arrives once and in order where it is more than is held in memory', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const dataDir = temporaryFolder();
    // 5,000 notifications: two and a half times the window.
    const body = JSON.stringify({
      ListID: 'l',
      Events: range(1, 50).map((n) => ({ Type: 'Subscribe', EmailAddress: `${n}@example.com` })),
    });
    const settings = { partSize: 1, destinations: [{ url: receiver.url }] };
    const relay = await startTestRelay({ dataDir, settings });
    for (const answer of await Promise.all(range(1, 100).map(() => relay.deliver(body))))
      assert.equal(answer.status, 200);
    assert.equal((await status(relay)).counts.waiting, 5000);
    const ids: number[] = [];
    const idOf = (request: ReceivedRequest): Answer => {
      ids.push(Number(/"id":"(\d+)"/.exec(request.text)?.[1]));
      return {};
    };
    const back = await startReceiver({ port: receiver.port, answer: idOf });
    await until(() => ids.length > 1000, 60_000);
    await relay.stop();
    const restarted = await startTestRelay({ dataDir, settings });
    await restarted.deliver(sampleBody());
    await restarted.drained(60_000);
    await back.stop();
    // One may have been under way when it stopped.
    const doubled = ids.filter((id, index) => ids.indexOf(id) !== index);
    assert.ok(doubled.length <= 1, `sent twice: ${doubled.join()}`);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) === index),
      range(1, 5001),
    );
    assert.equal((await status(restarted)).counts.sent, 5001);
  }).timeout(150_000);

  it('is lost by no stop with requests under way', async () => {
    const receiver = await startReceiver({ answer: 'hang' });
    const dataDir = temporaryFolder();
    const settings = { concurrency: 8, destinations: [{ url: receiver.url }] };
    for (let round = 0; round < 3; round++) {
      const relay = await startTestRelay({ dataDir, settings });
      await deliver(relay, round * 10 + 1, round * 10 + 10);
      await receiver.received((round + 1) * 8);
      await relay.stop();
    }
    receiver.answer({});
    const from = receiver.requests.length;
    const last = await startTestRelay({ dataDir, settings });
    await last.drained();
    const numbers = receiver.requests.slice(from).map(numberOf);
    assert.deepEqual(
      [...numbers].sort((a, b) => a - b),
      range(1, 30),
    );
    assert.deepEqual([(await status(last)).counts.sent, (await status(last)).counts.failed], [30, 0]);
  });
});

describe('an attempt that cannot be recorded', () => {
  it('is logged once and not told as recorded; it is sent once in this run', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const told: string[] = [];
    relay.client.on('attempt/recorded', ({ attempts }) => told.push(...attempts.map((each) => each.notificationId)));
    const file = new DatabaseSync(storeFile(relay.dataDir));
    afterward(() => file.close());
    file.exec(`CREATE TRIGGER no BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'not today'); END`);
    await relay.deliver(numbered(1));
    const lost = () => relay.log.filter(({ level, message }) => level === 'error' && message.includes('not today'));
    await until(() => lost().length > 0);
    file.exec('DROP TRIGGER no');
    await relay.deliver(numbered(2));
    await until(() => told.length > 0);
    assert.deepEqual(told, ['n2']);
    assert.equal(lost().length, 1);
    assert.match(lost()[0]!.message, /^attempt 1 of n1 .*was answered 200.*retried after a restart/);
    assert.deepEqual(receiver.requests.map(numberOf), [1, 2]);
    assert.equal((await forwardingOf(relay, 'e1')).state, 'waiting');
    await relay.client.request('relay/configure', { settings: { retry: 'sap' } });
    await relay.deliver(numbered(3));
    await receiver.received(3);
    assert.deepEqual(receiver.requests.map(numberOf), [1, 2, 3]);
  });
});
