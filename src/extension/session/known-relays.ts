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
  /** Where it last listened on this machine. */
  readonly localBase: string;
  /** The names that it had before, with other secrets: what holds one of these leads there no more. */
  readonly former?: readonly string[] | undefined;
}

const mostFormer = 100;

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

  /** The names of a relay: the one that it has, then those that it had. */
  namesOf(relay: string): readonly string[] {
    return [relay, ...(this.all().find((each) => each.relay === relay)?.former ?? [])];
  }

  /**
   * Remembers a relay, and where it is public; a base of null leaves the last one standing. A data directory has one: what
   * was known of it by another name was the same relay with another secret.
   */
  async know(known: KnownRelay): Promise<void> {
    const isSame = ({ relay, dataDir }: KnownRelay): boolean => relay === known.relay || dataDir === known.dataDir;
    const all = this.all();
    const same = all.filter(isSame);
    const before = same.find(({ relay }) => relay === known.relay) ?? same.at(-1);
    const base = known.base ?? before?.base ?? null;
    const names = new Set(same.flatMap(({ relay, former = [] }) => [relay, ...former]));
    names.delete(known.relay);
    const isKnown = same.length === 1 && before?.relay === known.relay && before.dataDir === known.dataDir;
    if (isKnown && before.base === base && before.localBase === known.localBase) return;
    const former = names.size === 0 ? {} : { former: [...names].slice(0, mostFormer) };
    await this.#memory.update(this.#key, [
      ...all.filter((each) => !isSame(each)),
      { ...before, ...known, base, ...former },
    ]);
  }
}
