/** Which clients wait for which destinations however long an answer takes, since a debugger holds what answers. */

/** A client as long as it is connected. */
export interface Caller {
  /** Aborted when its connection has ended. */
  readonly ended: AbortSignal;
}

/** What each client asked for, until it asks for something else or is gone. */
export class TimeoutSuspension {
  readonly #asked = new Map<Caller, readonly string[]>();
  readonly #onChange: (destinationIds: ReadonlySet<string>) => void;

  /** @param onChange is told of which destinations the limit is lifted */
  constructor(onChange: (destinationIds: ReadonlySet<string>) => void) {
    this.#onChange = onChange;
  }

  /** @param destinationIds for which a client waits, in place of those that it named before */
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
