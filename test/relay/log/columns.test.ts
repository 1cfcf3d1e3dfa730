import assert from 'node:assert/strict';
import fc from 'fast-check';
import { columnLengths, cut } from '../../../src/relay/log/columns.ts';
import { startReceiver } from '../receiver.ts';
import { startTestRelay } from '../stage.ts';

describe('A text in a column', () => {
  it('is as it came where it fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        if (text.length <= 40) assert.equal(cut(text, 40), text);
      }),
    );
    assert.equal(cut('fives', 5), 'fives');
    assert.equal(cut(null, 5), null);
  });

  it('is cut to its length, marked, and without half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.integer({ min: 3, max: 30 }), (text, length) => {
        const short = cut(text, length);
        assert.ok(short.length <= length);
        if (text.length <= length) return;
        assert.ok(short.endsWith('…'));
        assert.ok(text.startsWith(short.slice(0, -1)));
        assert.doesNotMatch(short, /[\ud800-\udbff]…$/, 'no half of a pair');
        assert.equal(cut(short, length), short, 'and cut again it is the same');
      }),
    );
  });
});

describe('A delivery with texts that are too long for their columns', () => {
  const long = (letter: string): string => letter.repeat(5000);

  it('is taken, marked and forwarded whole, the other events of its batch as ever', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const body = JSON.stringify({
      ListID: long('l'),
      Events: [
        { Type: 'Subscribe', EmailAddress: 'ann@example.org', Date: '2026-01-01 10:00:00' },
        { Type: long('T'), EmailAddress: long('a'), Date: '2026-01-01 10:00:00' },
      ],
    });
    assert.equal((await relay.deliver(body)).status, 200);
    const { events, delivery, body: kept } = await relay.delivery();
    assert.deepEqual(
      events.map(({ type, address }) => [type?.length, address?.length]),
      [
        [9, 15],
        [columnLengths.type, columnLengths.address],
      ],
    );
    assert.equal(delivery.list?.length, columnLengths.list);
    assert.match(events[0]?.warning ?? '', /^ListID has 5000 characters, cut at 100$/);
    assert.match(events[1]?.warning ?? '', /Type has 5000 .*EmailAddress has 5000 characters, cut at 320/);
    assert.equal(kept.toString(), body);
    const [request] = await receiver.received(1);
    const sent = request!.json() as { message: { raw: unknown; events: { objectId: string }[] } };
    assert.deepEqual(sent.message.raw, JSON.parse(body));
    assert.equal(sent.message.events[1]?.objectId, long('a'), 'the notification is not cut');
  });

  it('is found by what it was sent with, and goes where its whole type and list say', async () => {
    const [yes, no] = [await startReceiver(), await startReceiver()];
    const relay = await startTestRelay({
      settings: {
        destinations: [
          { url: yes.url, types: [long('t')], lists: [long('L')] },
          { url: no.url, types: [`${'t'.repeat(columnLengths.type - 1)}…`] },
        ],
      },
    });
    await relay.deliver(JSON.stringify({ ListID: long('l'), Events: [{ Type: long('T'), EmailAddress: long('a') }] }));
    await yes.received(1);
    assert.equal(no.requests.length, 0);
    for (const filter of [`list:${'L'.repeat(900)}`, `type:${'t'.repeat(900)}`, `list:${'l'.repeat(99)}…`]) {
      const { events } = await relay.client.request('events/query', { filter });
      assert.equal(events.length, 1, filter.slice(0, 20));
    }
    const none = await relay.client.request('events/query', { filter: `list:${'l'.repeat(50)}` });
    assert.equal(none.events.length, 0);
  });
});
