/** How much a scenario may send, and hold at once: asked before any of it is made. */
import type { Words } from '../common/words.ts';
import { SaidError, words } from './words.ts';

/** Of one step: its requests, and what their bodies come to, in bytes. Named steps that are sent again count on. */
const mostStepRequests = 10_000;
export const mostHeldBytes = 67_108_864;
/** Of a scenario in all. */
const mostRequests = 100_000;
const mostBytes = 1_073_741_824;
/** So many requests are under way at once. */
const mostUnderWay = 500;

/** A scenario would send too much. The message says how much may be, and what to do. */
export class TooMuchError extends SaidError {
  override readonly name = 'TooMuchError';
}

/** What one scenario has sent, and holds. */
export class Budget {
  #requests = 0;
  #bytes = 0;
  #held = 0;
  /** Of what is held: to the end of the scenario. */
  #kept = 0;
  #underWay = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Counts what a step is about to make, and waits for room for it.
   * @param requests how many
   * @param bytes what they come to as they are sent
   * @param held how much of memory they take until {@link release}
   * @throws TooMuchError
   */
  async take(requests: number, bytes: number, held: number): Promise<void> {
    const step =
      requests === 1 ? words('step-sends-one', megabytes(bytes)) : words('step-sends', requests, megabytes(bytes));
    if (requests > mostStepRequests) throw new TooMuchError(words('step-too-much', step, mostStepRequests));
    if (held > mostHeldBytes - this.#kept) throw this.#noRoom(step);
    const [allRequests, allBytes] = [this.#requests + requests, this.#bytes + bytes];
    if (allRequests > mostRequests || allBytes > mostBytes) {
      throw new TooMuchError(words('scenario-too-much', mostRequests, megabytes(mostBytes)));
    }
    [this.#requests, this.#bytes] = [allRequests, allBytes];
    while (held > mostHeldBytes - this.#held) {
      if (held > mostHeldBytes - this.#kept) throw this.#noRoom(step);
      await this.#change();
    }
    this.#held += held;
  }

  #noRoom(step: Words): TooMuchError {
    const all = this.#kept === 0 ? step : words('beside', step, megabytes(this.#kept));
    return new TooMuchError(words('no-room', all, megabytes(mostHeldBytes)));
  }

  /** What was taken is no longer held. */
  release(held: number): void {
    this.#held -= held;
    this.#wake();
  }

  /** What was taken stays. @param held less than nothing: what stayed is no longer needed, and still to be released */
  keep(held: number): void {
    this.#kept += held;
    this.#wake();
  }

  /** Waits until one more request may be under way, runs it, and lets the next begin. */
  async underWay<T>(work: () => Promise<T>): Promise<T> {
    while (this.#underWay >= mostUnderWay) await this.#change();
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#wake();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const each of this.#waiting) each();
    this.#waiting.clear();
  }
}

/** How much it is, to the megabyte. */
export function megabytes(bytes: number): Words {
  return bytes < 1_048_576 ? words('below-megabyte') : words('megabytes', Math.ceil(bytes / 1_048_576));
}
