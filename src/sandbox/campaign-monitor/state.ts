/** The memory of the emulated Campaign Monitor. It is lost on stop, and says so by being nowhere else. */
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { sampleDeliveries } from '../../campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../credentials.ts';
import { CallCounts, Orders } from '../orders.ts';
import { randomHex } from '../random-texts.ts';
import type { OAuthApp, SandboxClient } from './accounts.ts';
import { relayApp, sandboxClients, sandboxLists, sandboxOAuthApps } from './accounts.ts';
import { CustomFields, sampleCustomFields } from './custom-fields.ts';
import { sampleHistory } from './history.ts';
import type { KeptList, ListSettings } from './lists.ts';
import { sampleListSettings } from './lists.ts';
import { SubscriberList } from './subscribers.ts';
import type { ActiveAgain } from './subscribers.ts';
import { vendorErrors } from './vendor-error.ts';

/** How the vendor capitalises formats on the way out. */
export type PayloadFormat = 'Json' | 'Xml';

export interface Webhook {
  readonly webhookId: string;
  readonly listId: string;
  readonly events: readonly WebhookEventType[];
  readonly url: string;
  readonly format: PayloadFormat;
  active: boolean;
  /** When its deliveries began to fail without one success since, in milliseconds since 1970. */
  failingSince: number | null;
}

/** What the test call posts: unknown with the vendor, so all that a receiver must bear can be had. */
export const testBodies = ['no-events', 'empty-object', 'empty', 'examples'] as const;
export type TestBody = (typeof testBodies)[number];

export interface SandboxSettings {
  /** Waits before the second, third, … attempt. The vendor's schedule is unknown. */
  retryDelaysMs: readonly number[];
  /** A webhook whose deliveries have failed for longer is deactivated: a week with the vendor [2nd]. */
  deactivateAfterMs: number;
  deliveryTimeoutMs: number;
  testBody: TestBody;
  /** Whether the API asks for `ConsentToTrack` from v3.2 on, as the vendor does [vendor]. */
  consentToTrack: 'optional' | 'required';
  /** What somebody who becomes active again fires [2nd: Subscribe, as “moved from an inactive state to Active”]. */
  activeAgain: ActiveAgain;
  /** How long a subscriber whom the API has just added cannot be read by it, in milliseconds: no document says so. */
  readableAfterMs: number;
}

export const defaultSettings: SandboxSettings = {
  retryDelaysMs: [1000, 5000, 30_000],
  deactivateAfterMs: 7 * 24 * 60 * 60 * 1000,
  deliveryTimeoutMs: 10_000,
  testBody: 'no-events',
  consentToTrack: 'optional',
  activeAgain: 'Subscribe',
  readableAfterMs: 0,
};

/** Where a failure can be ordered for the next requests. */
export type FailurePoint = 'api' | 'authorize' | 'token';

export interface OrderedFailure {
  readonly at: FailurePoint;
  times: number;
  readonly status: number;
  /** For `authorize` and `token`: the OAuth error's name. */
  readonly error: string;
  readonly code: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Lists of all clients, at most. */
const maxLists = 200;
/** Webhooks of all lists, at most. */
const maxWebhooks = 5000;

/** All that the sandbox's Campaign Monitor knows, in memory. */
export class SandboxState {
  readonly seed: number;
  readonly settings: SandboxSettings;
  readonly apiKey: string;
  /** The client id of the app that the credentials name. */
  readonly ownClientId: string;
  readonly clients: readonly SandboxClient[] = sandboxClients;
  /** What the API adds and takes away goes through {@link addList} and {@link removeList}. */
  readonly lists: ReadonlyMap<string, KeptList>;
  /** By client id. */
  readonly oauthApps = new Map<string, OAuthApp>();
  readonly webhooks = new Map<string, Webhook>();
  readonly calls = new CallCounts();
  readonly failures = new Orders<OrderedFailure>();
  readonly #lists: Map<string, KeptList>;

  /**
   * @param seed decides sample subscribers and events
   * @param settings what differs from the defaults
   * @param credentials the API key and the OAuth app of this product
   */
  constructor(seed: number, settings: Partial<SandboxSettings>, credentials: SandboxCredentials) {
    this.seed = seed;
    this.apiKey = credentials.campaignMonitor.apiKey;
    this.ownClientId = credentials.campaignMonitor.oauthClientId;
    this.settings = { ...defaultSettings, ...settings };
    this.#lists = new Map(
      sandboxLists.map((list, i) => {
        const subscribers = new SubscriberList(new CustomFields(sampleCustomFields));
        addSamples(subscribers, seed + i);
        return [list.listId, { ...sampleListSettings, ...list, subscribers }];
      }),
    );
    this.lists = this.#lists;
    for (const app of [...sandboxOAuthApps, relayApp(credentials)]) this.oauthApps.set(app.clientId, app);
  }

  /** The lists of a client. */
  listsOf(clientId: string): KeptList[] {
    return [...this.#lists.values()].filter((list) => list.clientId === clientId);
  }

  /**
   * Makes a list, without fields and subscribers.
   * @throws VendorError 400 where no more are kept
   */
  addList(clientId: string, settings: ListSettings): KeptList {
    if (this.#lists.size >= maxLists) throw vendorErrors.tooMany('lists');
    const subscribers = new SubscriberList();
    const list: KeptList = { ...settings, listId: randomHex(), clientId, subscribers };
    this.#lists.set(list.listId, list);
    return list;
  }

  /** Changes what is set of a list. */
  changeList(list: KeptList, settings: ListSettings): void {
    this.#lists.set(list.listId, { ...list, ...settings });
  }

  /** Takes a list away, with its webhooks. */
  removeList(list: KeptList): void {
    for (const { webhookId } of this.webhooksOf(list.listId)) this.webhooks.delete(webhookId);
    this.#lists.delete(list.listId);
  }

  /** The webhooks of a list. */
  webhooksOf(listId: string): Webhook[] {
    return [...this.webhooks.values()].filter((webhook) => webhook.listId === listId);
  }

  /** Whether so many more webhooks can be kept. */
  hasRoomForWebhooks(more: number): boolean {
    return this.webhooks.size + more <= maxWebhooks;
  }

  /** The failure ordered for this request, if any. */
  takeFailure(at: FailurePoint): OrderedFailure | null {
    return this.failures.take((order) => order.at === at);
  }
}

function addSamples(list: SubscriberList, seed: number): void {
  const events = sampleDeliveries({ types: ['Subscribe'], count: 1, batch: 3, seed })[0]?.body.Events ?? [];
  for (const [i, { EmailAddress: email, Name: name, CustomFields: customFields, Date: date }] of events.entries()) {
    list.put({
      email,
      name,
      customFields,
      state: 'Active',
      stateSince: date,
      joined: date,
      consentToTrack: 'Yes',
      mobileNumber: '',
      consentToSendSms: '',
      readableFrom: 0,
      history: i === 0 ? sampleHistory : [],
    });
  }
}
