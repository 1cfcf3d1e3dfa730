/** Reports a tree's changed rows to VS Code, and knows when none is being drawn. */
import { realTimers } from './coalescer.ts';
import type { Timers } from './coalescer.ts';

/**
 * Milliseconds after its last change until a tree counts as drawn: VS Code collects changes for 200 ms before it
 * forgets the rows and asks for them again.
 */
const stillMs = 300;

/** Maximum time until a tree is drawn, in milliseconds. */
const timeoutMs = 3000;

/**
 * While a tree is redrawn, VS Code knows none of its rows, nor its selection: what depends on them is done while
 * changes are held back and nothing is drawn.
 */
export class Redraws<Node> {
  readonly #tell: (nodes: Node[] | undefined) => void;
  readonly #timers: Timers;
  #drawnAt = -Infinity;
  /** How many times VS Code is asking for the root now. */
  #asked = 0;
  #rows = 0;
  #isHeld = false;
  /** Ends when nothing holds: two uses at once would mistake each other's changes for the user's. */
  #last: Promise<void> = Promise.resolve();
  #held: Set<Node> | 'all' | undefined;

  /** @param tell fires `onDidChangeTreeData` with changed nodes, or with `undefined` for the whole tree */
  constructor(tell: (nodes: Node[] | undefined) => void, timers: Timers = realTimers) {
    this.#tell = tell;
    this.#timers = timers;
  }

  /** @param nodes undefined for the whole tree */
  draw(nodes?: readonly Node[]): void {
    if (this.#isHeld) {
      if (nodes === undefined || this.#held === 'all') this.#held = 'all';
      else this.#held = new Set([...(this.#held ?? []), ...nodes]);
      return;
    }
    this.#drawnAt = this.#timers.now();
    this.#rows += nodes?.length ?? 0;
    this.#tell(nodes && [...nodes]);
  }

  /** Number of rows given to VS Code, counting repetitions. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Returns children to VS Code, as part of drawing.
   * @param node undefined for the root: until that is returned, VS Code knows no row
   */
  async answer(node: Node | undefined, children: () => Node[] | Promise<Node[]>): Promise<Node[]> {
    const isRoot = node === undefined;
    if (isRoot) this.#asked++;
    try {
      const given = await children();
      this.#rows += given.length;
      return given;
    } finally {
      if (isRoot) this.#asked--;
      this.#drawnAt = this.#timers.now();
    }
  }

  /**
   * Runs work while changes are held back; runs it again if the tree was drawn in between, because of an earlier
   * change, or if the work isn't certain.
   * @param work returns undefined to run again
   * @returns undefined if three seconds weren't enough
   */
  async whileStill<Result>(work: () => Promise<Result | undefined>): Promise<Result | undefined> {
    const before = this.#last;
    let end = (): void => undefined;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    try {
      return await this.#whileHeld(work);
    } finally {
      end();
    }
  }

  async #whileHeld<Result>(work: () => Promise<Result | undefined>): Promise<Result | undefined> {
    this.#isHeld = true;
    try {
      for (const end = this.#timers.now() + timeoutMs; this.#timers.now() < end;) {
        const left = this.#asked > 0 ? stillMs : this.#drawnAt + stillMs - this.#timers.now();
        if (left > 0) {
          await new Promise<void>((resolve) => this.#timers.after(left, resolve));
          continue;
        }
        const drawnAt = this.#drawnAt;
        const result = await work();
        if (result !== undefined && drawnAt === this.#drawnAt && this.#asked === 0) return result;
      }
      return undefined;
    } finally {
      this.#isHeld = false;
      this.#release();
    }
  }

  #release(): void {
    if (this.#held === undefined) return;
    const held = this.#held;
    this.#held = undefined;
    this.draw(held === 'all' ? undefined : [...held]);
  }
}
