/** The memory of the emulated Open Connectors. It is lost on stop. */
import { randomBytes } from 'node:crypto';
import type { SandboxCredentials } from '../credentials.ts';
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
  /** Event objects in a notification, at most [docs]. */
  partSize: number;
}

const defaultPlatformSettings: PlatformSettings = {
  retryDelaysMs: [8000, 64_000, 512_000, 4_096_000, 32_768_000],
  callbackTimeoutMs: 10_000,
  partSize: 20,
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

/** All that the sandbox's Open Connectors knows, in memory. */
export class PlatformState {
  readonly credentials: SandboxCredentials['openConnectors'];
  readonly settings: PlatformSettings;
  readonly instances = new Map<number, PlatformInstance>();
  /** How often each call was made, such as `POST /instances`. */
  readonly calls = new Map<string, number>();
  #orders: OrderedAnswer[] = [];
  #nextId: number;

  constructor(seed: number, credentials: SandboxCredentials['openConnectors'], settings: Partial<PlatformSettings>) {
    this.credentials = credentials;
    this.settings = { ...defaultPlatformSettings, ...settings };
    // Sandboxes of different seeds give different ids, so that what is left of one is not taken for another's.
    this.#nextId = 50_634 + ((Math.abs(seed) - 1) % 900_000) * 100;
  }

  /** An id and a token for a new instance. */
  newIdentity(): { id: number; token: string } {
    const id = this.#nextId;
    this.#nextId++;
    return { id, token: `T+/${randomBytes(32).toString('base64')}` };
  }

  /** The instance with this token. */
  withToken(token: string): PlatformInstance | undefined {
    return [...this.instances.values()].find((instance) => instance.token === token);
  }

  /** Counts a call by its name. */
  countCall(call: string): void {
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
  }

  /** Lets a call to come be answered as ordered. */
  order(answer: OrderedAnswer): void {
    this.#orders.push(answer);
  }

  /** Forgets all such orders. */
  forgetOrders(): void {
    this.#orders = [];
  }

  /** The answer ordered for this call, if any; each is given as often as was ordered. */
  takeOrder(call: string): OrderedAnswer | null {
    const order = this.#orders.find((candidate) => candidate.call === call || candidate.call === '*');
    if (order === undefined) return null;
    order.times--;
    if (order.times <= 0) this.#orders = this.#orders.filter((candidate) => candidate !== order);
    return order;
  }
}
