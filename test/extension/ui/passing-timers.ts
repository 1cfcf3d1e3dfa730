import type { Timers } from '../../../src/extension/ui/coalescer.ts';

/** A clock that passes as soon as somebody waits, in the order in which things are due. */
export class PassingTimers implements Timers {
  #now = 0;
  #due: { readonly at: number; readonly callback: () => void }[] = [];
  #isPassing = false;

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const entry = { at: this.#now + ms, callback };
    this.#due.push(entry);
    void this.#pass();
    return () => (this.#due = this.#due.filter((each) => each !== entry));
  }

  async #pass(): Promise<void> {
    if (this.#isPassing) return;
    this.#isPassing = true;
    for (;;) {
      // What was called back goes as far as it can.
      await new Promise(setImmediate);
      const [next] = this.#due.toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#isPassing = false;
  }
}
