import assert from 'node:assert/strict';
import { openForReading } from '../../../src/relay/log/database.ts';
import { EventMatcher } from '../../../src/relay/history/event-matcher.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { afterward } from '../afterward.ts';
import { failReading } from '../failing-statements.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

const names = ['Jane Doe', 'Ophélia', 'of York'];

/** What a filter finds in the whole history, and what it finds delivery by delivery. */
async function findBoth(): Promise<(filter: string) => Promise<{ searched: string[]; matched: string[] }>> {
  const relay = await startTestRelay();
  const events = names.map((Name, at) => ({
    ...{ Type: at === 1 ? 'Update' : 'Subscribe', EmailAddress: `jane.${at}@example.org`, Name },
    CustomFields: [{ Key: 'age', Value: String(40 + at) }],
  }));
  await relay.deliver(JSON.stringify({ ListID: '96c0', Events: events }));
  await relay.deliver(JSON.stringify({ ListID: '96c0', Events: events.slice(0, 1) }));
  await relay.deliver('no json');
  await relay.deliver(sampleBody({ type: 'Deactivate', email: `${'long'.repeat(100)}@example.org` }));
  const platform = { message: { events: [{ eventType: 'CREATED', objectId: 'b@example.org' }], eventId: 'x' } };
  await relay.client.request('deliveries/inject', {
    source: 'open-connectors',
    body: { text: JSON.stringify(platform) },
  });
  const db = openForReading(storeFile(relay.dataDir));
  afterward(() => db.close());
  const matcher = new EventMatcher(db);
  return async (filter) => {
    const query = await relay.client.request('events/query', { filter, limit: 100 });
    const matched = [3, 1, 1, 1, 1].flatMap((count, at) =>
      matcher.matching(filter, { deliveryId: at + 1, firstEvent: 0, count }),
    );
    return { searched: query.events.map(({ id }) => id).reverse(), matched: matched.map((id) => `e${id}`) };
  };
}

describe('A filter that is asked about events on their way', () => {
  it('finds those that it finds in the history, in their order', async () => {
    const find = await findBoth();
    const found = new Map<string, readonly string[]>();
    for (const filter of [
      ...['', 'type:subscribe', 'type:update,SUBSCRIBE', 'Type:deactivate', 'list:96C0', 'list:96c', 'kind:rejected'],
      ...['address:jane', 'address:exam', 'address:@Example.org', 'address:ane', 'address:joan,jane.1', 'address:long'],
      ...['source:open-connectors', 'source:campaign-monitor kind:event', 'delivery:d2', 'delivery:8', 'duplicate:yes'],
      ...['duplicate:no', 'signature:missing', 'signature:unchecked', 'answered:on-purpose', 'answered:as-usual'],
      ...['since:1h', 'until:1h', 'since:2h until:2099-01-01', 'jane', 'ophelia', '"of York"', 'york of', '41', 'json'],
      ...['type:subscribe doe', 'address:jane type:update', 'event.type', 'created', 'b@example.org'],
    ]) {
      const { searched, matched } = await find(filter);
      assert.deepEqual(matched, searched, filter);
      found.set(filter, matched);
    }
    assert.deepEqual(found.get('ophelia'), ['e2']);
    assert.deepEqual(found.get('duplicate:yes'), ['e4']);
    assert.deepEqual(found.get('kind:rejected'), ['e5']);
    assert.equal(found.get('')?.length, 7);
  });

  it('is asked about the events of one notification alone', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 5 }));
    const db = openForReading(storeFile(relay.dataDir));
    afterward(() => db.close());
    const matcher = new EventMatcher(db);
    const asked = { deliveryId: 1, firstEvent: 1, count: 2 };
    assert.deepEqual(matcher.matching('type:subscribe', asked), [2, 3]);
    assert.deepEqual(matcher.matching('example.org', asked), [2, 3]);
    assert.deepEqual(matcher.matching('', { ...asked, deliveryId: 9 }), []);
  });

  it('is answered again after a read that failed', async () => {
    const relay = await startTestRelay();
    for (let delivery = 0; delivery < 3; delivery++) await relay.deliver(sampleBody({ events: 2 }));
    const db = openForReading(storeFile(relay.dataDir));
    afterward(() => db.close());
    const matcher = new EventMatcher(db);
    const find = (deliveryId: number) => matcher.matching('example.org', { deliveryId, firstEvent: 1, count: 1 });
    assert.deepEqual(find(1), [2]);
    const fault = failReading(/content_type.* FROM deliveries WHERE id = /);
    assert.throws(() => find(2), /disk I\/O error/);
    fault.fix();
    assert.deepEqual([find(2), find(3)], [[4], [6]]);
  });
});
