/** Suspended while a debugger has stopped the callback. Attempts in progress then have the full time again. */
export class TimeLimit {
  readonly #running = new Set<Deadline>();
  #lifted = false;

  get lifted(): boolean {
    return this.#lifted;
  }

  begin(ms: number, onOver: () => void): Deadline {
    const deadline = new Deadline(ms, onOver, this.#running);
    if (!this.#lifted) deadline.run();
    return deadline;
  }

  lift(lifted: boolean): void {
    if (lifted === this.#lifted) return;
    this.#lifted = lifted;
    for (const deadline of this.#running) {
      if (lifted) deadline.suspend();
      else deadline.run();
    }
  }
}

export class Deadline {
  readonly #ms: number;
  readonly #onOver: () => void;
  readonly #all: Set<Deadline>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onOver: () => void, all: Set<Deadline>) {
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

export interface Caller {
  /** Aborted when its connection ends. */
  readonly ended: AbortSignal;
}

/** A client's suspension lasts until it replaces its request or disconnects. */
export class TimeoutSuspension {
  readonly #asked = new Map<Caller, readonly string[]>();
  readonly #onChange: (destinationIds: ReadonlySet<string>) => void;

  constructor(onChange: (destinationIds: ReadonlySet<string>) => void) {
    this.#onChange = onChange;
  }

  ask(caller: Caller, destinationIds: readonly string[]): void {
    if (caller.ended.aborted) return;
    if (!this.#asked.has(caller)) {
      caller.ended.addEventListener('abort', () => {
        if (this.#asked.delete(caller)) this.#tell();
      });
    }
    this.#asked.set(caller, destinationIds);
    this.#tell();
  }

  #tell(): void {
    this.#onChange(new Set([...this.#asked.values()].flat()));
  }
}
