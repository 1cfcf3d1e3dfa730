import type { Instance } from '../../open-connectors/answers.ts';
import { urlFor, type UrlContext } from '../public-url/url-place.ts';
import type { StaleRegistration, StaleState, UrlFailure, UrlHolder } from '../public-url/url-keeper.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { InstanceStore } from './instance-store.ts';
import { placedInstance } from './instance-node.ts';

export interface InstanceUrlsParts {
  readonly platform: Pick<Platform, 'api' | 'host' | 'isSandbox'>;
  readonly store: Pick<InstanceStore, 'all'>;
  readonly urlContext: () => UrlContext;
  readonly changed: () => void;
}

/** Changes only managed instances whose callback URL contains this relay's secret, not other windows' instances. */
export class InstanceUrls implements UrlHolder {
  readonly #parts: InstanceUrlsParts;

  constructor(parts: InstanceUrlsParts) {
    this.#parts = parts;
  }

  mayHave(state: StaleState): Promise<boolean> {
    const { platform, store } = this.#parts;
    return Promise.resolve(this.#isOf(state) && store.all(platform.host).length > 0);
  }

  async look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]> {
    if (!this.#isOf(state)) return [];
    const { platform, store, urlContext } = this.#parts;
    const { host, isSandbox } = platform;
    const left: StaleRegistration[] = [];
    for (const { id, name } of store.all(host)) {
      try {
        const instance = await this.#read(host, id);
        if (instance === undefined) continue;
        const facts = placedInstance(instance, { urlContext: urlContext(), isSandbox, managed: true });
        if (facts.place === 'old') {
          left.push({
            kind: 'instance',
            name: facts.name,
            actions: { update: (signal) => this.#update(host, id, signal) },
          });
        }
      } catch (error) {
        failures.push({ kind: 'instance', name, error: error as Error });
      }
    }
    return left;
  }

  /** In the sandbox, outdated URLs are updated without asking. */
  #isOf(state: StaleState): boolean {
    return state === (this.#parts.platform.isSandbox ? 'following' : 'behind') && this.#url !== null;
  }

  get #url(): string | null {
    const { platform, urlContext } = this.#parts;
    return urlFor({ reachesLocal: platform.isSandbox }, urlContext());
  }

  /** Undefined if the instance no longer exists, or its host can't be used now. */
  async #read(host: string, id: number): Promise<Instance | undefined> {
    const { platform } = this.#parts;
    if (platform.host !== host) return undefined;
    const api = await platform.api();
    try {
      return await api?.getInstance(id);
    } catch (error) {
      if ((error as { status?: unknown }).status === 404) return undefined;
      throw error;
    }
  }

  async #update(host: string, id: number, signal: AbortSignal): Promise<boolean> {
    const { platform, changed } = this.#parts;
    // The host setting may have changed, and the ID is another instance's there.
    if (platform.host !== host) return false;
    const api = await platform.api();
    const url = this.#url;
    if (api === undefined || url === null) return false;
    try {
      await api.patchInstance(id, { configuration: { 'event.notification.callback.url': url } }, {}, signal);
      return true;
    } finally {
      changed();
    }
  }
}
