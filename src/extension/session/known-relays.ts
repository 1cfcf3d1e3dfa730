import { prefix } from '../prefix.ts';

export interface Memory {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

export interface KnownRelay {
  readonly relay: string;
  readonly dataDir: string;
  /** Last public URL; null if it never had one. */
  readonly base: string | null;
  readonly localBase: string;
  /** As `relay`, for former secrets: their URLs no longer work. */
  readonly former?: readonly string[] | undefined;
}

const relaysKey = `${prefix}.webhooks.relays`;
const mostFormer = 100;

/** In VS Code's global state, which all windows share; without secrets. */
export class KnownRelays {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  all(): readonly KnownRelay[] {
    return this.#memory.get<readonly KnownRelay[]>(relaysKey, []);
  }

  namesOf(relay: string): readonly string[] {
    return [relay, ...(this.all().find((each) => each.relay === relay)?.former ?? [])];
  }

  /** A base of null keeps the last one. A directory has one relay: another name means a new secret. */
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
