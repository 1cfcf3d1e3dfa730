import type { FailurePolicy } from '../../open-connectors/delivery-queue.ts';
import type { SandboxCredentials } from '../credentials.ts';
import { CallCounts, Orders } from '../orders.ts';
import { randomToken } from '../random-texts.ts';
import type { Configuration, EventSettings } from './configuration.ts';
import type { VendorAccess } from './vendor-link.ts';

/** States [swagger]; their meaning is inferred: see the notifier. */
export type EventStatus = 'NEW' | 'RECEIVED' | 'DISPATCHED' | 'CONSUMED' | 'NOTIFIED';

export interface InstanceEvent {
  readonly id: string;
  readonly eventDate: string;
  status: EventStatus;
  readonly providerData: string;
}

export interface PlatformInstance {
  readonly id: number;
  name: string;
  tags: readonly string[];
  configuration: Configuration;
  events: EventSettings;
  readonly token: string;
  readonly createdDate: string;
  disabled: boolean;
  access: VendorAccess;
  readonly webhooks: Map<string, string>;
  readonly log: InstanceEvent[];
}

export interface PlatformSettings {
  /** 2^(3x) s, five times [docs]. */
  retryDelaysMs: readonly number[];
  callbackTimeoutMs: number;
  /** Event objects in a notification from the vendor's webhooks [docs]. */
  partSize: number;
  /** Maximum in a response, even if more are requested; Open Connectors' paging is undocumented. */
  deliveriesPageSize: number;
  /** Whether reading queued deliveries makes them `notified`; undocumented. */
  readingNotifies: boolean;
  /** Whether a subscription has the property `active`; undocumented. */
  tellsActive: boolean;
  /** A polled notification has at most {@link mostPolled} event objects [docs], each with a `pollDate` [code]. */
  eventSource: EventSource;
}

/** [docs] */
export const eventSources = ['webhook', 'polling'] as const;
type EventSource = (typeof eventSources)[number];

/** Event objects in a polling notification [docs]. */
const mostPolled = 10;

export function partSizeOf({ partSize, eventSource }: PlatformSettings): number {
  return eventSource === 'polling' ? Math.min(partSize, mostPolled) : partSize;
}

const defaultPlatformSettings: PlatformSettings = {
  retryDelaysMs: [8000, 64_000, 512_000, 4_096_000, 32_768_000],
  callbackTimeoutMs: 10_000,
  partSize: 20,
  deliveriesPageSize: 200,
  readingNotifies: false,
  tellsActive: false,
  eventSource: 'webhook',
};

export interface OrderedAnswer {
  /** Such as `POST /instances`; `*` for any. */
  readonly call: string;
  times: number;
  readonly delayMs: number;
  readonly carriedOut: boolean;
  /** Null: no response. Undefined: the call's own response, delayed. */
  readonly status: number | null | undefined;
  readonly message: string;
  readonly providerMessage: string | null;
}

/** Fictitious. */
export const account = { accountId: 643, companyId: 280, userId: 12_345 };

const maxEvents = 1000;

export class PlatformState {
  readonly credentials: SandboxCredentials['openConnectors'];
  readonly settings: PlatformSettings;
  /** Applies to the whole account; the default is Open Connectors' [docs]. */
  failurePolicy: FailurePolicy = 'retry';
  readonly #instances = new Map<number, PlatformInstance>();
  readonly calls = new CallCounts();
  readonly orders = new Orders<OrderedAnswer>();
  #nextId: number;

  constructor(seed: number, credentials: SandboxCredentials['openConnectors'], settings: Partial<PlatformSettings>) {
    this.credentials = credentials;
    this.settings = { ...defaultPlatformSettings, ...settings };
    // Sandboxes with different seeds have different IDs, so that data of one is not mistaken for another's.
    this.#nextId = 50_634 + ((Math.abs(seed) - 1) % 900_000) * 100;
  }

  newIdentity(): Pick<PlatformInstance, 'id' | 'token'> {
    const id = this.#nextId;
    this.#nextId++;
    return { id, token: randomToken() };
  }

  get instances(): ReadonlyMap<number, PlatformInstance> {
    return this.#instances;
  }

  add(instance: PlatformInstance): void {
    this.#instances.set(instance.id, instance);
  }

  remove(instance: PlatformInstance): void {
    this.#instances.delete(instance.id);
    instance.log.length = 0;
  }

  withToken(token: string): PlatformInstance | undefined {
    return [...this.#instances.values()].find((instance) => instance.token === token);
  }

  remember(instance: PlatformInstance, events: readonly InstanceEvent[]): void {
    instance.log.push(...events);
    if (instance.log.length > maxEvents) instance.log.splice(0, instance.log.length - maxEvents);
  }
}
