/** What Open Connectors has queued for the instances of this window, as it was read last; and what of it was fetched. */
import type { Memento } from 'vscode';
import { nameOfSecret } from '../../common/secret-name.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { DeliveryKey, FailurePolicy, QueueState } from '../../open-connectors/delivery-queue.ts';
import type { QueueMemory } from '../../open-connectors/fetch-queued.ts';
import { prefix } from '../prefix.ts';
import type { InstanceNode } from './instance-node.ts';

/** How the queue of an instance stands. */
export interface QueueFacts {
  /** Of its callback URL. */
  readonly state: QueueState;
  /** How many are queued for URLs that this relay had before. */
  readonly earlier: number;
  /** Whether anything of it was not fetched yet. */
  readonly news: boolean;
  /** Of the whole account; null where the platform does not say it. */
  readonly policy: FailurePolicy | null;
}

/** What is known of it. */
export type KnownQueue =
  | { readonly kind: 'reading' }
  | ({ readonly kind: 'read' } & QueueFacts)
  | { readonly kind: 'failed'; readonly error: Error };

export interface QueueStatesParts {
  /** The client of the host that is set; undefined where there are no secrets for it. */
  readonly platform: { readonly host: string; api(): Promise<OpenConnectorsApi | undefined> };
  /** Of this folder: ids of deliveries, and names of URLs that do not give their secret away. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
  /** URLs that this relay has or had, for Open Connectors. */
  readonly relayUrls: () => readonly string[];
  readonly log: { warn(message: string): void };
  /** Something else is known of an instance. */
  readonly changed: () => void;
}

/** What is kept of a queue: deliveries as `notification subscription`. */
interface Kept {
  readonly queue: string;
  readonly counted: readonly string[];
  readonly fetched: readonly string[];
  /** The relay after whose start it was offered. */
  readonly offered?: number;
}

const memoryKey = `${prefix}.queuedDeliveries`;
/** Queues that are remembered, the latest; and deliveries of each. */
const mostQueues = 20;
const mostDeliveries = 1000;

export class QueueStates implements QueueMemory {
  readonly #parts: QueueStatesParts;
  readonly #known = new Map<string, KnownQueue>();

  constructor(parts: QueueStatesParts) {
    this.#parts = parts;
  }

  /** What is known of an instance's queue, which is read where nothing is; undefined where it has no callback URL. */
  of(node: InstanceNode): KnownQueue | undefined {
    if (node.facts.callbackUrl === '') return undefined;
    const known = this.#known.get(keyOf(node));
    if (known !== undefined) return known;
    void this.read(node).catch(() => undefined);
    return this.#known.get(keyOf(node));
  }

