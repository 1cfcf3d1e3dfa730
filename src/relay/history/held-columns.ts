/** What is held, computed from the columns of events on demand. */
import type { LogHoldView } from '../log/held.ts';
import type { Block } from './event-columns.ts';

/** Bits of the columns `queued` and `freed`: destinations whose numbers differ by a multiple of this share one. */
const slots = 16;

/** The bit of a destination. @param id the store's number for it */
export function slotOf(id: number): number {
  return 1 << (id % slots);
}

/** Events being sent: consecutive IDs, and the bit of the destination. */
export interface EventsUnderWay {
  readonly first: number;
  readonly last: number;
  readonly slot: number;
}

/** Computes from an event's columns whether any of its forwardings is held or waiting. */
export class HeldColumns {
  readonly #isPaused: boolean;
  readonly #heldSlots: number;
  readonly #freedCounts: boolean;
  readonly #underWay: readonly EventsUnderWay[];

  /** @param freedBy the number of the pause whose releases are in `freed` */
  constructor(view: LogHoldView, freedBy: number, underWay: readonly EventsUnderWay[]) {
    this.#isPaused = view.sending.paused !== null;
    this.#heldSlots = [...view.heldDestinations].reduce((bits, id) => bits | slotOf(id), 0);
    this.#freedCounts = freedBy === view.sending.no;
    this.#underWay = underWay;
  }

  isHeld(block: Block, at: number): boolean {
    return (this.#held(block, at) & ~this.#sent(block, at)) !== 0;
  }

  /** Whether any forwarding of the event waits and isn't held. */
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

  /** With a raw notification, an event can have both a released and a held forwarding to the same destination. */
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
