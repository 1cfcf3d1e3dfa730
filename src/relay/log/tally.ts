import type { StoredState } from './database.ts';
import type { Totals } from './records.ts';

/** What the history holds, counted: as it is on disk, and as the transaction under way will leave it. */
export class Tally {
  #totals: Totals;
  #draft: Totals;
  #waiting: ReadonlyMap<number, number>;
  #draftWaiting: Map<number, number>;

  /** @param waiting how much waits for each destination */
  constructor(totals: Totals, waiting: ReadonlyMap<number, number>) {
    this.#totals = totals;
    this.#draft = totals;
    this.#waiting = waiting;
    this.#draftWaiting = new Map(waiting);
  }

  /** As on disk. */
  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  /** How much waits for each destination, as on disk; none is named that nothing waits for. */
  get waiting(): ReadonlyMap<number, number> {
    return this.#waiting;
  }

  /** As the transaction under way leaves them. */
  get draft(): Totals {
    return this.#draft;
  }

  /** How much waits for each destination as the transaction under way leaves it. */
  get draftWaiting(): ReadonlyMap<number, number> {
    return this.#draftWaiting;
  }

  /** A transaction begins. */
  begin(): void {
    this.#draft = { ...this.#totals };
    this.#draftWaiting = new Map(this.#waiting);
  }

  /** It is on disk. */
  commit(): void {
    this.#totals = this.#draft;
    this.#waiting = this.#draftWaiting;
  }

  /** A forwarding has come. */
  add(destinationId: number, state: StoredState): void {
    this.#draft[state] += 1;
    if (state === 'waiting') this.#wait(destinationId, 1);
  }

  /** Forwardings of a destination are in another state. */
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
