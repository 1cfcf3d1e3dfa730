/** What a tree says of its rows having changed, and the moments in which nothing of it is drawn. */
import { realTimers } from './coalescer.ts';
import type { Timers } from './coalescer.ts';

/**
 * How long after its last change a tree counts as drawn, in milliseconds: VS Code gathers changes for 200 ms before it
 * forgets the rows and asks for them again.
 */
const stillMs = 300;

/** How long a tree may take until it is drawn, in milliseconds. */
const timeoutMs = 3000;

/**
 * Tells VS Code of changed rows. While a tree is drawn anew, VS Code knows none of its rows, and says so of the selection,
 * too: what has to be certain of it is done while changes are held back and nothing is drawn.
 */
export class Redraws<Node> {
  readonly #tell: (nodes: Node[] | undefined) => void;
  readonly #timers: Timers;
  /** When something of it was drawn last. */
  #drawnAt = -Infinity;
  /** How often VS Code asks for the root at this moment. */
  #asked = 0;
  #rows = 0;
  #isHeld = false;
  /** Ends when nothing holds any more: two that look at the tree at once would take each other's doing for the user's. */
  #last: Promise<void> = Promise.resolve();
  #held: Set<Node> | 'all' | undefined;

  /** @param tell fires `onDidChangeTreeData` with nodes that changed, or with `undefined` for the whole tree */
  constructor(tell: (nodes: Node[] | undefined) => void, timers: Timers = realTimers) {
    this.#tell = tell;
    this.#timers = timers;
  }

  /** Rows changed. @param nodes undefined for the whole tree */
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

  /** How many rows VS Code has been given, each as often as it was. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Answers VS Code, which asks for children: that is a part of drawing.
   * @param node undefined for the root: until that is answered, VS Code knows no row
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
   * Does something while changes are held back; again, where the tree was drawn meanwhile all the same, for a change of
   * before, or where the work says that it is not certain.
   * @param work gives undefined where it is to be done again
   * @returns undefined where three seconds were not enough
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
