/**
 * The numbers by which VS Code requests children. VS Code never releases one, so they are removed with their thread,
 * and beyond a limit the least recently used.
 */
import type { Branch } from './variables.ts';

export const mostHandles = 5000;

export interface Handle {
  readonly threadId: number;
  readonly branch: Branch;
}

export class Handles {
  /** In the order of their use. */
  readonly #handles = new Map<number, Handle>();
  #last = 0;

  /** @returns its number, which is never reused */
  add(handle: Handle): number {
    this.#last += 1;
    this.#handles.set(this.#last, handle);
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > mostHandles && oldest !== undefined) this.#handles.delete(oldest);
    return this.#last;
  }

  get(number: number): Handle | undefined {
    const handle = this.#handles.get(number);
    if (handle === undefined) return undefined;
    this.#handles.delete(number);
    this.#handles.set(number, handle);
    return handle;
  }

  drop(threadId: number): void {
    for (const [number, handle] of this.#handles) if (handle.threadId === threadId) this.#handles.delete(number);
  }

  clear(): void {
    this.#handles.clear();
  }
}
