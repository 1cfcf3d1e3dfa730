import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { eventStates } from '../../../src/protocol/event-filter.ts';
import { notificationKindCodes, stateCodes } from '../../../src/relay/log/database.ts';
import type { ForwardingKey, HoldView, StoredSending } from '../../../src/relay/log/held.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { attemptRecord, deliveryRecord, destinationId } from '../records.ts';
import { afterward, temporaryFolder } from '../afterward.ts';

type Fact =
  | {
      readonly kind: 'add';
      readonly status: 'accepted' | 'test' | 'rejected';
      readonly events: number;
      readonly partSize: number;
      readonly to: readonly number[];
      readonly raw: boolean;
      /** A notification whose forwardings its edit discards; null if it is no edit. */
      readonly edits: number | null;
    }
  | {
      readonly kind: 'attempt';
      readonly which: number;
      readonly to: number;
      readonly outcome: 'sent' | 'retrying' | 'failed';
      readonly number: number;
      readonly status: number | null;
      readonly durationMs: number;
      readonly stopped: boolean;
    }
  | { readonly kind: 'replay'; readonly which: number; readonly to: readonly number[]; readonly isRetried: boolean }
  | { readonly kind: 'discard' | 'drop' | 'release' | 'stop'; readonly which: number }
  | { readonly kind: 'discardAll' | 'dropAll' | 'clear' | 'reopen' };

const which = fc.nat(40);

const fact: fc.Arbitrary<Fact> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      status: fc.constantFrom('accepted' as const, 'accepted' as const, 'test' as const, 'rejected' as const),
      events: fc.integer({ min: 1, max: 5 }),
      partSize: fc.integer({ min: 1, max: 3 }),
      to: fc.subarray([0, 1, 2]),
      raw: fc.boolean(),
      edits: fc.option(which, { freq: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('attempt' as const),
      which,
      to: fc.nat(3),
      outcome: fc.constantFrom('sent' as const, 'retrying' as const, 'failed' as const),
      number: fc.integer({ min: 1, max: 9 }),
      status: fc.option(fc.integer({ min: 200, max: 599 })),
      durationMs: fc.integer({ min: 0, max: 4000 }).map((quarters) => quarters / 4),
      stopped: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      which,
      to: fc.subarray([0, 1, 2, 3]),
      isRetried: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('discard' as const, 'drop' as const, 'release' as const, 'stop' as const),
      which,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('discardAll' as const, 'dropAll' as const, 'clear' as const, 'reopen' as const),
    }),
  },
);

const one = { status: 'accepted', events: 1, partSize: 1, raw: false, edits: null } as const;
const attempt = { kind: 'attempt', to: 0, number: 1, status: 200, durationMs: 1, stopped: false } as const;

/** Leads to each state that an event can have. */
const eachState: Fact[] = [
  { ...one, kind: 'add', to: [] },
  ...(['test', 'rejected'] as const).map((status) => ({ ...one, kind: 'add' as const, to: [], status })),
  ...Array.from({ length: 5 }, () => ({ ...one, kind: 'add' as const, to: [0] })),
  ...(['sent', 'failed', 'retrying'] as const).map((outcome, index) => ({ ...attempt, which: index + 1, outcome })),
  { kind: 'discard', which: 4 },
];

const paused: StoredSending = {
  no: 1,
  paused: { by: { kind: 'client', client: { kind: 'other' } }, since: 1, stop: null },
};

