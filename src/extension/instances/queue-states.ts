/** The queues of this window's instances as last read, and which of their notifications were fetched. */
import type { Memento } from 'vscode';
import { nameOfSecret } from '../../common/secret-name.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import type { DeliveryKey, FailurePolicy, QueueState } from '../../open-connectors/delivery-queue.ts';
import type { QueueMemory } from '../../open-connectors/fetch-queued.ts';
import { prefix } from '../prefix.ts';
import type { InstanceNode } from './instance-node.ts';

export interface QueueFacts {
  /** Of its callback URL. */
  readonly state: QueueState;
  /** Number of notifications queued for earlier URLs of this relay. */
  readonly earlier: number;
  /** Whether any of them was not fetched yet. */
  readonly news: boolean;
  /** Of the whole account; null if the API doesn't return it. */
  readonly policy: FailurePolicy | null;
}

export type KnownQueue =
  | { readonly kind: 'reading' }
  | ({ readonly kind: 'read' } & QueueFacts)
  | { readonly kind: 'failed'; readonly error: Error };

export interface QueueStatesParts {
  /** The client of the current host; undefined if there are no secrets for it. */
  readonly platform: { readonly host: string; api(): Promise<OpenConnectorsApi | undefined> };
  /** Of this folder: IDs of deliveries, and names of URLs that don't reveal their secrets. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
  /** This relay's current and earlier URLs for Open Connectors. */
  readonly relayUrls: () => readonly string[];
  readonly log: { warn(message: string): void };
  readonly changed: () => void;
}

/** The stored state of a queue: deliveries as `notification subscription`. */
interface Kept {
  readonly queue: string;
  readonly counted: readonly string[];
  readonly fetched: readonly string[];
  /** The relay after whose start it was offered. */
  readonly offered?: number;
}

const memoryKey = `${prefix}.queuedDeliveries`;
/** Maximum number of stored queues, the latest; and of deliveries in each. */
const mostQueues = 20;
const mostDeliveries = 1000;

export class QueueStates implements QueueMemory {
  readonly #parts: QueueStatesParts;
  readonly #known = new Map<string, KnownQueue>();

  constructor(parts: QueueStatesParts) {
    this.#parts = parts;
  }

  /** The state of an instance's queue; reads it if it is unknown. Undefined without a callback URL. */
  of(node: InstanceNode): KnownQueue | undefined {
    if (node.facts.callbackUrl === '') return undefined;
    const known = this.#known.get(keyOf(node));
    if (known !== undefined) return known;
    void this.read(node).catch(() => undefined);
    return this.#known.get(keyOf(node));
  }

  /**
   * Reads an instance's queue again.
   * @returns undefined if its host can't be used now
   * @throws OpenConnectorsError, which the row shows, too
   */
  async read(node: InstanceNode, signal?: AbortSignal): Promise<QueueFacts | undefined> {
    const key = keyOf(node);
    const before = this.#known.get(key);
    const reading: KnownQueue = { kind: 'reading' };
    if (before === undefined) this.#known.set(key, reading);
    const set = (known: KnownQueue): void => {
      // Discarded in the meantime: the next use reads it again.
      if (this.#known.get(key) !== (before ?? reading)) return;
      this.#known.set(key, known);
      this.#parts.changed();
    };
    try {
      const { platform } = this.#parts;
      const api = platform.host === node.host ? await platform.api() : undefined;
      const facts = api === undefined ? undefined : await this.#look(api, node, signal);
      // If the host can't be used, the instances are about to be read again.
      if (facts !== undefined) set({ kind: 'read', ...facts });
      return facts;
    } catch (error) {
      this.#parts.log.warn(`the queue of instance ${node.facts.id} could not be read: ${(error as Error).message}`);
      set({ kind: 'failed', error: error as Error });
      throw error;
    }
  }

  /** Discards all states: the next use reads them again. */
  forget(): void {
    this.#known.clear();
  }

  /** The URLs for which notifications of this instance or this relay may be queued. */
  urlsOf({ facts }: InstanceNode): readonly string[] {
    return [...new Set([facts.callbackUrl, ...this.#parts.relayUrls()])];
  }

  /** The deliveries counted for a URL: a fetch finds them, even if counting changed their status. */
  counted(url: string): readonly DeliveryKey[] {
    return (this.#kept(url)?.counted ?? []).map((text) => {
      const [notificationId = '', subscriptionId = ''] = text.split(' ');
      return { notificationId, subscriptionId };
    });
  }

  /** Stores counted or read deliveries; removes only delivered ones. */
  async noted(url: string, keys: readonly DeliveryKey[], gone: readonly DeliveryKey[]): Promise<void> {
    if (keys.length + gone.length === 0) return;
    const over = new Set(gone.map(textOf));
    const counted = new Set([...keys.map(textOf), ...(this.#kept(url)?.counted ?? [])]);
    await this.#keep(url, { counted: [...counted].filter((each) => !over.has(each)) });
  }

  async fetched(url: string, keys: readonly DeliveryKey[]): Promise<void> {
    const { fetched = [] } = this.#kept(url) ?? {};
    await this.#keep(url, { fetched: [...new Set([...keys.map(textOf), ...fetched])] });
  }

  /** Whether to offer an instance's queue after a relay's start; true once per relay. @param relay identifies it */
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

  /** @returns whether any of it was not fetched yet */
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
