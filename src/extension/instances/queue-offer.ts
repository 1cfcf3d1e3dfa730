/** Offers queued notifications once per relay start and URL. */
import type { Memento } from 'vscode';
import { nameOfSecret } from '../../common/secret-name.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { prefix } from '../prefix.ts';
import type { InstanceNode } from './instance-node.ts';
import type { StoredInstance } from './instance-store.ts';
import type { QueueStates } from './queue-states.ts';

export interface QueueOfferParts {
  readonly platform: { readonly host: string; api(): Promise<OpenConnectorsApi | undefined> };
  readonly store: { all(host: string): readonly StoredInstance[] };
  readonly queues: () => Promise<QueueStates>;
  readonly node: (instance: Instance, host: string) => InstanceNode;
  /** The relay's pid; undefined if none is running, or its URL is still being opened. */
  readonly relay: () => number | undefined;
  readonly memory: Pick<Memento, 'get' | 'update'>;
  /** Resolves when the user uses this window, so that other windows of the same relay offer nothing. */
  readonly attention: () => Promise<void>;
  readonly offer: (node: InstanceNode, queued: number) => void;
  readonly log: { warn(message: string): void };
}

const memoryKey = `${prefix}.offeredQueues`;
const maxOffers = 20;

export class QueueOffer {
  readonly #parts: QueueOfferParts;
  readonly #looked = new Set<string>();

  constructor(parts: QueueOfferParts) {
    this.#parts = parts;
  }

  /** Call it if the relay's URL or a callback URL may have changed. Never rejects. */
  async follow(): Promise<void> {
    const { platform, store, log } = this.#parts;
    const { host } = platform;
    for (const { id } of store.all(host)) {
      try {
        await this.#look(host, id);
      } catch (error) {
        // Only logged, because the user didn't request it.
        log.warn(`whether something is queued for instance ${id} is not known: ${(error as Error).message}`);
      }
    }
  }

  async #look(host: string, id: number): Promise<void> {
    const { platform, queues, node, relay, attention, offer } = this.#parts;
    const api = platform.host === host ? await platform.api() : undefined;
    const pid = relay();
    if (api === undefined || pid === undefined) return;
    const found = node(await api.getInstance(id), host);
    if (found.facts.place === 'none' || found.facts.place === 'foreign' || found.facts.place === 'other') return;
    const key = `${pid} ${host} ${id} ${found.facts.callbackUrl}`;
    if (this.#looked.has(key)) return;
    this.#looked.add(key);
    try {
      await attention();
      const states = await queues();
      const facts = await states.read(found);
      if (facts === undefined) this.#looked.delete(key);
      else if (await this.#isNew(found, states, pid)) offer(found, facts.state.count + facts.earlier);
    } catch (error) {
      this.#looked.delete(key);
      throw error;
    }
  }

  /** True once per relay start and URL, if something wasn't fetched yet. */
  async #isNew(node: InstanceNode, queues: QueueStates, pid: number): Promise<boolean> {
    const { memory } = this.#parts;
    const offered = memory.get<readonly string[]>(memoryKey, []);
    // The URL contains the relay's secret, which must not be stored.
    const nameOf = (url: string): string => `${pid} ${node.host} ${nameOfSecret(url)}`;
    const urls = queues.urlsOf(node).filter((url) => queues.listed(url).size > 0 && !offered.includes(nameOf(url)));
    if ((await queues.areFetched(urls)) ?? true) return false;
    await memory.update(memoryKey, [...urls.map(nameOf), ...offered].slice(0, maxOffers));
    return true;
  }
}
