import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { askedAnswerSchema, type AnsweringOnPurpose } from '../../../src/protocol/answering.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { connectToRelay } from '../../../src/protocol/relay-client.ts';
import { AnswerOnPurpose, type Purpose } from '../../../src/relay/receiving/answer-on-purpose.ts';
import { sign } from '../../../src/open-connectors/signature.ts';
import { startReceiver } from '../receiver.ts';
import { send, type HttpAnswer } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

type Asked = NonNullable<Params<'relay/answer'>['answer']>;

async function answering(relay: TestRelay, answer: Asked | null): Promise<void> {
  await relay.client.request('relay/answer', { answer });
}

async function onPurposeNow(relay: TestRelay): Promise<AnsweringOnPurpose | null> {
  const { answering: now } = await relay.client.request('relay/status', {});
  return now.state === 'on-purpose' ? now : null;
}

async function found(relay: TestRelay, filter: string): Promise<string[]> {
  const { events } = await relay.client.request('events/query', { filter });
  return events.map(({ deliveryId }) => deliveryId);
}

/** Posts a delivery without waiting for its answer; resolves when it is in the history. */
async function posted(relay: TestRelay, seed: number): Promise<{ readonly answer: Promise<HttpAnswer> }> {
  const added = new Promise<void>((resolve) => {
    const off = relay.client.on('event/added', () => {
      off();
      resolve();
    });
  });
  const answer = relay.deliver(sampleBody({ seed }));
  await added;
  return { answer };
}

