import assert from 'node:assert/strict';
import { destinationSchema } from '../../../src/protocol/settings.ts';
import { attemptOf, protocolAttemptOf, type Sent } from '../../../src/relay/sending/attempt.ts';
import type { SendResult } from '../../../src/relay/sending/outbound.ts';
import type { Job } from '../../../src/relay/sending/waiting.ts';

const destination = destinationSchema.parse({ url: 'http://callback.test/hook' });
const job: Job = {
  ...{ notificationId: 9, deliveryId: 4, destinationId: 2, attempts: 7, roundStart: 6, nextAt: null },
  ...{ released: null, looked: true },
};
const sent: Sent = { at: 1_700_000_000_000, durationMs: 1.23456, destination, withheld: [] };
const answer: SendResult = {
  kind: 'answer',
  status: 503,
  headers: [['x-a', '1']],
  body: Buffer.from('no'),
  truncated: true,
};

describe('the record of an attempt', () => {
  it('holds the answer, and why it failed', () => {
    const verdict = { outcome: 'retrying', delayMs: 1, detail: 'answered 503' } as const;
    const { attempt, detail } = attemptOf(job, sent, answer, verdict, 1_700_000_001_000);
    assert.deepEqual(attempt, {
      notificationId: 9,
      destinationId: 2,
      number: 8,
      at: 1_700_000_000_000,
      durationMs: 1.235,
      status: 503,
      error: 'answered 503',
      outcome: 'retrying',
      nextAt: 1_700_000_001_000,
      headers: [['x-a', '1']],
      body: Buffer.from('no'),
      truncated: true,
    });
    assert.equal(detail, 'answered 503');
  });

  it('of a success has no reason; of what got no answer has the reason alone', () => {
    const success = attemptOf(job, sent, { ...answer, status: 200 }, { outcome: 'sent' }, null);
    assert.deepEqual([success.attempt.error, success.detail], [null, null]);
    const verdict = { outcome: 'failed', detail: 'reset' } as const;
    const { attempt } = attemptOf(job, sent, { kind: 'broken', error: 'reset' }, verdict, null);
    assert.deepEqual(
      [attempt.status, attempt.error, attempt.headers, attempt.body.length, attempt.truncated],
      [null, 'reset', [], 0, false],
    );
  });

  it('names once the headers of the sender that could not go along, and is cut to what is kept', () => {
    const verdict = { outcome: 'failed', detail: 'x'.repeat(2000) } as const;
    const { attempt, detail } = attemptOf(job, { ...sent, withheld: ['Cookie', 'Cookie'] }, answer, verdict, null);
    const note = "x…; sent without the sender's Cookie (kept only in memory)";
    assert.ok(detail?.endsWith(note) && detail.length === 500, detail ?? '');
    assert.equal(attempt.error, detail);
  });

  it('is told with its number in all and in its round', () => {
    const { attempt } = attemptOf(job, sent, answer, { outcome: 'failed', detail: 'answered 503' }, null);
    const told = protocolAttemptOf(attempt, job, destination);
    assert.deepEqual([told.number, told.ofRound, told.notificationId, told.deliveryId], [8, 2, 'n9', 'd4']);
    assert.deepEqual([told.destinationId, told.destination], ['t2', destination.url]);
    assert.deepEqual([told.at, told.nextAttemptAt], ['2023-11-14T22:13:20.000Z', null]);
  });
});
