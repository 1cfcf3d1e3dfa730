import assert from 'node:assert/strict';
import type { EventRow, Forwarding, Notification } from '../../src/protocol/history.ts';
import { fittingAnswer, fittingRows, mostRows } from '../../src/protocol/message-size.ts';
import { startReceiver } from '../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../relay/stage.ts';

const forwarding = (urlLength: number): Forwarding => ({
  notificationId: 'n1234567',
  destinationId: 't1',
  destination: `http://127.0.0.1/${'u'.repeat(urlLength)}`,
  mode: 'normalized',
  state: 'waiting',
  attempts: 0,
  ofRound: 0,
  maxAttempts: null,
  nextAttemptAt: null,
  status: null,
  durationMs: null,
  detail: null,
  heldBy: null,
  breakpointId: null,
});

const row = (number: number, forwardings: Forwarding[] = []): EventRow => ({
  id: `e${number}`,
  deliveryId: 'd1',
  kind: 'event',
  source: 'campaign-monitor',
  injected: false,
  receivedAt: '2026-01-01T00:00:00.000Z',
  type: 'Subscribe',
  list: 'l'.repeat(32),
  address: 'ann@example.org',
  date: '2026-01-01T00:00:00Z',
  warning: null,
  duplicateOf: null,
  signature: null,
  reason: null,
  httpStatus: 200,
  notificationId: 'n1',
  inDelivery: { position: 1, of: 1 },
  forwardings,
});

const rows = (count: number, forwardings: Forwarding[] = []): EventRow[] =>
  Array.from({ length: count }, (_, index) => row(index + 1, forwardings));

describe('A message about what came in', () => {
  it('has a bound in rows and one in bytes, and at least one row', () => {
    assert.equal(fittingRows(rows(2000)).length, mostRows);
    const many = Array.from({ length: 50 }, () => forwarding(2000));
    const fitting = fittingRows(rows(1000, many));
    assert.ok(JSON.stringify(fitting).length < 4_500_000, `${fitting.length} rows`);
    assert.ok(fitting.length > 20);
    assert.equal(fittingRows([row(1, [forwarding(10_000_000)])]).length, 1);
    assert.equal(fittingRows([]).length, 0);
  });

  it('leaves out forwardings from an answer about one delivery that would be too long, and counts them', () => {
    const many = Array.from({ length: 50 }, () => forwarding(2000));
    const notification = (part: number): Notification => ({
      id: `n${part + 1}`,
      deliveryId: 'd1',
      kind: 'normalized',
      part,
      parts: 500,
      eventId: 'x',
      createdAt: '2026-01-01T00:00:00.000Z',
      eventIds: [],
      forwardings: many,
    });
    const notifications = Array.from({ length: 500 }, (_, part) => notification(part));
    const answer = fittingAnswer(rows(10_000, many), notifications);
    assert.deepEqual([answer.events.length, answer.notifications.length], [10_000, 500]);
    assert.ok(JSON.stringify(answer).length < 45_000_000);
    const left = [...answer.events, ...answer.notifications].reduce((sum, each) => sum + each.forwardings.length, 0);
    assert.equal(answer.omittedForwardings, 10_500 * 50 - left);
    assert.equal(fittingAnswer(rows(1000, [forwarding(50)]), []).omittedForwardings, 0);
  });
});

describe('A page of the history', () => {
  it('ends early where its rows are long, and goes on without a gap', async () => {
    const destinations = Array.from({ length: 20 }, (_, index) => ({
      url: `http://127.0.0.1:9/${index}${'u'.repeat(2000)}`,
    }));
    const relay = await startTestRelay({ settings: { destinations } });
    await relay.deliver(sampleBody({ events: 300 }));
    const ids: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const page = await relay.client.request('events/query', { limit: 1000, ...(before && { before }) });
      assert.ok(JSON.stringify(page).length < 5_000_000);
      ids.push(...page.events.map(({ id }) => id));
      before = page.next ?? undefined;
      pages += 1;
    } while (before !== undefined);
    assert.deepEqual(
      ids,
      Array.from({ length: 300 }, (_, index) => `e${300 - index}`),
    );
    assert.ok(pages > 2, `${pages} pages`);
  });
});

describe('A callback that answers at length for each of very many attempts', () => {
  it('makes no answer of the relay longer than it may be, and its words are cut in the row', async () => {
    const receiver = await startReceiver();
    receiver.answer({
      status: 302,
      headers: { location: `http://127.0.0.1/${'l'.repeat(8000)}` },
      body: 'x'.repeat(65_536),
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    const replays = 150;
    for (let sent = 1; sent <= replays; sent++) {
      await receiver.received(sent);
      await relay.drained();
      if (sent < replays) await relay.client.request('notifications/replay', { ids: ['n1'] });
    }
    const found = await relay.client.request('events/get', { id: 'e1' });
    assert.equal(found.attempts.length, replays);
    assert.ok(JSON.stringify(found).length < 9_500_000);
    const { detail } = found.event.forwardings[0]!;
    assert.ok((detail?.length ?? 0) <= 500, 'what it says is cut');
    assert.ok(found.attempts.every(({ error }) => (error?.length ?? 0) <= 500));
    assert.equal(Buffer.from(found.attempts.at(-1)!.answerBody, 'base64').length, 65_536);
  });
});