describe('Answering on purpose', () => {
  it('answers each delivery with the status alone, keeps it with a mark, and forwards nothing, until it is ended', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await answering(relay, { status: 503, by: { kind: 'terminal', id: '7' } });
    const answer = await relay.deliver(sampleBody());
    assert.deepEqual([answer.status, answer.text, answer.header('retry-after')], [503, '', undefined]);
    const { delivery, events, notifications } = await relay.delivery();
    assert.deepEqual([delivery.status, delivery.httpStatus, delivery.answered], ['accepted', 503, 'on-purpose']);
    assert.equal(events[0]?.answered, 'on-purpose');
    assert.deepEqual(
      notifications.map(({ kind, forwardings }) => [kind, forwardings]),
      [['normalized', []]],
    );
    const { counts, answering: now } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.deliveries, counts.waiting, counts.sent], [1, 0, 0]);
    assert.ok(now.state === 'on-purpose');
    assert.deepEqual([now.status, now.delayMs, now.remaining, now.by], [503, 0, null, { kind: 'terminal', id: '7' }]);
    assert.equal(Date.parse(now.until) - Date.parse(now.since), 600_000, 'ten minutes where nothing is said');
    assert.equal((await send(relay.healthUrl, { method: 'GET' })).status, 204);
    assert.equal((await send(relay.campaignMonitorUrl, { method: 'GET' })).status, 405);

    await answering(relay, null);
    assert.equal(await onPurposeNow(relay), null);
    assert.equal((await relay.deliver(sampleBody({ seed: 2 }))).status, 200);
    await receiver.received(1);
    assert.deepEqual(await found(relay, 'answered:on-purpose'), ['d1']);
    assert.deepEqual(await found(relay, 'answered:as-usual'), ['d2']);
    assert.equal((await relay.delivery('d2')).delivery.answered, undefined);
    assert.deepEqual(
      relay.log.filter(({ message }) => message.includes('answering deliveries')).map(({ message }) => message),
      [
        `answering deliveries on purpose with 503 until ${now.until}; asked by a terminal (7)`,
        'answering deliveries as usual again, asked to; answered with 503: 1',
      ],
    );
  });

  it('answers so whatever is posted, and asks no breakpoint about it', async () => {
    const relay = await startTestRelay({ secrets: { verifyKeys: { platform: 'a verify key' } } });
    await relay.client.request('debug/breakpoints', { add: [{ at: 'rejected' }, { at: 'wrong-signature' }] });
    await answering(relay, { status: 500 });
    const platform = JSON.stringify({ message: { eventId: 'p', events: [{ eventType: 'Subscribe', objectId: 'a' }] } });
    const large = Buffer.alloc(5_300_000, ' ');
    const all = [
      await relay.deliver('{}'),
      await relay.deliver('neither JSON nor XML'),
      await relay.deliver(large),
      await send(relay.openConnectorsUrl, { body: platform }),
      await send(relay.openConnectorsUrl, {
        body: platform,
        headers: { 'Elements-Webhook-Signature': sign(Buffer.from(platform), 'a verify key') },
      }),
    ];
    assert.deepEqual(
      all.map(({ status, text }) => [status, text]),
      all.map(() => [500, '']),
    );
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ kind, httpStatus, answered, signature, reason }) => [
        kind,
        httpStatus,
        answered,
        signature,
        reason,
      ]),
      [
        ['event', 500, 'on-purpose', 'valid', null],
        ['event', 500, 'on-purpose', 'missing', null],
        ['rejected', 500, 'on-purpose', null, 'the body is larger than 5242880 bytes'],
        ['rejected', 500, 'on-purpose', null, events[3]?.reason],
        ['test', 500, 'on-purpose', null, null],
      ],
    );
    assert.match(events[3]?.reason ?? '', /neither JSON nor XML|not JSON/i);
    const { counts, sending } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.rejected, counts.tests, sending.state], [2, 1, 'flowing']);
  });

  it('can be resent, and goes then where it would have gone', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url }, { url: receiver.url, mode: 'raw' }] },
    });
    await answering(relay, { status: 429 });
    const body = sampleBody({ events: 3 });
    await relay.deliver(body);
    const { notificationIds } = await relay.client.request('notifications/replay', { ids: ['d1'] });
    assert.deepEqual(notificationIds, ['n1', 'n2']);
    await receiver.received(2);
    assert.deepEqual(receiver.requests.filter(({ text }) => text === body).length, 1, 'the bytes to the raw one');
    await until(async () => (await found(relay, 'answered:on-purpose state:sent')).length === 3);
  });

  it('can be resent by any of its events to a raw destination, and is sent then with all of them', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, mode: 'raw' }], partSize: 1 },
    });
    await answering(relay, { status: 503 });
    const body = sampleBody({ events: 3 });
    await relay.deliver(body);
    const { counts } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.waiting, counts.sent], [0, 0]);
    assert.deepEqual(await relay.client.request('notifications/replay', { ids: ['e3'] }), {
      ...{ replayed: 1, notificationIds: ['n4'] },
    });
    await receiver.received(1);
    assert.equal(receiver.requests[0]?.text, body);
    await until(async () => (await found(relay, 'answered:on-purpose state:sent')).length === 3);
  });

  it('ends after a count, however many come at once', async () => {
    const relay = await startTestRelay();
    await answering(relay, { status: 418, count: 7 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, seed) => relay.deliver(sampleBody({ seed }))));
    const ofStatus = (status: number): number => answers.filter((each) => each.status === status).length;
    assert.deepEqual([ofStatus(418), ofStatus(200)], [7, 13]);
    assert.equal(await onPurposeNow(relay), null);
    assert.equal((await found(relay, 'answered:on-purpose')).length, 7);
    assert.match(relay.log.at(-1)?.message ?? '', /as usual again, by its count; answered with 418: 7/);
  });

  it('ends by its time, and says so to whoever listens', async () => {
    const relay = await startTestRelay();
    const told: string[] = [];
    relay.client.on('status/changed', ({ status }) => told.push(status.answering.state));
    await answering(relay, { status: 503, forMs: 1000 });
    assert.equal((await relay.deliver(sampleBody())).status, 503);
    await until(() => told.includes('on-purpose') && told.at(-1) === 'as-usual');
    assert.equal((await relay.deliver(sampleBody({ seed: 2 }))).status, 200);
  });

  it('is as usual after a restart', async () => {
    const relay = await startTestRelay();
    await answering(relay, { status: 503, forMs: 86_400_000 });
    await relay.deliver(sampleBody());
    await relay.stop();
    const again = await startTestRelay({ dataDir: relay.dataDir });
    assert.equal(await onPurposeNow(again), null);
    assert.equal((await again.deliver(sampleBody({ seed: 2 }))).status, 200);
    assert.deepEqual(await found(again, 'answered:on-purpose'), ['d1'], 'the mark is on disk');
  });

  it('holds answers back for the delay, when what came is in the history already, and lets them go when it is ended', async () => {
    const relay = await startTestRelay();
    await answering(relay, { status: 502, delayMs: 60_000 });
    const first = await posted(relay, 1);
    const second = await posted(relay, 2);
    assert.equal((await send(relay.healthUrl, { method: 'GET' })).status, 204);
    assert.deepEqual(await found(relay, 'answered:on-purpose'), ['d2', 'd1']);
    assert.equal(
      await Promise.race([first.answer, second.answer, relay.client.request('relay/status', {}).then(() => 0)]),
      0,
    );
    await answering(relay, null);
    assert.deepEqual([(await first.answer).status, (await second.answer).status], [502, 502]);
  });

  it('holds no more than a hundred answers back: the next goes out at once', async () => {
    const relay = await startTestRelay();
    await answering(relay, { status: 503, delayMs: 60_000 });
    const waiting = Array.from({ length: 100 }, (_, seed) => relay.deliver(sampleBody({ seed })));
    await until(async () => (await relay.client.request('relay/status', {})).counts.deliveries === 100);
    assert.equal((await relay.deliver(sampleBody({ seed: 101 }))).status, 503);
    assert.equal((await relay.delivery('d101')).delivery.answered, 'on-purpose');
    await relay.stop();
    const answers = await Promise.all(waiting);
    assert.deepEqual(
      answers.filter(({ status }) => status !== 503),
      [],
      'a relay that ends lets them go',
    );
  });

  it('takes no status, delay, count or time beyond its limits', async () => {
    const relay = await startTestRelay();
    const client = await connectToRelay(relay.dataDir);
    const wrong: readonly (Partial<Asked> & object)[] = [
      { status: 199 },
      { status: 600 },
      { status: 503.5 },
      { delayMs: -1 },
      { delayMs: 60_001 },
      { count: 0 },
      { count: 100_001 },
      { forMs: 999 },
      { forMs: 86_400_001 },
    ];
    for (const each of wrong) {
      await assert.rejects(
        client.request('relay/answer', { answer: { status: 503, ...each } }),
        { code: 'invalid-params' },
        JSON.stringify(each),
      );
    }
    assert.equal(await onPurposeNow(relay), null);
    client.close();
  });
});

