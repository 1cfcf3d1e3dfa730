/**
 * The numbers by which VS Code asks for what can be unfolded. It never says that it is through with one, so they go with
 * their thread, and of one that is looked at again and again those that were used longest ago.
 */
import type { Branch } from './variables.ts';

/** So many are kept. */
export const mostHandles = 5000;

/** What a number stands for. */
export interface Handle {
  /** The thread that it is of. */
  readonly threadId: number;
  readonly branch: Branch;
}

/** What can be unfolded, by its numbers. */
export class Handles {
  /** In the order in which they were used. */
  readonly #handles = new Map<number, Handle>();
  #last = 0;

  /** @returns its number, which no other had */
  add(handle: Handle): number {
    this.#last += 1;
    this.#handles.set(this.#last, handle);
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > mostHandles && oldest !== undefined) this.#handles.delete(oldest);
    return this.#last;
  }

  /** @returns undefined where it is kept no more */
  get(number: number): Handle | undefined {
    const handle = this.#handles.get(number);
    if (handle === undefined) return undefined;
    this.#handles.delete(number);
    this.#handles.set(number, handle);
    return handle;
  }

  /** A thread is gone, and with it all that was shown of it. */
  drop(threadId: number): void {
    for (const [number, handle] of this.#handles) if (handle.threadId === threadId) this.#handles.delete(number);
  }

  clear(): void {
    this.#handles.clear();
  }
}
