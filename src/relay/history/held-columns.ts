/** What is held, as the columns of events say it: computed when it is asked for, from what waits where. */
import type { LogHoldView } from '../log/held.ts';
import type { Block } from './event-columns.ts';

/** Bits of the columns `queued` and `freed`: destinations whose numbers differ by a multiple of it share one. */
const slots = 16;

/** The bit of a destination. @param id the store's number for it */
export function slotOf(id: number): number {
  return 1 << (id % slots);
}

/** Events of which something is being sent: consecutive ids, and the bit of the destination. */
export interface EventsUnderWay {
  readonly first: number;
  readonly last: number;
  readonly slot: number;
}

/** Tells of events by their columns whether something of them is held, and whether something waits. */
export class HeldColumns {
  readonly #isPaused: boolean;
  readonly #heldSlots: number;
  readonly #freedCounts: boolean;
  readonly #underWay: readonly EventsUnderWay[];

  /**
   * @param view how the log holds
   * @param freedBy the number of the pause that `freed` is about
   */
  constructor(view: LogHoldView, freedBy: number, underWay: readonly EventsUnderWay[]) {
    this.#isPaused = view.sending.paused !== null;
    this.#heldSlots = [...view.heldDestinations].reduce((bits, id) => bits | slotOf(id), 0);
    this.#freedCounts = freedBy === view.sending.no;
    this.#underWay = underWay;
  }

  /** Whether something of an event is held. */
  isHeld(block: Block, at: number): boolean {
    return (this.#held(block, at) & ~this.#sent(block, at)) !== 0;
  }

  /** Whether something of an event waits and is not held. */
  isWaiting(block: Block, at: number): boolean {
    const all = waitingOf(block, at);
    return (all & ~(this.#held(block, at) & ~this.#sent(block, at))) !== 0 || this.#isPartlyFree(block, at);
  }

  #held(block: Block, at: number): number {
    const all = waitingOf(block, at);
    if (all === 0) return 0;
    if (!this.#isPaused) return all & this.#heldSlots;
    return (this.#freedCounts ? (block.queued[at] ?? 0) : all) | (all & this.#heldSlots);
  }

  /** Of one destination an event may have something that was released beside something that was not: a raw notification. */
  #isPartlyFree(block: Block, at: number): boolean {
    if (!this.#isPaused || !this.#freedCounts) return false;
    return ((block.freed[at] ?? 0) & ~this.#heldSlots) !== 0;
  }

  #sent(block: Block, at: number): number {
    if (this.#underWay.length === 0) return 0;
    const id = block.firstId + at;
    let bits = 0;
    for (const { first, last, slot } of this.#underWay) if (id >= first && id <= last) bits |= slot;
    return bits;
  }
}

function waitingOf(block: Block, at: number): number {
  return (block.queued[at] ?? 0) | (block.freed[at] ?? 0);
}
