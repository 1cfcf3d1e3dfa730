/** The relays of this machine, and where each was reached last: so that a URL is known as a relay's that does not run now. */

/** As much of VS Code's Memento as is needed. */
export interface Memory {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

/** A relay of this machine. */
export interface KnownRelay {
  /** Names it, as in relay-url.ts. */
  readonly relay: string;
  readonly dataDir: string;
  /** Where it was last public; null: never yet. */
  readonly base: string | null;
  /** Where it last listened on this machine; undefined in what an earlier version noted. */
  readonly localBase?: string | undefined;
}

/** Kept in VS Code's global state, which all windows share. No URL that holds a secret is. */
export class KnownRelays {
  readonly #memory: Memory;
  readonly #key: string;

  constructor(memory: Memory, prefix: string) {
    this.#memory = memory;
    this.#key = `${prefix}.webhooks.relays`;
  }

  /** Every relay that ran on this machine, in the order of their last change. */
  all(): readonly KnownRelay[] {
    return this.#memory.get<readonly KnownRelay[]>(this.#key, []);
  }

  /** Remembers a relay, and where it is public; a base of null leaves the last one standing. */
  async know(known: KnownRelay): Promise<void> {
    const before = this.all().find(({ relay }) => relay === known.relay);
    const base = known.base ?? before?.base ?? null;
    const localBase = known.localBase ?? before?.localBase;
    if (before?.base === base && before.dataDir === known.dataDir && before.localBase === localBase) return;
    const others = this.all().filter(({ relay }) => relay !== known.relay);
    await this.#memory.update(this.#key, [...others, { ...before, ...known, base, localBase }]);
  }
}
