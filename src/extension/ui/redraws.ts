import { realTimers, type Timers } from './coalescer.ts';

/** Milliseconds after its last change until a tree counts as drawn: VS Code collects changes for 200 ms. */
const stillMs = 300;

const timeoutMs = 3000;

/** While it redraws a tree, VS Code knows neither rows nor selection: work that needs them holds changes back. */
export class Redraws<Node> {
  readonly #tell: (nodes: Node[] | undefined) => void;
  readonly #timers: Timers;
  #drawnAt = -Infinity;
  #asked = 0;
  #rows = 0;
  #isHeld = false;
  /** One use at a time: two would mistake each other's changes for the user's. */
  #last: Promise<void> = Promise.resolve();
  #held: Set<Node> | 'all' | undefined;

  constructor(tell: (nodes: Node[] | undefined) => void, timers: Timers = realTimers) {
    this.#tell = tell;
    this.#timers = timers;
  }

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

  get rows(): number {
    return this.#rows;
  }

  /** VS Code knows no row until the root's children are returned. @param node undefined for the root */
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

  /** Runs `work` again if it returns undefined or the tree was drawn. Undefined after three seconds. */
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
