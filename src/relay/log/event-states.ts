/** Columns of an event that follow from its forwardings, written in the same transaction. Holds aren't among them. */
import { eventStates } from '../../protocol/event-filter.ts';
import { isWaiting, stateCodes, type StoredState } from './database.ts';
import type { EventFacts, DeliveryFacts } from './records.ts';
import type { Statements } from './statements.ts';
import type { SignatureCheck } from '../../protocol/history.ts';

const retrying = eventStates.indexOf('retrying');

export function stateBit(state: StoredState): number {
  return 1 << stateCodes[state];
}

/** In the form that uses the index. An event that failed may wait, too. */
export const hasWaiting = `state IN (${stateCodes.failed}, ${retrying}, ${stateCodes.waiting}) AND states & ${stateBit('waiting')}`;

export function newStates(kind: EventFacts['kind'], isForwarded: boolean): { states: number; state: number } {
  if (isForwarded) return { states: stateBit('waiting'), state: stateCodes.waiting };
  return { states: 0, state: eventStates.indexOf(kind === 'event' ? 'none' : kind) };
}

const bits = Object.values(stateCodes)
  .map((code) => `((sum(f.state = ${code}) > 0) << ${code})`)
  .join(' | ');

// SQLite takes status and duration from the row with the minimum.
const update = (which: string): string => `UPDATE events SET (states, state, attempts, status, duration_ms) = (
  SELECT ${bits}, min(iif(f.${isWaiting} AND f.attempts > 0 AND f.next_at IS NOT NULL, ${retrying}, f.state)),
    sum(f.attempts), f.status, f.duration_ms
  FROM forwardings f WHERE f.notification_id ${which})`;
const withRaw = 'IN (events.notification_id, events.raw_id)';

export function updateStates(sql: Statements, notificationId: number): void {
  // No join: SQLite would plan it again for each ID.
  const range = sql.get(
    'SELECT (SELECT first_event FROM deliveries WHERE id = n.delivery_id) + first_event AS first, event_count AS count FROM notifications n WHERE id = ?',
    notificationId,
  );
  if (range === undefined) return;
  const first = Number(range['first']);
  const last = first + Number(range['count']) - 1;
  if (sql.get('SELECT 1 FROM events WHERE id = ? AND raw_id IS NULL', first) === undefined) {
    sql.run(`${update(withRaw)} WHERE id BETWEEN ? AND ?`, first, last);
  } else sql.run(`${update('= ?')} WHERE id BETWEEN ? AND ?`, notificationId, first, last);
}

/** Faster than `updateWaiting` alone, which takes seconds for a million. */
export function updateDiscarded(sql: Statements): void {
  sql.run(
    `UPDATE events SET states = ${stateBit('discarded')}, state = ${stateCodes.discarded} WHERE ${isWaiting} AND states = ${stateBit('waiting')} AND attempts = 0`,
  );
  updateWaiting(sql);
}

export function updateWaiting(sql: Statements): void {
  sql.run(`${update(withRaw)} WHERE ${hasWaiting}`);
}

export const flagBits = { platform: 1, onPurpose: 2 } as const;

export const signatureBits: Readonly<Record<SignatureCheck, number>> = {
  valid: 4,
  invalid: 8,
  missing: 16,
  unchecked: 32,
  fetched: 64,
};

export function flagsOf({ source, onPurpose, signature }: DeliveryFacts): number {
  return (
    (source === 'open-connectors' ? flagBits.platform : 0) |
    (onPurpose ? flagBits.onPurpose : 0) |
    (signature === null ? 0 : signatureBits[signature])
  );
}
