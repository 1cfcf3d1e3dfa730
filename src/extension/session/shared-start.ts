/** A start that several wait for: each may give up for itself, and the last one who does ends it. */
export class SharedStart<T> {
  readonly #begin: (signal: AbortSignal) => Promise<T>;
  #current: UnderWay<T> | undefined;

  /** @param begin is to end with an error soon after its signal says so, and to undo what it has begun */
  constructor(begin: (signal: AbortSignal) => Promise<T>) {
    this.#begin = begin;
  }

  /** What is under way; undefined where nothing is. */
  get underWay(): Promise<T> | undefined {
    return this.#current?.done;
  }

  /**
   * Begins, or waits for what is under way.
   * @param signal ends this waiting; without one it is never given up
   * @throws the signal's reason, and what the start throws
   */
  async join(signal?: AbortSignal): Promise<T> {
    // One that is being given up is not for who starts again.
    while (this.#current?.abort.signal.aborted === true)
      await unlessAborted(Promise.allSettled([this.#current.done]), signal);
    const current = (this.#current ??= this.#makeCurrent());
    current.waiting += 1;
    try {
      return await unlessAborted(current.done, signal);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      current.waiting -= 1;
      if (current.waiting === 0) {
        current.abort.abort(signal.reason);
        // Who starts again is not to meet what is left of it.
        await current.done.catch(() => undefined);
      }
      throw error;
    }
  }

  #makeCurrent(): UnderWay<T> {
    const abort = new AbortController();
    const done = this.#begin(abort.signal).finally(() => (this.#current = undefined));
    return { done, abort, waiting: 0 };
  }
}

interface UnderWay<T> {
  readonly done: Promise<T>;
  readonly abort: AbortController;
  /** How many wait for it. */
  waiting: number;
}

/** Work, or the signal's reason as an error as soon as that says so; the work itself goes on. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
