/** The platform's instances as they were read last, and what is kept here of those that it does not know any more. */
import type { Instance } from '../../open-connectors/answers.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { InstanceStore, StoredInstance } from './instance-store.ts';

/** What was found at a host. */
export interface Found {
  /** `Platform.host` when it was read. */
  readonly host: string;
  readonly instances: readonly Instance[];
  /** What is kept here and the platform does not know any more. */
  readonly gone: readonly StoredInstance[];
}

export type Loaded =
  /** Nobody has looked yet. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'noSecrets' }
  /** The host is the sandbox, and it does not run. */
  | { readonly kind: 'noSandbox' }
  | ({ readonly kind: 'loaded' } & Found)
  /** What was read before stays in sight. */
  | ({ readonly kind: 'failed'; readonly error: Error } & Found);

/** How one reading ended. */
export type Reading =
  | 'read'
  /** By the user, or since another reading took its place: what is in sight stays. */
  | 'given-up'
  /** It failed, or there are no secrets or no sandbox: the list says which. */
  | 'failed';

export interface InstanceListParts {
  readonly platform: Pick<Platform, 'api' | 'host' | 'isSandbox'>;
  readonly store: Pick<InstanceStore, 'all'>;
  readonly log: { warn(message: string): void; error(message: string): void };
  /** Carries out what may take a while. Resolves to undefined where the user gave it up; rejects with what the task throws. */
  readonly working: <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T | undefined>;
  /** Forgets what is kept of an instance, with its secrets. */
  readonly forget: (host: string, id: number) => Promise<void>;
  /** What was read is another. */
  readonly changed: () => void;
}

export class InstanceList {
  readonly #parts: InstanceListParts;
  #loaded: Loaded = { kind: 'unasked' };
  /** Ends what is being read. */
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

  /** What is in sight. */
  get found(): Found {
    const loaded = this.#loaded;
    return loaded.kind === 'loaded' || loaded.kind === 'failed'
      ? loaded
      : { host: this.#parts.platform.host, instances: [], gone: [] };
  }

  /** Another host or other secrets: what was read belongs to the old ones. What is under way is given up. */
  beginAnew(): void {
    this.#loading?.abort();
    this.#set({ kind: 'unasked' });
  }

  /** Reads the instances; what was under way is given up. A failure is kept and logged. */
  async read(): Promise<Reading> {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    const isOver = (): boolean => signal.aborted;
    const { platform, store, log, working } = this.#parts;
    const { host, isSandbox } = platform;
    // Before the platform is asked: what is made meanwhile it may not list yet.
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
      // Each sandbox begins with nothing: what another one had is lost for good, its token too.
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

  /** The platform's instances, and those kept here: what the list does not have the platform is asked for by its id. */
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
