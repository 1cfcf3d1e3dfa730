export interface Timers {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs the first request at once, and later ones together after a pause. */
export class Coalescer {
  readonly #run: () => void | Promise<void>;
  readonly #pauseMs: () => number;
  readonly #timers: Timers;
  #lastRun = -Infinity;
  #cancel: (() => void) | undefined;
  #running = false;
  #again = false;

  constructor(run: () => void | Promise<void>, pauseMs: () => number, timers: Timers = realTimers) {
    this.#run = run;
    this.#pauseMs = pauseMs;
    this.#timers = timers;
  }

  request(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    if (this.#cancel !== undefined) return;
    const wait = this.#lastRun + this.#pauseMs() - this.#timers.now();
    if (wait <= 0) {
      this.#start();
      return;
    }
    this.#cancel = this.#timers.after(wait, () => {
      this.#cancel = undefined;
      this.#start();
    });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#again = false;
  }

  #start(): void {
    this.#lastRun = this.#timers.now();
    const open = this.#run();
    if (open === undefined) return;
    this.#running = true;
    void open.finally(() => {
      this.#running = false;
      this.#lastRun = this.#timers.now();
      if (!this.#again) return;
      this.#again = false;
      this.request();
    });
  }
}
