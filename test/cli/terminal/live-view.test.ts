import assert from 'node:assert/strict';
import { LiveView } from '../../../src/cli/terminal/live-view.ts';
import { localTime } from '../../../src/cli/terminal/text.ts';
import { settingsSchema } from '../../../src/protocol/settings.ts';
import type { Attempt, Delivery, EventRow } from '../../../src/protocol/history.ts';
import type { Status } from '../../../src/protocol/status.ts';

let at = '';

function delivery(change: Partial<Delivery> = {}): Delivery {
  return {
    id: 'd7',
    source: 'campaign-monitor',
    status: 'accepted',
    injected: false,
    receivedAt: at,
    httpStatus: 200,
    reason: null,
    list: 'abc',
    signature: null,
    contentType: 'application/json',
    bodyBytes: 300,
    truncated: false,
    eventCount: 1,
    editOf: null,
    ...change,
  };
}

function event(change: Partial<EventRow> = {}): EventRow {
  return {
    id: 'e12',
    deliveryId: 'd7',
    kind: 'event',
    source: 'campaign-monitor',
    injected: false,
    receivedAt: at,
    type: 'Subscribe',
    list: 'abc',
    address: 'jane@example.org',
    date: null,
    warning: null,
    duplicateOf: null,
    signature: null,
    reason: null,
    httpStatus: 200,
    notificationId: 'n9',
    inDelivery: { position: 1, of: 1 },
    forwardings: [],
    ...change,
  };
}

function attempt(change: Partial<Attempt> = {}): Attempt {
  return {
    notificationId: 'n9',
    deliveryId: 'd7',
    destinationId: 't1',
    destination: 'http://localhost:3000/callback',
    number: 1,
    ofRound: change.number ?? 1,
    at,
    durationMs: 12,
    status: 200,
    error: null,
    outcome: 'sent',
    nextAttemptAt: null,
    ...change,
  };
}

const plain = (columns = Infinity): LiveView =>
  new LiveView(
    (_format, text) => text,
    () => columns,
  );
let time = '';
/** Of each spec: a time of another day is shown with its date. */
beforeEach(() => {
  at = new Date().toISOString();
  time = localTime(at);
});

describe('the live view', () => {
  it('shows one event in one line', () => {
    assert.equal(plain().delivery(delivery(), [event()]), `${time} ● e12    Subscribe  jane@example.org  list abc`);
    assert.match(
      plain().delivery(delivery(), [event({ duplicateOf: 'e3', warning: 'no date' })]),
      /no date {2}duplicate of e3$/,
    );
  });

  it('shows an attempt with its answer and what comes next', () => {
    const view = plain();
    assert.equal(view.attempt(attempt()), `${time} ✓ n9     → localhost:3000/callback  200 in 12 ms`);
    const soon = new Date(Date.now() + 60_000).toISOString();
    assert.match(
      view.attempt(attempt({ outcome: 'failed', status: 400, error: 'answered 400' })),
      /callback {2}400 in 12 ms, will not retry$/,
    );
    assert.match(
      view.attempt(attempt({ outcome: 'retrying', status: 500, number: 2, nextAttemptAt: soon })),
      /↻ n9 +→ localhost:3000\/callback {2}500 in 12 ms, attempt 3 of 6 in \d+ s$/,
    );
    view.configured({ settings: settingsSchema.parse({ retry: 'cloud-elements' }) } as Status);
    assert.match(view.attempt(attempt({ outcome: 'retrying', status: 500 })), /attempt 2 of 10$/);
    // After a replay the policy begins anew, and attempts are counted on.
    const replayed = attempt({ outcome: 'retrying', status: 500, number: 12, ofRound: 2 });
    assert.match(view.attempt(replayed), /attempt 13 of 20$/);
    // The policy has become another meanwhile, with fewer.
    assert.match(view.attempt(attempt({ outcome: 'retrying', status: 500, number: 10 })), / in 12 ms, will retry$/);
    assert.match(
      view.attempt(attempt({ outcome: 'failed', status: null, error: 'no answer within 10 s' })),
      /✗ .* no answer within 10 s in 12 ms, will not retry$/,
    );
  });

  it('never lets received data drive the terminal', () => {
    const line = plain().delivery(delivery({ list: 'a\x1b]0;x\x07' }), [
      event({ address: 'a\r\x1b[2K@b', type: '\x9b31m' }),
    ]);
    assert.doesNotMatch(line, /\p{Control}/u);
    assert.doesNotMatch(plain().attempt(attempt({ status: null, error: '\x1b[31m' })), /\p{Control}/u);
  });

  it('keeps the answer of an attempt on a narrow terminal, and shortens where it went', () => {
    const destination = 'https://staging.example.org/campaign-monitor/callback/of/the/newsletter';
    for (const columns of [60, 80, 120]) {
      const soon = new Date(Date.now() + 8_000).toISOString();
      const retrying = attempt({ destination, outcome: 'retrying', status: 503, number: 2, nextAttemptAt: soon });
      const line = plain(columns).attempt(retrying);
      assert.ok(line.length <= columns, line);
      assert.match(line, / → staging\S*…? {2}503 in 12 ms/);
      const failed = plain(columns).attempt(attempt({ destination, outcome: 'failed', status: null, error: 'reset' }));
      assert.match(failed, / → staging\S*…? {2}reset in 12 ms, will not retry$/);
    }
    assert.ok(plain(200).attempt(attempt({ destination })).includes('/of/the/newsletter  200'));
  });

  it('tells what came of the notifications of a batch in one line', () => {
    const outcome = {
      ...{ deliveryId: 'd7', destination: 'http://localhost:3000/callback', parts: 50, slowestMs: 40 },
      ...{ sent: 50, failed: 0, retrying: 0, last: attempt() },
    };
    assert.equal(
      plain().batch(outcome),
      `${time} ✓ d7     → localhost:3000/callback  50 notifications sent, 200 in 40 ms at most`,
    );
    const faulty = {
      ...outcome,
      sent: 10,
      failed: 1,
      retrying: 2,
      last: attempt({ status: 503, outcome: 'failed' }),
    };
    assert.match(plain().batch(faulty), /✗ d7 .* 50 notifications: 10 sent, 1 failed, 2 to retry \(503\)$/);
    assert.ok(plain(60).batch(faulty).length <= 60);
  });

  it('says when the public URL has changed', () => {
    const line = plain().tunnel({
      state: 'open',
      kind: 'localtunnel',
      url: 'https://b.example',
      reason: '',
      said: [],
      since: at,
      previousUrl: 'https://a.example',
    });
    assert.match(line, /tunnel localtunnel open https:\/\/b\.example, replaces https:\/\/a\.example: update webhooks/);
    assert.match(
      plain().tunnel({ state: 'failed', kind: 'ngrok', reason: 'ngrok is not installed', said: [] }),
      /tunnel ngrok failed \(ngrok is not installed\)$/,
    );
  });
});
