import type { ForwardingState } from '../protocol/history.ts';
import type { Totals } from './records.ts';

/** What the history holds, counted: as it is on disk, and as the transaction under way will leave it. */
export class Tally {
  #totals: Totals;
  #draft: Totals;

  constructor(totals: Totals) {
    this.#totals = totals;
    this.#draft = totals;
  }

  /** As on disk. */
  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  /** As the transaction under way leaves them. */
  get draft(): Totals {
    return this.#draft;
  }

  /** A transaction begins. */
  begin(): void {
    this.#draft = { ...this.#totals };
  }

  /** It is on disk. */
  commit(): void {
    this.#totals = this.#draft;
  }

  /** Forwardings are in another state. */
  move(from: ForwardingState, to: ForwardingState, count: number): void {
    if (from === to) return;
    this.#draft[from] -= count;
    this.#draft[to] += count;
  }
}
