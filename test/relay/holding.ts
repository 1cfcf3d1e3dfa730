/** A store in which random things are held, released, sent and given up, and what each of its forwardings is then. */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { ForwardingState } from '../../src/protocol/history.ts';
import { holdableOf, holdOf } from '../../src/relay/log/held.ts';
import type { ForwardingKey, Holdable, HoldView, StoredSending } from '../../src/relay/log/held.ts';
import type { HeldFact } from '../../src/relay/log/held.ts';
import { Store } from '../../src/relay/log/store.ts';
import { attemptRecord, deliveryRecord, destinationId } from './records.ts';

export type HoldingStep =
  | {
      readonly kind: 'add';
      readonly events: number;
      readonly to: readonly number[];
      readonly raw: boolean;
      readonly released: boolean;
    }
  | {
      readonly kind: 'attempt';
      readonly which: number;
      readonly to: number;
      readonly outcome: 'sent' | 'retrying' | 'failed';
      readonly stopped: boolean;
    }
  | { readonly kind: 'release' | 'drop' | 'stop' | 'replay' | 'discard'; readonly which: number }
  | { readonly kind: 'missKey' | 'holdBySettings' | 'giveKey'; readonly which: number }
  | { readonly kind: 'pause' | 'continue' | 'dropAll' | 'discardAll' | 'clear' };

const which = fc.nat(40);

export const holdingStep: fc.Arbitrary<HoldingStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      events: fc.integer({ min: 1, max: 4 }),
      to: fc.subarray([0, 1]),
      raw: fc.boolean(),
      released: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('attempt' as const),
      which,
      to: fc.nat(2),
      outcome: fc.constantFrom('sent' as const, 'retrying' as const, 'failed' as const),
      stopped: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('release' as const, 'release' as const, 'stop' as const, 'replay' as const),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('drop' as const, 'discard' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('missKey' as const, 'holdBySettings' as const, 'giveKey' as const, 'giveKey' as const),
      which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'pause' as const, 'pause' as const, 'continue' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('dropAll' as const, 'discardAll' as const, 'clear' as const),
    }),
  },
);

/** How sending stands while it is paused. @param no the number of the pause */
export function pausedSending(no: number): StoredSending {
  return { no, paused: { by: { kind: 'client', client: { kind: 'other' } }, since: 1, stop: null } };
}

const places = [
  { url: 'http://127.0.0.1:9/a', rest: {} },
  { url: 'http://127.0.0.1:9/b', rest: {} },
  { url: 'http://127.0.0.1:9/raw', rest: { mode: 'raw' } },
];

const holds = {
  missKey: { by: 'missing-key', why: 'no key' },
  holdBySettings: { by: 'destination', why: 'not agreed to' },
  giveKey: null,
} as const;

/** A store, and what random steps make of it by the store's own means. */
export class Holding {
  readonly store: Store;
  readonly #file: string;
  /** Two that take parts, and one that takes raw bodies. */
  readonly #destinations: readonly number[];
  readonly #notifications: number[] = [];

  constructor(file: string) {
    this.#file = file;
    this.store = new Store(file);
    this.#destinations = places.map(({ url, rest }) => destinationId(this.store, url, rest));
  }

  /** How it holds. @param underWay what is being sent */
  view(underWay: readonly ForwardingKey[] = []): HoldView {
    const { storedSending: sending, destinations } = this.store;
    return {
      sending,
      stopping: [],
      destinationHold: (id) => destinations.heldBy(id),
      isUnderWay: (key) =>
        underWay.some((each) => each.notificationId === key.notificationId && each.destinationId === key.destinationId),
    };
  }

  /** Its forwardings, as their rows say. */
  forwardings(): Holdable[] {
    return this.#read('SELECT * FROM forwardings').map(holdableOf);
  }