  /**
   * Reads an instance's queue anew.
   * @returns undefined where nobody may ask its host now
   * @throws OpenConnectorsError, which the row shows, too
   */
  async read(node: InstanceNode, signal?: AbortSignal): Promise<QueueFacts | undefined> {
    const key = keyOf(node);
    const before = this.#known.get(key);
    const reading: KnownQueue = { kind: 'reading' };
    if (before === undefined) this.#known.set(key, reading);
    const set = (known: KnownQueue): void => {
      // Forgotten meanwhile: who looks now has it read again.
      if (this.#known.get(key) !== (before ?? reading)) return;
      this.#known.set(key, known);
      this.#parts.changed();
    };
    try {
      const { platform } = this.#parts;
      const api = platform.host === node.host ? await platform.api() : undefined;
      const facts = api === undefined ? undefined : await this.#look(api, node, signal);
      // Where nobody may ask, the instances themselves are about to be read anew.
      if (facts !== undefined) set({ kind: 'read', ...facts });
      return facts;
    } catch (error) {
      this.#parts.log.warn(`the queue of instance ${node.facts.id} could not be read: ${(error as Error).message}`);
      set({ kind: 'failed', error: error as Error });
      throw error;
    }
  }

  /** What was read may be another: it is read again when somebody looks. */
  forget(): void {
    this.#known.clear();
  }

  /** The URLs for which something may be queued that is this instance's or this relay's. */
  urlsOf({ facts }: InstanceNode): readonly string[] {
    return [...new Set([facts.callbackUrl, ...this.#parts.relayUrls()])];
  }

  /** What was counted for a URL: a fetch finds it, whatever the count has made of it. */
  counted(url: string): readonly DeliveryKey[] {
    return (this.#kept(url)?.counted ?? []).map((text) => {
      const [notificationId = '', subscriptionId = ''] = text.split(' ');
      return { notificationId, subscriptionId };
    });
  }

  /** Something was counted or read; what is delivered, and nothing else, is forgotten. */
  async noted(url: string, keys: readonly DeliveryKey[], gone: readonly DeliveryKey[]): Promise<void> {
    if (keys.length + gone.length === 0) return;
    const over = new Set(gone.map(textOf));
    const counted = new Set([...keys.map(textOf), ...(this.#kept(url)?.counted ?? [])]);
    await this.#keep(url, { counted: [...counted].filter((each) => !over.has(each)) });
  }

  /** What was fetched is no news. */
  async fetched(url: string, keys: readonly DeliveryKey[]): Promise<void> {
    const { fetched = [] } = this.#kept(url) ?? {};
    await this.#keep(url, { fetched: [...new Set([...keys.map(textOf), ...fetched])] });
  }

  /**
   * Whether something for an instance is to be offered after the start of a relay: after that it was.
   * @param relay names it
   */
  async offers(node: InstanceNode, relay: number): Promise<boolean> {
    let offers = false;
    for (const url of this.urlsOf(node)) {
      const { counted = [], fetched = [], offered } = this.#kept(url) ?? {};
      if (offered === relay || counted.every((each) => fetched.includes(each))) continue;
      offers = true;
      await this.#keep(url, { offered: relay });
    }
    return offers;
  }

  async #look({ queue }: OpenConnectorsApi, node: InstanceNode, signal?: AbortSignal): Promise<QueueFacts> {
    const policy = await queue.policyIfTold(signal);
    const [callbackUrl = '', ...others] = this.urlsOf(node);
    const state = await queue.look(callbackUrl, this.counted(callbackUrl), signal);
    let news = await this.#count(callbackUrl, state);
    let earlier = 0;
    for (const url of others) {
      const there = await queue.look(url, this.counted(url), signal);
      earlier += there.count;
      if (await this.#count(url, there)) news = true;
    }
    return { state, earlier, news, policy };
  }

  /** @returns whether something of it was not fetched yet */
  async #count(url: string, { keys, gone }: QueueState): Promise<boolean> {
    await this.noted(url, keys, gone);
    const { fetched = [] } = this.#kept(url) ?? {};
    return keys.some((key) => !fetched.includes(textOf(key)));
  }

  #nameOf(url: string): string {
    return `${this.#parts.platform.host} ${nameOfSecret(url)}`;
  }

  #all(): readonly Kept[] {
    return this.#parts.memory.get<readonly Kept[]>(memoryKey, []);
  }

  #kept(url: string): Kept | undefined {
    const name = this.#nameOf(url);
    return this.#all().find(({ queue }) => queue === name);
  }

  async #keep(url: string, change: Partial<Kept>): Promise<void> {
    const queue = this.#nameOf(url);
    const others = this.#all().filter((each) => each.queue !== queue);
    const { counted, fetched, ...rest } = { counted: [], fetched: [], ...this.#kept(url), ...change, queue };
    const kept = { ...rest, counted: counted.slice(0, mostDeliveries), fetched: fetched.slice(0, mostDeliveries) };
    const isEmpty = counted.length === 0 && fetched.length === 0;
    await this.#parts.memory.update(memoryKey, [...(isEmpty ? [] : [kept]), ...others].slice(0, mostQueues));
  }
}

function textOf({ notificationId, subscriptionId }: DeliveryKey): string {
  return `${notificationId} ${subscriptionId}`;
}

function keyOf({ host, facts }: InstanceNode): string {
  return `${host} ${facts.id} ${facts.callbackUrl}`;
}
