/** Each caller can cancel its own waiting; the last one to do so cancels the start. */
export class SharedStart<T> {
  readonly #begin: (signal: AbortSignal) => Promise<T>;
  #current: UnderWay<T> | undefined;

  /** @param begin must fail soon after its signal is aborted, and undo what it has begun */
  constructor(begin: (signal: AbortSignal) => Promise<T>) {
    this.#begin = begin;
  }

  get underWay(): Promise<T> | undefined {
    return this.#current?.done;
  }

  async join(signal?: AbortSignal): Promise<T> {
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
  waiting: number;
}

/** Rejects with the signal's reason as soon as it is aborted; the work itself continues. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
