/** Which clients have suspended the timeout of which destinations, because a debugger has stopped the handler. */

/** A client as long as it is connected. */
export interface Caller {
  /** Aborted when its connection ends. */
  readonly ended: AbortSignal;
}

/** The requests of each client, until it replaces them or disconnects. */
export class TimeoutSuspension {
  readonly #asked = new Map<Caller, readonly string[]>();
  readonly #onChange: (destinationIds: ReadonlySet<string>) => void;

  constructor(onChange: (destinationIds: ReadonlySet<string>) => void) {
    this.#onChange = onChange;
  }

  /** @param destinationIds replace the ones that the caller named before */
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