describe('AnswerOnPurpose', () => {
  it('logs how many were answered so, without those that were given back', () => {
    const logged: string[] = [];
    const onPurpose = new AnswerOnPurpose({ onChange: () => undefined, log: (_, message) => logged.push(message) });
    onPurpose.begin(asked());
    onPurpose.take();
    const refused = onPurpose.take();
    assert.ok(refused !== null);
    onPurpose.giveBack(refused);
    onPurpose.end();
    assert.match(logged.at(-1) ?? '', /answered with 503: 1$/);
  });

  const asked = (rest: Partial<Asked> = {}) => askedAnswerSchema.parse({ status: 503, ...rest });

  it('agrees with a plain model, whatever is asked, taken, given back and however the time goes', () => {
    type Command =
      | { readonly do: 'begin'; readonly status: number; readonly count: number | undefined; readonly seconds: number }
      | { readonly do: 'end' | 'take' | 'give-back' }
      | { readonly do: 'wait'; readonly seconds: number };
    const command: fc.Arbitrary<Command> = fc.oneof(
      fc.record({
        do: fc.constant('begin' as const),
        status: fc.integer({ min: 200, max: 599 }),
        count: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        seconds: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ do: fc.constantFrom('end' as const, 'take', 'take', 'take', 'give-back') }),
      fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        let now = 1_000_000;
        const onPurpose = new AnswerOnPurpose({ onChange: () => undefined, log: () => undefined, now: () => now });
        /** What was asked for last, with what is left of it; over where it was ended. */
        let model: { status: number; left: number; until: number; over: boolean } | undefined;
        /** What was taken and not given back, and of which asking. */
        const taken: { readonly purpose: Purpose; readonly of: typeof model }[] = [];
        const inForce = (): boolean => model !== undefined && !model.over && model.left > 0 && now < model.until;
        for (const each of commands) {
          if (each.do === 'begin') {
            const { status, count, seconds } = each;
            onPurpose.begin(asked({ status, forMs: seconds * 1000, ...(count !== undefined && { count }) }));
            model = { status, left: count ?? Infinity, until: now + seconds * 1000, over: false };
          } else if (each.do === 'end') {
            onPurpose.end();
            if (model !== undefined) model.over = true;
          } else if (each.do === 'wait') now += each.seconds * 1000;
          else if (each.do === 'take') {
            const isIn = inForce();
            const purpose = onPurpose.current === null ? null : onPurpose.take();
            assert.equal(purpose?.status, isIn ? model?.status : undefined);
            if (purpose !== null && model !== undefined) {
              taken.push({ purpose, of: model });
              model.left -= 1;
            }
          } else {
            const last = taken.pop();
            if (last === undefined) continue;
            onPurpose.giveBack(last.purpose);
            if (last.of !== undefined) last.of.left += 1;
          }
          const { answering: shown } = onPurpose;
          assert.equal(shown.state, inForce() ? 'on-purpose' : 'as-usual', JSON.stringify(each));
          if (shown.state !== 'on-purpose' || model === undefined) continue;
          assert.deepEqual(
            [shown.status, shown.remaining, Date.parse(shown.until)],
            [model.status, model.left === Infinity ? null : model.left, model.until],
          );
        }
        onPurpose.end();
      }),
      { numRuns: countRuns(300) },
    );
  });
});
