import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { DeliveryKey, FailurePolicy, ListedDeliveries, QueueState } from '../../open-connectors/delivery-queue.ts';
import type { InstanceNode } from './instance-node.ts';

export interface QueueFacts {
  readonly state: QueueState;
  /** Number of notifications queued for earlier URLs of this relay. */
  readonly earlier: number;
  readonly allFetched: boolean;
  /** The account's; null if the API doesn't return it. */
  readonly policy: FailurePolicy | null;
}

export type KnownQueue =
  | { readonly kind: 'reading' }
  | ({ readonly kind: 'read' } & QueueFacts)
  | { readonly kind: 'failed'; readonly error: Error };

export interface QueueStatesParts {
  readonly platform: { readonly host: string; api(): Promise<OpenConnectorsApi | undefined> };
  readonly relayUrls: () => readonly string[];
  /** Undefined if no relay is running. */
  readonly areFetched: (deliveries: DeliveryKey[]) => Promise<boolean | undefined>;
  readonly log: { warn(message: string): void };
  readonly changed: () => void;
}

export class QueueStates {
  readonly #parts: QueueStatesParts;
  readonly #known = new Map<string, KnownQueue>();
  readonly #listed = new Map<string, ListedDeliveries>();

  constructor(parts: QueueStatesParts) {
    this.#parts = parts;
  }

  /** Reads the queue if it is unknown; undefined without a callback URL. */
  of(node: InstanceNode): KnownQueue | undefined {
    if (node.facts.callbackUrl === '') return undefined;
    const known = this.#known.get(keyOf(node));
    if (known !== undefined) return known;
    void this.read(node).catch(() => undefined);
    return this.#known.get(keyOf(node));
  }

  /** Undefined if the instance's host can't be used now. @throws OpenConnectorsError, which the row shows too */
  async read(node: InstanceNode, signal?: AbortSignal): Promise<QueueFacts | undefined> {
    const key = keyOf(node);
    const before = this.#known.get(key);
    const reading: KnownQueue = { kind: 'reading' };
    if (before === undefined) this.#known.set(key, reading);
    const set = (known: KnownQueue): void => {
      // If it was discarded in the meantime, the next use reads it again.
      if (this.#known.get(key) !== (before ?? reading)) return;
      this.#known.set(key, known);
      this.#parts.changed();
    };
    try {
      const { platform } = this.#parts;
      const api = platform.host === node.host ? await platform.api() : undefined;
      const facts = api === undefined ? undefined : await this.#count(api, node, signal);
      if (facts !== undefined) set({ kind: 'read', ...facts });
      return facts;
    } catch (error) {
      this.#parts.log.warn(`the queue of instance ${node.facts.id} could not be read: ${(error as Error).message}`);
      set({ kind: 'failed', error: error as Error });
      throw error;
    }
  }

  forget(): void {
    this.#known.clear();
  }

  urlsOf({ facts }: InstanceNode): readonly string[] {
    return [...new Set([facts.callbackUrl, ...this.#parts.relayUrls()])];
  }

  /** Deliveries listed since this window was loaded: a fetch needs them if listing changed their status. */
  listed(url: string): ListedDeliveries {
    const key = `${this.#parts.platform.host} ${url}`;
    const listed: ListedDeliveries = this.#listed.get(key) ?? new Map();
    this.#listed.set(key, listed);
    return listed;
  }

  areFetched(urls: readonly string[]): Promise<boolean | undefined> {
    return this.#parts.areFetched(urls.flatMap((url) => [...this.listed(url).values()]));
  }

  async #count({ queue }: OpenConnectorsApi, node: InstanceNode, signal?: AbortSignal): Promise<QueueFacts> {
    const policy = await queue.policyIfTold(signal);
    const [callbackUrl = '', ...others] = this.urlsOf(node);
    const state = await queue.count(callbackUrl, this.listed(callbackUrl), signal);
    let earlier = 0;
    let { more } = state;
    for (const url of others) {
      const there = await queue.count(url, this.listed(url), signal);
      earlier += there.count;
      more ||= there.more;
    }
    // If the relay can't answer, still show what is queued.
    const areFetched = await this.areFetched([callbackUrl, ...others]).catch(() => undefined);
    return { state, earlier, allFetched: areFetched === true && !more && state.count + earlier > 0, policy };
  }
}

function keyOf({ host, facts }: InstanceNode): string {
  return `${host} ${facts.id} ${facts.callbackUrl}`;
}
