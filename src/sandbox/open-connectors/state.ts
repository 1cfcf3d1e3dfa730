/** The memory of the emulated Open Connectors. It is lost on stop. */
import type { FailurePolicy } from '../../open-connectors/delivery-queue.ts';
import type { SandboxCredentials } from '../credentials.ts';
import { CallCounts, Orders } from '../orders.ts';
import { randomToken } from '../random-texts.ts';
import type { Configuration, EventSettings } from './configuration.ts';
import type { VendorAccess } from './vendor-link.ts';

/** An event's states on the platform [swagger]; what each means is inferred: see the notifier. */
export type EventStatus = 'NEW' | 'RECEIVED' | 'DISPATCHED' | 'CONSUMED' | 'NOTIFIED';

/** What the platform remembers of a notification that it made. */
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
  /** Ids of its webhooks at the vendor, by list. */
  readonly webhooks: Map<string, string>;
  /** The newest last. */
  readonly log: InstanceEvent[];
}

export interface PlatformSettings {
  /** Waits before a notification is sent again: 2^(3x) s, five times [docs]. */
  retryDelaysMs: readonly number[];
  callbackTimeoutMs: number;
  /** Event objects in a notification of the vendor's webhooks, at most [docs]. */
  partSize: number;
  /** Deliveries in an answer, at most, however many are asked for; how the platform makes pages is documented nowhere. */
  deliveriesPageSize: number;
  /** Whether a read of queued deliveries makes them `notified`; documented nowhere. */
  readingNotifies: boolean;
  /** Whether a subscription says that it is `active`; documented nowhere. */
  tellsActive: boolean;
  /**
   * How the platform learns of events. What it polls for has at most {@link mostPolled} event objects a notification
   * [docs], each with a `pollDate` [code]; here the vendor's webhooks stand in for what a poll would find.
   */
  eventSource: EventSource;
}

/** Ways to learn of events [docs]. */
export const eventSources = ['webhook', 'polling'] as const;
type EventSource = (typeof eventSources)[number];

/** Event objects in a polling notification, at most [docs]. */
const mostPolled = 10;

/** Event objects in a notification, at most. */
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

/** An answer that was ordered for the next calls. */
export interface OrderedAnswer {
  /** The call, such as `POST /instances`; `*` for any. */
  readonly call: string;
  times: number;
  readonly delayMs: number;
  /** Whether the call is carried out before. */
  readonly carriedOut: boolean;
  /** null: never answered. undefined: the call's own answer, late. */
  readonly status: number | null | undefined;
  readonly message: string;
  readonly providerMessage: string | null;
}

/** Made-up ids of the account that all instances belong to. */
export const account = { accountId: 643, companyId: 280, userId: 12_345 };

/** Instances, at most. */
const maxInstances = 500;
/** Events that an instance remembers. */
const maxEvents = 1000;
/** Bodies that the instances' events remember, in characters of all: the oldest make room. */
const maxEventText = 32_000_000;

/** All that the sandbox's Open Connectors knows, in memory. */
export class PlatformState {
  readonly credentials: SandboxCredentials['openConnectors'];
  readonly settings: PlatformSettings;
  /** Of the account, and so of all its instances; the default is the platform's [docs]. */
  failurePolicy: FailurePolicy = 'retry';
  readonly #instances = new Map<number, PlatformInstance>();
  readonly calls = new CallCounts();
  readonly orders = new Orders<OrderedAnswer>();
  /** Deliveries that events remember, the newest last. */
  #remembered: { readonly instance: PlatformInstance; readonly events: readonly InstanceEvent[] }[] = [];
  #rememberedText = 0;
  #nextId: number;

  constructor(seed: number, credentials: SandboxCredentials['openConnectors'], settings: Partial<PlatformSettings>) {
    this.credentials = credentials;
    this.settings = { ...defaultPlatformSettings, ...settings };
    // Sandboxes of different seeds give different ids, so that what is left of one is not taken for another's.
    this.#nextId = 50_634 + ((Math.abs(seed) - 1) % 900_000) * 100;
  }

  /** An id and a token for a new instance. */
  newIdentity(): Pick<PlatformInstance, 'id' | 'token'> {
    const id = this.#nextId;
    this.#nextId++;
    return { id, token: randomToken() };
  }

  /** All instances, the oldest first. */
  get instances(): ReadonlyMap<number, PlatformInstance> {
    return this.#instances;
  }

  /** Whether there are as many instances as may be. */
  get isFull(): boolean {
    return this.#instances.size >= maxInstances;
  }

  /** Keeps a new instance. */
  add(instance: PlatformInstance): void {
    this.#instances.set(instance.id, instance);
  }

  /** Forgets an instance. */
  remove(instance: PlatformInstance): void {
    this.#instances.delete(instance.id);
    for (const each of this.#remembered) if (each.instance === instance) this.#rememberedText -= textOf(each.events);
    this.#remembered = this.#remembered.filter((each) => each.instance !== instance);
    instance.log.length = 0;
  }

  /** The instance with this token. */
  withToken(token: string): PlatformInstance | undefined {
    return [...this.#instances.values()].find((instance) => instance.token === token);
  }

  /** Adds the events of one delivery to the instance's log; what is too much of all goes, the oldest first. */
  remember(instance: PlatformInstance, events: readonly InstanceEvent[]): void {
    instance.log.push(...events);
    if (instance.log.length > maxEvents) instance.log.splice(0, instance.log.length - maxEvents);
    this.#remembered.push({ instance, events });
    this.#rememberedText += textOf(events);
    while (this.#rememberedText > maxEventText && this.#remembered.length > 1) {
      const [oldest] = this.#remembered.splice(0, 1);
      if (oldest === undefined) return;
      this.#rememberedText -= textOf(oldest.events);
      const gone = new Set(oldest.events);
      oldest.instance.log.splice(
        0,
        oldest.instance.log.length,
        ...oldest.instance.log.filter((each) => !gone.has(each)),
      );
    }
  }
}

/** The parts of a delivery share its body: it counts once, and something for the rest. */
function textOf(events: readonly InstanceEvent[]): number {
  return (events[0]?.providerData.length ?? 0) + 1000 * events.length;
}
