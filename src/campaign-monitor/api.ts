/** Campaign Monitor's API, as far as webhooks need it. Every answer is checked, every error has its kind. */
import { z } from 'zod';
import {
  clientsSchema,
  idForm,
  idSchema,
  listSchema,
  listsSchema,
  nothing,
  systemDateSchema,
  webhooksSchema,
} from './answers.ts';
import type { CampaignMonitorClient, CampaignMonitorList, Webhook, WebhookFormat } from './answers.ts';
import type { WebhookEventType } from './event-types.ts';
import { CampaignMonitorSession } from './session.ts';
import type { CampaignMonitorApiOptions } from './session.ts';

export interface NewWebhook {
  readonly events: readonly WebhookEventType[];
  readonly url: string;
  readonly format: WebhookFormat;
}

/** The client of one account. Calls throw CampaignMonitorError, and can be ended by a signal. */
export class CampaignMonitorApi {
  readonly #session: CampaignMonitorSession;

  constructor(options: CampaignMonitorApiOptions) {
    this.#session = new CampaignMonitorSession(options);
  }

  /**
   * The clients that the credential can see.
   * @throws CampaignMonitorError, as every call
   */
  clients(signal?: AbortSignal): Promise<CampaignMonitorClient[]> {
    return this.#session.call('GET', '/clients.json', clientsSchema, { signal });
  }

  /** The lists of a client. */
  lists(clientId: string, signal?: AbortSignal): Promise<CampaignMonitorList[]> {
    return this.#session.call('GET', `/clients/${checked(clientId, 'client')}/lists.json`, listsSchema, { signal });
  }

  /** One list. */
  async list(listId: string, signal?: AbortSignal): Promise<CampaignMonitorList> {
    const list = await this.#session.call('GET', `/lists/${checked(listId, 'list')}.json`, listSchema, { signal });
    return { listId, name: list.Title ?? list.Name ?? '' };
  }

  /** The webhooks of a list: they exist per list only. */
  async webhooks(listId: string, signal?: AbortSignal): Promise<Webhook[]> {
    const webhooks = await this.#session.call('GET', `${pathOf(listId)}.json`, webhooksSchema, { signal });
    return webhooks.map((webhook) => ({
      webhookId: webhook.WebhookID,
      listId,
      events: webhook.Events,
      url: webhook.Url,
      active: webhook.Status.toLowerCase() === 'active',
      status: webhook.Status,
      format: webhook.PayloadFormat,
    }));
  }

  /**
   * Makes a webhook; it is active at once. There is no call to change one: make the new one, then delete the old one.
   * Not idempotent: where it times out, look before making another.
   * @returns its id
   */
  createWebhook(listId: string, { events, url, format }: NewWebhook, signal?: AbortSignal): Promise<string> {
    const body = { Events: events, Url: url, PayloadFormat: format };
    return this.#session.call('POST', `${pathOf(listId)}.json`, idSchema, { body, signal });
  }

  /**
   * Lets Campaign Monitor post to a webhook, and waits for what comes of it.
   * @throws CampaignMonitorError of the kind `webhook-test-failed` where the post failed: see `explainTestFailure`
   */
  testWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('GET', `${pathOf(listId, webhookId)}/test.json`, nothing, { signal });
  }

  /** Lets a deactivated webhook get deliveries again. */
  activateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('PUT', `${pathOf(listId, webhookId)}/activate.json`, nothing, { signal });
  }

  /** Stops a webhook from getting deliveries; it stays. */
  deactivateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('PUT', `${pathOf(listId, webhookId)}/deactivate.json`, nothing, { signal });
  }

  /** Deletes a webhook. Only ever one that this tool made: a list's others are somebody's. */
  deleteWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('DELETE', `${pathOf(listId, webhookId)}.json`, nothing, { signal });
  }

  /** Adds a subscriber; one with this address is changed instead. Without consent to be tracked, as nobody was asked. */
  async addSubscriber(
    listId: string,
    { address, name }: { readonly address: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const body = { EmailAddress: address, Name: name, ConsentToTrack: 'No' };
    await this.#session.call('POST', `/subscribers/${checked(listId, 'list')}.json`, z.unknown(), { body, signal });
  }

  /**
   * The date in the account's time zone, `YYYY-MM-DD HH:MM:SS`: a harmless check of a credential.
   */
  async systemDate(signal?: AbortSignal): Promise<string> {
    return (await this.#session.call('GET', '/systemdate.json', systemDateSchema, { signal })).SystemDate;
  }
}

function pathOf(listId: string, webhookId?: string): string {
  const webhooks = `/lists/${checked(listId, 'list')}/webhooks`;
  return webhookId === undefined ? webhooks : `${webhooks}/${checked(webhookId, 'webhook')}`;
}

/** @throws RangeError for an id that would change the path */
function checked(value: string, of: string): string {
  if (!idForm.test(value)) throw new RangeError(`${JSON.stringify(value.slice(0, 140))} is not a ${of} ID`);
  return value;
}
