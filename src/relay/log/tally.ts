import type { StoredState } from './database.ts';
import type { Totals } from './records.ts';

export class Tally {
  #totals: Totals;
  #draft: Totals;
  #waiting: ReadonlyMap<number, number>;
  #draftWaiting: Map<number, number>;

  constructor(totals: Totals, waiting: ReadonlyMap<number, number>) {
    this.#totals = totals;
    this.#draft = totals;
    this.#waiting = waiting;
    this.#draftWaiting = new Map(waiting);
  }

  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  get waiting(): ReadonlyMap<number, number> {
    return this.#waiting;
  }

  /** After the current transaction. */
  get draft(): Totals {
    return this.#draft;
  }

  get draftWaiting(): ReadonlyMap<number, number> {
    return this.#draftWaiting;
  }

  begin(): void {
    this.#draft = { ...this.#totals };
    this.#draftWaiting = new Map(this.#waiting);
  }

  commit(): void {
    this.#totals = this.#draft;
    this.#waiting = this.#draftWaiting;
  }

  add(destinationId: number, state: StoredState): void {
    this.#draft[state] += 1;
    if (state === 'waiting') this.#wait(destinationId, 1);
  }

  move(destinationId: number, from: StoredState, to: StoredState, count: number): void {
    if (from === to || count === 0) return;
    this.#draft[from] -= count;
    this.#draft[to] += count;
    if (from === 'waiting') this.#wait(destinationId, -count);
    if (to === 'waiting') this.#wait(destinationId, count);
  }

  #wait(destinationId: number, more: number): void {
    const now = (this.#draftWaiting.get(destinationId) ?? 0) + more;
    if (now === 0) this.#draftWaiting.delete(destinationId);
    else this.#draftWaiting.set(destinationId, now);
  }
}
