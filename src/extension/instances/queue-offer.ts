/** Offers once what Open Connectors has queued: after the relay has started, and when it is reached at another URL. */
import type { Instance } from '../../open-connectors/answers.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { InstanceNode } from './instance-node.ts';
import type { StoredInstance } from './instance-store.ts';
import type { QueueStates } from './queue-states.ts';

export interface QueueOfferParts {
  readonly platform: { readonly host: string; api(): Promise<OpenConnectorsApi | undefined> };
  /** The instances that were made or pointed here. */
  readonly store: { all(host: string): readonly StoredInstance[] };
  readonly queues: () => Promise<Pick<QueueStates, 'read' | 'offers'>>;
  readonly node: (instance: Instance, host: string) => InstanceNode;
  /** Names the relay that runs; undefined while none does, or it is still to be reached. */
  readonly relay: () => number | undefined;
  /** Resolves when the user is at this window: others of the same relay do not offer. */
  readonly attention: () => Promise<void>;
  readonly offer: (node: InstanceNode, queued: number) => void;
  readonly log: { warn(message: string): void };
}

export class QueueOffer {
  readonly #parts: QueueOfferParts;
  /** What was looked at: each relay, with each callback URL of an instance, once. */
  readonly #looked = new Set<string>();

  constructor(parts: QueueOfferParts) {
    this.#parts = parts;
  }

  /** To be called when the relay's place, or an instance's callback URL, may have changed. Never rejects. */
  async follow(): Promise<void> {
    const { platform, store, log } = this.#parts;
    const { host } = platform;
    for (const { id } of store.all(host)) {
      try {
        await this.#look(host, id);
      } catch (error) {
        // The view says it where somebody looks; nobody has asked for it here.
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
    // Whose callback URL leads elsewhere has somebody else to look after it.
    if (found.facts.place === 'none' || found.facts.place === 'foreign' || found.facts.place === 'other') return;
    const key = `${pid} ${host} ${id} ${found.facts.callbackUrl}`;
    if (this.#looked.has(key)) return;
    this.#looked.add(key);
    try {
      await attention();
      const states = await queues();
      const facts = await states.read(found);
      if (facts === undefined) this.#looked.delete(key);
      else if (facts.news && (await states.offers(found, pid))) offer(found, facts.state.count + facts.earlier);
    } catch (error) {
      // Nothing was offered: the next time it is looked again.
      this.#looked.delete(key);
      throw error;
    }
  }
}
