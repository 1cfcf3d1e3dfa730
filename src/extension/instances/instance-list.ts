import type { Instance } from '../../open-connectors/answers.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { InstanceStore, StoredInstance } from './instance-store.ts';

export interface Found {
  /** `Platform.host` at the time of reading. */
  readonly host: string;
  readonly instances: readonly Instance[];
  readonly gone: readonly StoredInstance[];
}

export type Loaded =
  | { readonly kind: 'unasked' }
  | { readonly kind: 'noSecrets' }
  | { readonly kind: 'noSandbox' }
  | ({ readonly kind: 'loaded' } & Found)
  /** The previous instances stay visible. */
  | ({ readonly kind: 'failed'; readonly error: Error } & Found);

export type Reading =
  | 'read'
  /** Canceled by the user or replaced by a newer read: the visible instances stay. */
  | 'given-up'
  | 'failed';

export interface InstanceListParts {
  readonly platform: Pick<Platform, 'api' | 'host' | 'isSandbox'>;
  readonly store: Pick<InstanceStore, 'all'>;
  readonly log: { warn(message: string): void; error(message: string): void };
  /** Resolves to undefined if the user cancels. */
  readonly working: <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T | undefined>;
  readonly forget: (host: string, id: number) => Promise<void>;
  readonly changed: () => void;
}

export class InstanceList {
  readonly #parts: InstanceListParts;
  #loaded: Loaded = { kind: 'unasked' };
  #loading: AbortController | undefined;

  constructor(parts: InstanceListParts) {
    this.#parts = parts;
  }

  dispose(): void {
    this.#loading?.abort();
  }

  get loaded(): Loaded {
    return this.#loaded;
  }

  get found(): Found {
    const loaded = this.#loaded;
    return loaded.kind === 'loaded' || loaded.kind === 'failed'
      ? loaded
      : { host: this.#parts.platform.host, instances: [], gone: [] };
  }

  /** Call it if the host or its secrets change: the instances belong to the old ones. */
  beginAnew(): void {
    this.#loading?.abort();
    this.#set({ kind: 'unasked' });
  }

  async read(): Promise<Reading> {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    const isOver = (): boolean => signal.aborted;
    const { platform, store, log, working } = this.#parts;
    const { host, isSandbox } = platform;
    // Before the request: the response may lack an instance that is created in the meantime.
    const kept = store.all(host);
    try {
      const api = await platform.api();
      if (isOver()) return 'given-up';
      if (api === undefined) {
        this.#set({ kind: isSandbox ? 'noSandbox' : 'noSecrets' });
        return 'failed';
      }
      const found = await working((givenUp) => this.#find(api, kept, AbortSignal.any([signal, givenUp])));
      if (isOver() || found === undefined) return 'given-up';
      // Each sandbox starts empty: an earlier sandbox's instances are lost, and so are their tokens.
      this.#set({ kind: 'loaded', host, ...found, ...(isSandbox && { gone: [] }) });
      if (isSandbox) await this.#forgetAll(found.gone);
      return 'read';
    } catch (error) {
      if (isOver()) return 'given-up';
      log.error(`the instances could not be read: ${(error as Error).message}`);
      const { found } = this;
      this.#set({
        ...(found.host === host ? found : { host, instances: [], gone: [] }),
        kind: 'failed',
        error: error as Error,
      });
      return 'failed';
    }
  }

  async #forgetAll(gone: readonly StoredInstance[]): Promise<void> {
    const { forget, log } = this.#parts;
    for (const { host, id } of gone) {
      await forget(host, id).catch((error: unknown) =>
        log.warn(`the instance ${id} of another sandbox is still kept: ${(error as Error).message}`),
      );
    }
  }

  async #find(
    api: OpenConnectorsApi,
    kept: readonly StoredInstance[],
    signal: AbortSignal,
  ): Promise<Pick<Found, 'instances' | 'gone'>> {
    const instances = await api.listInstances({}, signal);
    const listed = new Set(instances.map(({ id }) => id));
    const gone: StoredInstance[] = [];
    for (const stored of kept) {
      if (listed.has(stored.id)) continue;
      try {
        instances.push(await api.getInstance(stored.id, signal));
      } catch (error) {
        if (signal.aborted) throw error;
        const { status, message } = error as Error & { status?: unknown };
        if (status === 404) gone.push(stored);
        else this.#parts.log.warn(`the instance ${stored.id} was not listed and could not be read: ${message}`);
      }
    }
    return { instances, gone };
  }

  #set(loaded: Loaded): void {
    this.#loaded = loaded;
    this.#parts.changed();
  }
}
