import type { Attempt, EventRow, Forwarding } from '../../../src/protocol/history.ts';
import type { RowContext } from '../../../src/extension/events/event-words.ts';

export const callback = 'http://127.0.0.1:3000/callback';

export function forwarding(changes: Partial<Forwarding> = {}): Forwarding {
  return {
    notificationId: 'n1',
    destinationId: 't1',
    destination: callback,
    mode: 'normalized',
    state: 'waiting',
    attempts: 0,
    ofRound: changes.attempts ?? 0,
    maxAttempts: null,
    nextAttemptAt: null,
    status: null,
    durationMs: null,
    detail: null,
    heldBy: null,
    breakpointId: null,
    ...changes,
  };
}

/** Event n, alone in delivery n, with notification n, of which its forwardings are where they name no other. */
export function eventRow(n: number, changes: Partial<EventRow> = {}): EventRow {
  const forwardings = (changes.forwardings ?? [forwarding()]).map((each) =>
    each.notificationId === 'n1' ? { ...each, notificationId: `n${n}` } : each,
  );
  return {
    id: `e${n}`,
    deliveryId: `d${n}`,
    kind: 'event',
    source: 'campaign-monitor',
    injected: false,
    receivedAt: '2026-03-01T12:00:00.000Z',
    type: 'Subscribe',
    list: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
    address: `person${n}@example.com`,
    date: null,
    warning: null,
    duplicateOf: null,
    signature: null,
    reason: null,
    httpStatus: 200,
    notificationId: `n${n}`,
    inDelivery: { position: 1, of: 1 },
    ...changes,
    forwardings,
  };
}

/** An attempt at notification n of delivery n, answered 200. */
export function attempt(n: number, changes: Partial<Attempt> = {}): Attempt {
  return {
    notificationId: `n${n}`,
    deliveryId: `d${n}`,
    destinationId: 't1',
    destination: callback,
    number: 1,
    ofRound: changes.number ?? 1,
    at: '2026-03-01T12:00:01.000Z',
    durationMs: 12.3,
    status: 200,
    error: null,
    outcome: 'sent',
    nextAttemptAt: null,
    ...changes,
  };
}

export function around(changes: Partial<RowContext> = {}): RowContext {
  return {
    now: Date.parse('2026-03-01T12:03:30.000Z'),
    language: 'en',
    maxAttempts: 6,
    whyWaiting: () => null,
    isUnderWay: () => false,
    nameOfList: () => undefined,
    ...changes,
  };
}