/** A paused store with three destinations for parts, and one for raw bodies. */
class Facts {
  readonly file = join(temporaryFolder(), 'relay.sqlite');
  store = new Store(this.file);
  readonly #destinations = [0, 1, 2, 3].map((index) =>
    destinationId(this.store, `http://127.0.0.1:9/${index}`, index === 3 ? { mode: 'raw' } : {}),
  );
  readonly #notifications: number[] = [];

  constructor() {
    afterward(() => this.store.close());
  }

  async run(each: Fact): Promise<void> {
    const { store } = this;
    switch (each.kind) {
      case 'add': {
        const record = deliveryRecord(store, {
          status: each.status,
          events: each.events,
          partSize: each.partSize,
          to: each.to.map((index) => this.#destinations[index]!),
          raw: each.raw ? this.#destinations.slice(3) : [],
        });
        const edited = each.edits === null ? undefined : this.#chosen(each.edits);
        const drops = edited === undefined ? undefined : this.#keysOf(edited);
        this.#notifications.push(...record.notifications.map(({ id }) => id));
        return store.add({ ...record, ...(drops && { drops }) });
      }
      case 'discardAll':
        await store.forwardings.discard();
        return;
      case 'dropAll':
        return store.forwardings.dropAll(
          this.#view,
          () => this.#notifications.slice(-1).flatMap((id) => this.#keysOf(id)),
          { no: 1, paused: null },
          () => undefined,
        );
      case 'clear':
        await store.clear();
        return;
      case 'reopen':
        store.close();
        this.store = new Store(this.file);
        return;
      default:
        return this.#runOnOne(each);
    }
  }

  async #runOnOne(each: Extract<Fact, { readonly which: number }>): Promise<void> {
    const { store } = this;
    const id = this.#chosen(each.which);
    if (id === undefined) return;
    switch (each.kind) {
      case 'attempt': {
        const { outcome, number, status, durationMs, stopped } = each;
        const attempt = attemptRecord(id, this.#destinations[each.to]!, outcome, { number, status, durationMs });
        await store.forwardings.recordAttempt(attempt, null, outcome === 'retrying' && stopped ? 4 : null);
        return;
      }
      case 'replay': {
        const to = each.to.map((index) => this.#destinations[index]!);
        await store.forwardings.startRound(id, to, () => each.isRetried);
        return;
      }
      case 'discard':
        await store.forwardings.discard([id]);
        return;
      case 'drop':
        await store.forwardings.drop(() => store.forwardings.heldOf(id, this.#view));
        return;
      case 'release':
        await store.forwardings.release(() => store.forwardings.heldOf(id, this.#view), 1);
        return;
      case 'stop': {
        const stopped = this.#keysOf(id).map((key) => ({ ...key, breakpoint: 4 }));
        await store.forwardings.stop(() => paused, stopped);
        return;
      }
    }
  }

  get #view(): HoldView {
    return { sending: paused, stopping: [], destinationHold: () => null, isUnderWay: () => false };
  }

  #chosen(number: number): number | undefined {
    return this.#notifications[number % Math.max(this.#notifications.length, 1)];
  }

  #keysOf(notificationId: number): ForwardingKey[] {
    return this.store.forwardings.destinationsOf(notificationId).map((to) => ({ notificationId, destinationId: to }));
  }
}

/** The columns of the events that follow from their forwardings, as stored and as their forwardings say. */
function columnsOf(file: string): { stored: object[]; expected: object[] } {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const all = (sql: string): Record<string, unknown>[] => db.prepare(sql).all();
    const [forwardings, notifications] = [all('SELECT * FROM forwardings'), all('SELECT * FROM notifications')];
    const events = all('SELECT * FROM events ORDER BY id');
    const stored = events.map(({ id, state, states, attempts, status, duration_ms: durationMs }) => ({
      ...{ id, state, states, attempts, status, durationMs },
    }));
    const expected = events.map((event, index) => {
      const { id, notification_id: own, delivery_id: delivery, kind } = event;
      const raw = notifications.find(
        (each) => each['delivery_id'] === delivery && each['kind'] === notificationKindCodes.raw,
      );
      const its = forwardings.filter(({ notification_id: of }) => of === own || of === raw?.['id']);
      if (its.length === 0) {
        const state = eventStates.indexOf((['none', 'test', 'rejected'] as const)[Number(kind)]!);
        return { id, state, states: 0, attempts: 0, status: null, durationMs: null };
      }
      const urgency = (of: Record<string, unknown>): number =>
        of['state'] === stateCodes.waiting && of['attempts'] !== 0 && of['next_at'] !== null
          ? eventStates.indexOf('retrying')
          : Number(of['state']);
      const state = Math.min(...its.map(urgency));
      // Of several that are equally urgent, any counts.
      const answers = its
        .filter((each) => urgency(each) === state)
        .map(({ status, duration_ms: durationMs }) => ({ status, durationMs }));
      const { status, durationMs } = stored[index]!;
      return {
        ...{ id, state },
        states: its.reduce((bits, each) => bits | (1 << Number(each['state'])), 0),
        attempts: its.reduce((sum, each) => sum + Number(each['attempts']), 0),
        ...(answers.find((each) => each.status === status && each.durationMs === durationMs) ?? answers[0]),
      };
    });
    return { stored, expected };
  } finally {
    db.close();
  }
}

describe('The states of events', () => {
  it('are those of their forwardings, whatever was done', async function () {
    this.timeout(180_000);
    const seen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(fc.array(fact, { minLength: 5, maxLength: 40 }), async (facts) => {
        const exercised = new Facts();
        try {
          for (const each of facts) {
            await exercised.run(each);
            const { stored, expected } = columnsOf(exercised.file);
            assert.deepEqual(stored, expected, JSON.stringify(each));
            for (const { state } of stored as { state: number }[]) seen.add(eventStates[state]);
          }
        } finally {
          exercised.store.close();
        }
      }),
      { numRuns: countRuns(100), examples: [[eachState]] },
    );
    assert.equal(seen.size, eventStates.length - 1, `each was there, except held: ${[...seen].join()}`);
  });

  it('are of one commit with the fact that changes them', async () => {
    const { file, store } = new Facts();
    const to = destinationId(store);
    await store.add(deliveryRecord(store, { events: 2, to: [to] }));
    const before = store.commits;
    const recorded = store.forwardings.recordAttempt(attemptRecord(1, to, 'failed'), 'HTTP 500');
    const added = store.add(deliveryRecord(store));
    await Promise.all([recorded, added]);
    assert.equal(store.commits, before + 1);
    const { stored, expected } = columnsOf(file);
    assert.deepEqual(stored, expected);
  });
});
