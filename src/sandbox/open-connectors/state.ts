/** The data of the emulated Open Connectors, only in memory: it is lost on stop. */
import type { FailurePolicy } from '../../open-connectors/delivery-queue.ts';
import type { SandboxCredentials } from '../credentials.ts';
import { CallCounts, Orders } from '../orders.ts';
import { randomToken } from '../random-texts.ts';
import type { Configuration, EventSettings } from './configuration.ts';
import type { VendorAccess } from './vendor-link.ts';

/** An event's states [swagger]; the meaning of each is inferred: see the notifier. */
export type EventStatus = 'NEW' | 'RECEIVED' | 'DISPATCHED' | 'CONSUMED' | 'NOTIFIED';

/** A stored notification. */
export interface InstanceEvent {
  /** The notification's `message.eventId`. */
  readonly id: string;
  readonly eventDate: string;
  status: EventStatus;
  /** The vendor's body. */
  readonly providerData: string;
}

export interface PlatformInstance {
  readonly id: number;
  name: string;
  tags: readonly string[];
  configuration: Configuration;
  /** Read from the configuration. */
  events: EventSettings;
  readonly token: string;
  readonly createdDate: string;
  disabled: boolean;
  access: VendorAccess;
  /** IDs of its webhooks at the vendor, by list. */
  readonly webhooks: Map<string, string>;
  /** The newest last. */
  readonly log: InstanceEvent[];
}

export interface PlatformSettings {
  /** Pauses before a notification is sent again: 2^(3x) s, five times [docs]. */
  retryDelaysMs: readonly number[];
  callbackTimeoutMs: number;
  /** Maximum event objects in a notification from the vendor's webhooks [docs]. */
  partSize: number;
  /** Maximum deliveries in a response, even if more are requested; Open Connectors' paging is undocumented. */
  deliveriesPageSize: number;
  /** Whether reading queued deliveries makes them `notified`; undocumented. */
  readingNotifies: boolean;
  /** Whether a subscription has the property `active`; undocumented. */
  tellsActive: boolean;
  /**
   * How events are received. A polled notification has at most {@link mostPolled} event objects [docs], each with a
   * `pollDate` [code]; here, the vendor's webhooks replace polling.
   */
  eventSource: EventSource;
}

/** Sources of events [docs]. */
export const eventSources = ['webhook', 'polling'] as const;
type EventSource = (typeof eventSources)[number];

/** Maximum event objects in a polling notification [docs]. */
const mostPolled = 10;

/** Maximum event objects in a notification. */
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

/** A response ordered for the next calls. */
export interface OrderedAnswer {
  /** The call, such as `POST /instances`; `*` for any. */
  readonly call: string;
  times: number;
  readonly delayMs: number;
  /** Whether the call is carried out before. */
  readonly carriedOut: boolean;
  /** null: no response. undefined: the call's own response, delayed. */
  readonly status: number | null | undefined;
  readonly message: string;
  readonly providerMessage: string | null;
}

/** Fictitious IDs of the account that all instances belong to. */
export const account = { accountId: 643, companyId: 280, userId: 12_345 };

/** Maximum number of an instance's events: the oldest are removed. */
const maxEvents = 1000;

export class PlatformState {
  readonly credentials: SandboxCredentials['openConnectors'];
  readonly settings: PlatformSettings;
  /** Applies to the account, and so to all its instances; the default is Open Connectors' [docs]. */
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

  /** The oldest first. */
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

  /** Adds the events of one delivery to the instance's log; above the maximum, removes the oldest. */
  remember(instance: PlatformInstance, events: readonly InstanceEvent[]): void {
    instance.log.push(...events);
    if (instance.log.length > maxEvents) instance.log.splice(0, instance.log.length - maxEvents);
  }
}
