/** How long attempts to one destination may take, and that the limit is lifted while a debugger holds the callback's program. */

/** The end of an attempt's time. */
export interface Deadline {
  /** It is over: nothing is called any more. */
  clear(): void;
}

/**
 * The limit of one destination. While it is lifted no attempt runs out of time; once it is not, those that are under way
 * have all of their time from then on.
 */
export class TimeLimit {
  readonly #running = new Set<RunningDeadline>();
  #lifted = false;

  get lifted(): boolean {
    return this.#lifted;
  }

  /** Begins an attempt's time. @param ms its length; `onOver` is called when it is over */
  begin(ms: number, onOver: () => void): Deadline {
    const deadline = new RunningDeadline(ms, onOver, this.#running);
    if (!this.#lifted) deadline.run();
    return deadline;
  }

  /** Lifts the limit, or puts it back, of what is under way and of what comes. */
  lift(lifted: boolean): void {
    if (lifted === this.#lifted) return;
    this.#lifted = lifted;
    for (const deadline of this.#running) {
      if (lifted) deadline.suspend();
      else deadline.run();
    }
  }
}

class RunningDeadline implements Deadline {
  readonly #ms: number;
  readonly #onOver: () => void;
  readonly #all: Set<RunningDeadline>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onOver: () => void, all: Set<RunningDeadline>) {
    this.#ms = ms;
    this.#onOver = onOver;
    this.#all = all;
    all.add(this);
  }

  run(): void {
    this.#timer = setTimeout(() => {
      this.#all.delete(this);
      this.#onOver();
    }, this.#ms);
  }

  suspend(): void {
    clearTimeout(this.#timer);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#all.delete(this);
  }
}
