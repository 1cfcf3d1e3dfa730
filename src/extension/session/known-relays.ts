/**
 * The relays of this machine, and where each was last reachable: so that a URL is recognized as that of a stopped
 * relay.
 */
import { prefix } from '../prefix.ts';

/** The part of VS Code's Memento used here. */
export interface Memory {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

export interface KnownRelay {
  /** Identifies it, as in url-place.ts. */
  readonly relay: string;
  readonly dataDir: string;
  /** Its last public URL; null if it never had one. */
  readonly base: string | null;
  readonly localBase: string;
  /** Its names with former secrets: their URLs no longer work. */
  readonly former?: readonly string[] | undefined;
}

const relaysKey = `${prefix}.webhooks.relays`;
const mostFormer = 100;

/** Saved in VS Code's global state, which all windows share. URLs with a secret aren't saved. */
export class KnownRelays {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** In the order of their last change. */
  all(): readonly KnownRelay[] {
    return this.#memory.get<readonly KnownRelay[]>(relaysKey, []);
  }

  /** The current name of a relay, then its former ones. */
  namesOf(relay: string): readonly string[] {
    return [relay, ...(this.all().find((each) => each.relay === relay)?.former ?? [])];
  }

  /**
   * Saves a relay and its public URL; a base of null keeps the last one. A data directory has one relay, so another
   * name for the same directory was the same relay with another secret.
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
    await this.#memory.update(relaysKey, [
      ...all.filter((each) => !isSame(each)),
      { ...before, ...known, base, ...former },
    ]);
  }
}
