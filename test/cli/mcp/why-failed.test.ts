import assert from 'node:assert/strict';
import { explainEvent } from '../../../src/cli/mcp/why-failed.ts';
import type { AttemptDetail, EventRow, Forwarding, Notification } from '../../../src/protocol/history.ts';

/** What is said of an event with such forwardings, and so many that are not among them. */
function explained(
  forwardings: readonly Partial<Forwarding>[],
  omitted = 0,
  attempts: readonly Partial<AttemptDetail>[] = [],
): ReturnType<typeof explainEvent> {
  const all = forwardings.map((each) => ({ destination: 'http://localhost/', destinationId: 't1', ...each }));
  return explainEvent({
    event: { id: 'e1', kind: 'event' } as EventRow,
    notifications: [{ id: 'n1', forwardings: all } as unknown as Notification],
    attempts: attempts.map((each) => ({ notificationId: 'n1', destinationId: 't1', ...each })),
    omittedForwardings: omitted,
  } as unknown as Parameters<typeof explainEvent>[0]);
}

describe('why an event failed, as an assistant is told', () => {
  it('says of a response that isn’t HTTP that it was one', () => {
    const error = 'Response does not match the HTTP/1.1 protocol (Invalid status code)';
    const attempt = { status: null, error, durationMs: 3, answerHeaders: [], answerBody: '' };
    const [invalid] = explained([{ state: 'failed' }], 0, [attempt]).forwardings;
    assert.equal(invalid?.why, "The callback's response wasn't valid HTTP. The relay will not retry.");
    assert.match(invalid.next, /^The callback is running/);
  });

  it('says of what waits for its first attempt whether the destination is down', () => {
    const [waiting] = explained([{ state: 'waiting' }]).forwardings;
    assert.match(waiting?.next ?? '', /^Check again in a moment/);
    const [down] = explained([{ state: 'waiting', downSince: '2026-01-15T09:30:00.000Z' }]).forwardings;
    assert.equal(down?.next, 'The destination is down. The relay sends the notification when the destination answers.');
  });
});
