import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keptRefusedBytes, tooMuchToRead, tooMuchToSend } from '../../src/normalizer/delivery-limits.ts';
import { partsOf } from '../../src/normalizer/normalize.ts';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody, startTestRelay } from '../relay/stage.ts';

const values = (count: number): string => `[${Array.from({ length: count }, () => '1').join(',')}]`;
const events = (count: number, event = '{}'): string =>
  `{"ListID":"l","Events":[${Array.from({ length: count }, () => event).join(',')}]}`;

describe('The bounds of one delivery', () => {
  it('hold a thousand events of the vendor’s, with a hundred custom fields each, in parts of any size', () => {
    const [sample] = sampleDeliveries({ types: ['Subscribe'], count: 1, batch: 1000, seed: 1 });
    const delivery = JSON.parse(sample!.text) as { Events: { CustomFields: object[] }[] };
    for (const event of delivery.Events) {
      event.CustomFields = Array.from({ length: 100 }, (_, index) => ({ Key: `f${index}`, Value: `value ${index}` }));
    }
    const body = Buffer.from(JSON.stringify(delivery));
    assert.equal(tooMuchToRead(body), null);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 50 }), (partSize, destinations) => {
        assert.equal(tooMuchToSend(1000, 5_242_880, partsOf(1000, partSize), destinations), null);
      }),
    );
  });

  it('count values in every character set, those in strings too, and none of a small body', () => {
    const text = values(350_002);
    assert.match(tooMuchToRead(Buffer.from(text)) ?? '', /more than 350000 values/);
    assert.match(tooMuchToRead(Buffer.from(text, 'utf16le')) ?? '', /more than 350000 values/);
    assert.match(tooMuchToRead(Buffer.from(JSON.stringify(text))) ?? '', /more than 350000 values/);
    assert.equal(tooMuchToRead(Buffer.from(values(349_990))), null);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => assert.equal(tooMuchToRead(bytes), null)));
  });

  it('count what the parts come to, and where they go', () => {
    assert.match(tooMuchToSend(10_000, 5_000_000, partsOf(10_000, 20), 1) ?? '', /500 notifications.* 2384 MB/);
    assert.equal(tooMuchToSend(10_000, 5_000_000, partsOf(10_000, 1000), 1), null);
    assert.match(tooMuchToSend(10_000, 1000, partsOf(10_000, 1), 50) ?? '', /to 50 destinations are more than 100000/);
  });
});

describe('As much as a bound says', () => {
  it('is taken, and one more is not', () => {
    assert.equal(tooMuchToRead(Buffer.from(values(350_000))), null);
    assert.match(tooMuchToRead(Buffer.from(values(350_001))) ?? '', /more than 350000 values/);
    const part = partsOf(20, 20);
    assert.equal(tooMuchToSend(20, 268_435_456, part, 1), null);
    assert.match(tooMuchToSend(20, 268_435_457, part, 1) ?? '', /at most 256 MB/);
    assert.equal(tooMuchToSend(10_000, 1, partsOf(10_000, 1), 10), null);
    assert.match(tooMuchToSend(100_001, 1, partsOf(100_001, 1), 1) ?? '', /more than 100000/);
  });
});

describe('A delivery beyond its bounds', () => {
  const assertRefused = async (body: string, reason: RegExp, settings = {}): Promise<void> => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], ...settings } });
    const answer = await relay.deliver(body);
    assert.equal(answer.status, 413, answer.text);
    assert.match(answer.text, reason);
    const { delivery, body: kept, events: rows, notifications } = await relay.delivery();
    assert.deepEqual(
      [delivery.status, delivery.httpStatus, delivery.bodyBytes, delivery.truncated],
      ['rejected', 413, body.length, body.length > keptRefusedBytes],
    );
    assert.equal(`${delivery.reason}\n`, answer.text);
    assert.equal(kept.toString(), body.slice(0, keptRefusedBytes), 'its first bytes tell what it was');
    assert.deepEqual([rows[0]?.kind, rows.length, notifications.length], ['rejected', 1, 0]);
    assert.equal((await relay.deliver(sampleBody({ events: 1000 }))).status, 200);
    await receiver.received(50);
  };

  it('is recorded as rejected and answered 413 where it has too many events, with how many are taken', async () => {
    await assertRefused(events(10_001), /holds 10001 events, of which at most 10000 are taken at once/);
    await assertRefused(events(1001), /at most 1000 are taken/, { maxEvents: 1000 });
  });

  it('likewise where it has too many values, or its parts come to too much', async () => {
    await assertRefused(`{"Events":[{"CustomFields":${values(350_001)}}]}`, /more than 350000 values/);
    await assertRefused(
      events(10_000, JSON.stringify({ Name: 'n'.repeat(400) })),
      /notifications, each with the whole body/,
    );
  });

  it('likewise where one of its objects has too many members, in every form', async () => {
    const members = Array.from({ length: 1001 }, (_, index) => `"f${index}":[{}]`).join(',');
    const reason = /one of its objects has more than 1000 members/;
    await assertRefused(`{"Events":[{${members}}]}`, reason);
    const fields = Array.from({ length: 1001 }, (_, index) => `<f${index}/>`).join('');
    await assertRefused(`<r><Events><Event>${fields}</Event></Events></r>`, /more than 1000 names of elements/);
    const relay = await startTestRelay();
    const utf16 = Buffer.from(`\ufeff{"Events":[{"İ":1,${members}}]}`, 'utf16le');
    assert.match((await relay.deliver(utf16)).text, reason);
    const notification = `{"message":{"events":[],"raw":{${members}}}}`;
    assert.match((await send(relay.openConnectorsUrl, { body: notification })).text, reason);
    const most = `{"Events":[{"x":"${',{:'.repeat(5000)}",${members.replace('"f0":[{}],"f1":[{}],', '')}}]}`;
    assert.equal((await relay.deliver(most)).status, 200);
  });
});

describe('As many events as are taken', () => {
  it('are acknowledged, listed and sent', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], concurrency: 8 } });
    assert.equal((await relay.deliver(events(10_000))).status, 200);
    const { events: rows, notifications, delivery } = await relay.delivery();
    assert.deepEqual([rows.length, notifications.length, delivery.eventCount], [10_000, 500, 10_000]);
    await receiver.received(500);
  });
});