  /** The states of each event's forwardings, those of its delivery's raw notification included. */
  states(underWay: readonly ForwardingKey[]): Map<number, ForwardingState[]> {
    const view = this.view(underWay);
    const states = new Map<number, ForwardingState[]>();
    for (const row of this.#read(
      `SELECT e.id AS event_id, f.* FROM events e LEFT JOIN notifications n ON n.delivery_id = e.delivery_id AND (n.id = e.notification_id OR n.kind = 1)
       LEFT JOIN forwardings f ON f.notification_id = n.id ORDER BY e.id`,
    )) {
      const event = Number(row['event_id']);
      const known = states.get(event) ?? [];
      states.set(event, known);
      if (row['state'] === null) continue;
      const forwarding = holdableOf(row);
      known.push(holdOf(forwarding, view) === null ? forwarding.state : 'held');
    }
    return states;
  }

  /** Some of its forwardings as being sent: so many of each hundred, whatever state they are in. */
  someUnderWay(chosen: readonly number[]): ForwardingKey[] {
    const all = this.forwardings();
    const some = new Set(chosen.map((each) => each % Math.max(all.length, 1)));
    return all
      .filter((_, index) => some.has(index))
      .map(({ notificationId, destinationId: id }) => ({ notificationId, destinationId: id }));
  }

  async run(step: HoldingStep): Promise<void> {
    const { store } = this;
    const sending = store.storedSending;
    switch (step.kind) {
      case 'add': {
        const record = deliveryRecord(store, {
          ...{ events: step.events, partSize: 2 },
          to: step.to.map((index) => this.#destinations[index]!),
          raw: step.raw ? this.#destinations.slice(2) : [],
          ...(step.released && { released: sending.no }),
        });
        this.#notifications.push(...record.notifications.map(({ id }) => id));
        return store.add(record);
      }
      case 'missKey':
      case 'holdBySettings':
      case 'giveKey': {
        const { url, rest } = places[step.which % places.length]!;
        destinationId(store, url, rest, holds[step.kind]);
        return;
      }
      case 'pause':
        return store.forwardings.storeSending(() => pausedSending(sending.no + (sending.paused === null ? 1 : 0)));
      case 'continue':
        return store.forwardings.storeSending(() => ({ ...sending, paused: null }));
      case 'dropAll': {
        if (sending.paused === null) return;
        const none = (): readonly ForwardingKey[] => [];
        return store.forwardings.dropAll(this.view(), none, { ...sending, paused: null }, () => undefined);
      }
      case 'discardAll':
        await store.forwardings.discard();
        return;
      case 'clear':
        await store.clear();
        return;
      default:
        return this.#runOnOne(step);
    }
  }

  async #runOnOne(step: Extract<HoldingStep, { readonly which: number }>): Promise<void> {
    const { store } = this;
    const id = this.#notifications[step.which % Math.max(this.#notifications.length, 1)];
    if (id === undefined) return;
    const { no, paused } = store.storedSending;
    const held = (): HeldFact[] => store.forwardings.heldOf(id, this.view());
    switch (step.kind) {
      case 'attempt': {
        const to = this.#destinations[step.to]!;
        const stopped = step.outcome === 'retrying' && step.stopped ? 4 : null;
        if (stopped !== null && paused === null) await store.forwardings.storeSending(() => pausedSending(no + 1));
        await store.forwardings.recordAttempt(attemptRecord(id, to, step.outcome), null, stopped);
        return;
      }
      case 'release':
        await store.forwardings.release(held, no);
        return;
      case 'drop':
        await store.forwardings.drop(held);
        return;
      case 'stop': {
        const keys = store.forwardings.destinationsOf(id).map((to) => ({
          ...{ notificationId: id, destinationId: to, breakpoint: 4 },
        }));
        await store.forwardings.stop(() => pausedSending(paused === null ? no + 1 : no), keys);
        return;
      }
      case 'replay':
        await store.forwardings.startRound(id, store.forwardings.destinationsOf(id));
        return;
      case 'discard':
        await store.forwardings.discard([id]);
        return;
    }
  }

  #read(sql: string): Record<string, unknown>[] {
    const db = new DatabaseSync(this.#file, { readOnly: true });
    try {
      return db.prepare(sql).all();
    } finally {
      db.close();
    }
  }
}
