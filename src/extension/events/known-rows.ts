import type { Attempt, EventRow, Forwarding } from '../../protocol/history.ts';

export class KnownRows<T extends { row: EventRow }> {
  readonly #byId = new Map<string, T>();
  readonly #byNotification = new Map<string, Set<T>>();
  /** Attempts reported while responses are pending, which may not include them. */
  readonly #journals = new Set<Attempt[]>();
  readonly #onAttempt: ((holder: T, attempt: Attempt) => void) | undefined;

  constructor(onAttempt?: (holder: T, attempt: Attempt) => void) {
    this.#onAttempt = onAttempt;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  ofNotifications(ids: readonly string[]): T[] {
    return ids.flatMap((id) => [...(this.#byNotification.get(id) ?? [])]);
  }

  add(holder: T): void {
    const { row } = holder;
    this.remove(row.id);
    this.#byId.set(row.id, holder);
    for (const id of notificationIdsOf(row)) {
      const holders = this.#byNotification.get(id);
      if (holders === undefined) this.#byNotification.set(id, new Set([holder]));
      else holders.add(holder);
    }
  }

  remove(id: string): void {
    const holder = this.#byId.get(id);
    if (holder === undefined) return;
    this.#byId.delete(id);
    for (const each of notificationIdsOf(holder.row)) {
      const holders = this.#byNotification.get(each);
      holders?.delete(holder);
      if (holders?.size === 0) this.#byNotification.delete(each);
    }
  }

  trim(most: number, isKept: (id: string) => boolean): void {
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= most) return;
      if (!isKept(id)) this.remove(id);
    }
  }

  clear(): void {
    this.#byId.clear();
    this.#byNotification.clear();
  }

  expect(): Attempt[] {
    const journal: Attempt[] = [];
    this.#journals.add(journal);
    return journal;
  }

  settle(journal: Attempt[]): void {
    if (!this.#journals.delete(journal)) return;
    for (const attempt of journal) this.#apply(attempt, new Set());
  }

  /** @returns whether an attempt was for an unknown forwarding, such as after a replay to another destination */
  record(attempts: readonly Attempt[]): { readonly changed: Set<T>; readonly unknown: boolean } {
    const changed = new Set<T>();
    let unknown = false;
    for (const attempt of attempts) {
      for (const journal of this.#journals) journal.push(attempt);
      unknown = this.#apply(attempt, changed) || unknown;
    }
    return { changed, unknown };
  }

  #apply(attempt: Attempt, changed: Set<T>): boolean {
    let unknown = false;
    for (const known of this.#byNotification.get(attempt.notificationId) ?? []) {
      const { forwardings } = known.row;
      const at = forwardings.findIndex(
        (each) => each.notificationId === attempt.notificationId && each.destinationId === attempt.destinationId,
      );
      const before = forwardings[at];
      if (before === undefined) unknown = true;
      // If the attempt isn't newer, the row's response already included it.
      else if (attempt.number > before.attempts) {
        known.row = { ...known.row, forwardings: forwardings.with(at, after(before, attempt)) };
        this.#onAttempt?.(known, attempt);
        changed.add(known);
      }
    }
    return unknown;
  }
}

function notificationIdsOf({ notificationId, forwardings }: EventRow): Set<string> {
  const ids = new Set(forwardings.map((each) => each.notificationId));
  return notificationId === null ? ids : ids.add(notificationId);
}

function after(forwarding: Forwarding, attempt: Attempt): Forwarding {
  return {
    ...forwarding,
    state: attempt.outcome === 'retrying' ? 'waiting' : attempt.outcome,
    attempts: attempt.number,
    ofRound: attempt.ofRound,
    nextAttemptAt: attempt.nextAttemptAt,
    status: attempt.status,
    durationMs: attempt.durationMs,
    detail: attempt.outcome === 'sent' ? null : attempt.error,
  };
}
