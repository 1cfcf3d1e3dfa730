/** What is held is derived only here, from a forwarding, its destination and the state of sending. */
import { z } from 'zod';
import { pausedBySchema, stopSchema } from '../../protocol/debug.ts';
import type { HeldBy } from '../../protocol/history.ts';
import { isWaiting, readMeta, stateName, type StoredState } from './database.ts';
import type { Row, Statements } from './statements.ts';

const storedSendingSchema = z.object({
  no: z.int().min(0),
  paused: z
    .object({
      by: pausedBySchema,
      since: z.int().describe('Milliseconds since the epoch.'),
      stop: stopSchema.nullable(),
    })
    .nullable(),
});

/** `no` grows with each pause. */
export type StoredSending = z.infer<typeof storedSendingSchema>;
export type Paused = NonNullable<StoredSending['paused']>;

export interface DestinationHold {
  readonly by: 'missing-key' | 'destination';
  readonly why: string;
}

export interface Hold {
  readonly by: HeldBy;
  readonly breakpoint: number | null;
  readonly detail: string;
}

export interface ForwardingKey {
  readonly notificationId: number;
  readonly destinationId: number;
}

export interface Holdable extends ForwardingKey {
  readonly state: StoredState;
  /** Number of the pause that released it; null if none did. */
  readonly released: number | null;
  readonly stopped: number | null;
}

export interface StoppedKey extends ForwardingKey {
  readonly breakpoint: number;
}

export interface SendingView {
  readonly sending: StoredSending;
  /** Stopped at a breakpoint, and not in the log yet. */
  readonly stopping: readonly StoppedKey[];
}

export interface Progress {
  readonly underWay: readonly ForwardingKey[];
  /** Absent if no relay is running: then the log decides. */
  readonly gate?: SendingView;
}

export interface HoldView extends SendingView {
  destinationHold(destinationId: number): DestinationHold | null;
  isUnderWay(key: ForwardingKey): boolean;
}

const byPause: Hold = { by: 'pause', breakpoint: null, detail: 'sending is paused' };

export function holdOf(forwarding: Holdable, view: HoldView): Hold | null {
  const { state, destinationId, released, stopped } = forwarding;
  if (state !== 'waiting') return null;
  const { no, paused } = view.sending;
  const destination = view.destinationHold(destinationId);
  if (destination === null && (paused === null || released === no)) return null;
  if (view.isUnderWay(forwarding)) return null;
  if (destination !== null) return { by: destination.by, breakpoint: null, detail: destination.why };
  const at = view.stopping.find((each) => isSame(each, forwarding))?.breakpoint ?? stopped;
  return at === null ? byPause : { by: 'breakpoint', breakpoint: at, detail: `stopped at b${at}` };
}

/** Unreadable state counts as paused: holding too much is safer than sending. */
export function readSending(sql: Statements): StoredSending {
  const kept = readMeta(sql, 'sending');
  if (kept === undefined) return { no: 0, paused: null };
  const read = storedSendingSchema.safeParse(kept);
  return read.data ?? { no: 0, paused: { by: { kind: 'client', client: { kind: 'other' } }, since: 0, stop: null } };
}

export function readDestinationHold(held: unknown): DestinationHold | null {
  return typeof held === 'string' ? (JSON.parse(held) as DestinationHold) : null;
}

export interface LogHoldView extends HoldView {
  readonly heldDestinations: readonly number[];
}

export function readHoldView(sql: Statements, { underWay, gate }: Progress): LogHoldView {
  const held = new Map<number, DestinationHold>();
  for (const row of sql.all('SELECT id, held FROM destinations WHERE held IS NOT NULL')) {
    const hold = readDestinationHold(row['held']);
    if (hold !== null) held.set(Number(row['id']), hold);
  }
  return {
    heldDestinations: [...held.keys()],
    stopping: gate?.stopping ?? [],
    sending: gate?.sending ?? readSending(sql),
    destinationHold: (id) => held.get(id) ?? null,
    isUnderWay: (key) => underWay.some((each) => isSame(each, key)),
  };
}

function isSame(a: ForwardingKey, b: ForwardingKey): boolean {
  return a.notificationId === b.notificationId && a.destinationId === b.destinationId;
}

function distinct(keys: readonly ForwardingKey[]): ForwardingKey[] {
  return keys.filter((key, index) => keys.findIndex((each) => isSame(each, key)) === index);
}

export function holdableOf(row: Row): Holdable {
  return {
    notificationId: Number(row['notification_id']),
    destinationId: Number(row['destination_id']),
    state: stateName(row['state']),
    released: row['released'] as number | null,
    stopped: row['stopped'] as number | null,
  };
}

export interface HeldFact extends ForwardingKey {
  readonly deliveryId: number;
  readonly attempts: number;
  readonly hold: Hold;
}

export function isOfPause({ hold }: HeldFact): boolean {
  return hold.by === 'pause' || hold.by === 'breakpoint';
}

export function heldFactOf(row: Row, view: HoldView): HeldFact | null {
  const holdable = holdableOf(row);
  const hold = holdOf(holdable, view);
  if (hold === null) return null;
  const { notificationId, destinationId } = holdable;
  const [deliveryId, attempts] = [Number(row['delivery_id']), Number(row['attempts'])];
  return { notificationId, destinationId, deliveryId, attempts, hold };
}

export type HeldCounts = Readonly<Record<HeldBy, number>>;

/** The cost depends on how many were released and stopped in the pause, not on how many wait. */
export function countHeld(
  sql: Statements,
  view: HoldView,
  waiting: ReadonlyMap<number, number>,
  underWay: readonly ForwardingKey[],
): HeldCounts {
  const counts = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };
  const { no, paused } = view.sending;
  const count = (condition: string, ...values: number[]): number =>
    Number(sql.get(`SELECT count(*) AS n FROM forwardings WHERE ${condition}`, ...values)?.['n']);
  for (const [id, here] of waiting) {
    if (here === 0) continue;
    const destination = view.destinationHold(id);
    if (destination !== null) counts[destination.by] += here;
    else if (paused !== null) {
      const free = count(`destination_id = ? AND ${isWaiting} AND released = ?`, id, no);
      const stopped = count(
        `destination_id = ? AND ${isWaiting} AND stopped IS NOT NULL AND released IS NOT ?`,
        id,
        no,
      );
      counts.breakpoint += stopped;
      counts.pause += here - free - stopped;
    }
  }
  const asLogged: HoldView = { ...view, stopping: [], isUnderWay: () => false };
  for (const { notificationId, destinationId } of distinct([...underWay, ...view.stopping])) {
    const row = sql.get(
      'SELECT * FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    if (row === undefined) continue;
    const [before, now] = [holdOf(holdableOf(row), asLogged), holdOf(holdableOf(row), view)];
    if (before !== null) counts[before.by] -= 1;
    if (now !== null) counts[now.by] += 1;
  }
  return counts;
}

export function waitingByDestination(sql: Statements): Map<number, number> {
  return new Map(
    sql
      .all(`SELECT destination_id, count(*) AS n FROM forwardings WHERE ${isWaiting} GROUP BY destination_id`)
      .map((row) => [Number(row['destination_id']), Number(row['n'])]),
  );
}
