import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { sampleDeliveries } from '../../campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../credentials.ts';
import { CallCounts, Orders } from '../orders.ts';
import { randomHex } from '../random-texts.ts';
import type { OAuthApp, SandboxClient } from './accounts.ts';
import { relayApp, sandboxClients, sandboxLists, sandboxOAuthApps } from './accounts.ts';
import { CustomFields, sampleCustomFields } from './custom-fields.ts';
import { sampleHistory } from './history.ts';
import { sampleListSettings, type KeptList, type ListSettings } from './lists.ts';
import { SubscriberList, type ActiveAgain } from './subscribers.ts';

export type PayloadFormat = 'Json' | 'Xml';

export interface Webhook {
  readonly webhookId: string;
  readonly listId: string;
  readonly events: readonly WebhookEventType[];
  readonly url: string;
  readonly format: PayloadFormat;
  active: boolean;
  /** Start of failures without a success since, in milliseconds since 1970. */
  failingSince: number | null;
}

/** The vendor's body of the test call is unknown, so all plausible ones are available. */
export const testBodies = ['no-events', 'empty-object', 'empty', 'examples'] as const;
export type TestBody = (typeof testBodies)[number];

export interface SandboxSettings {
  /** Pauses before the second and later attempts. The vendor's schedule is unknown. */
  retryDelaysMs: readonly number[];
  /** After failing this long, a webhook is deactivated: a week with the vendor [2nd]. */
  deactivateAfterMs: number;
  deliveryTimeoutMs: number;
  testBody: TestBody;
  /** The vendor's API requires `ConsentToTrack` from v3.2 on [vendor]. */
  consentToTrack: 'optional' | 'required';
  /** For a subscriber who becomes active again [2nd: Subscribe, as “moved from an inactive state to Active”]. */
  activeAgain: ActiveAgain;
  /** Undocumented delay until the API returns a new subscriber. */
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

export type FailurePoint = 'api' | 'authorize' | 'token';

export interface OrderedFailure {
  readonly at: FailurePoint;
  times: number;
  readonly status: number;
  readonly error: string;
  readonly code: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class SandboxState {
  readonly seed: number;
  readonly settings: SandboxSettings;
  readonly apiKey: string;
  readonly ownClientId: string;
  readonly clients: readonly SandboxClient[] = sandboxClients;
  readonly lists: ReadonlyMap<string, KeptList>;
  readonly oauthApps = new Map<string, OAuthApp>();
  readonly webhooks = new Map<string, Webhook>();
  readonly calls = new CallCounts();
  readonly failures = new Orders<OrderedFailure>();
  readonly #lists: Map<string, KeptList>;

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

  listsOf(clientId: string): KeptList[] {
    return [...this.#lists.values()].filter((list) => list.clientId === clientId);
  }

  addList(clientId: string, settings: ListSettings): KeptList {
    const subscribers = new SubscriberList();
    const list: KeptList = { ...settings, listId: randomHex(), clientId, subscribers };
    this.#lists.set(list.listId, list);
    return list;
  }

  changeList(list: KeptList, settings: ListSettings): void {
    this.#lists.set(list.listId, { ...list, ...settings });
  }

  removeList(list: KeptList): void {
    for (const { webhookId } of this.webhooksOf(list.listId)) this.webhooks.delete(webhookId);
    this.#lists.delete(list.listId);
  }

  webhooksOf(listId: string): Webhook[] {
    return [...this.webhooks.values()].filter((webhook) => webhook.listId === listId);
  }

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
