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
import { CampaignMonitorSession, type CampaignMonitorApiOptions } from './session.ts';

export interface NewWebhook {
  readonly events: readonly WebhookEventType[];
  readonly url: string;
  readonly format: WebhookFormat;
}

/** Calls throw CampaignMonitorError, and can be canceled by a signal. */
export class CampaignMonitorApi {
  readonly #session: CampaignMonitorSession;

  constructor(options: CampaignMonitorApiOptions) {
    this.#session = new CampaignMonitorSession(options);
  }

  clients(signal?: AbortSignal): Promise<CampaignMonitorClient[]> {
    return this.#session.call('GET', '/clients.json', clientsSchema, { signal });
  }

  lists(clientId: string, signal?: AbortSignal): Promise<CampaignMonitorList[]> {
    return this.#session.call('GET', `/clients/${checked(clientId, 'client')}/lists.json`, listsSchema, { signal });
  }

  async list(listId: string, signal?: AbortSignal): Promise<CampaignMonitorList> {
    const list = await this.#session.call('GET', `/lists/${checked(listId, 'list')}.json`, listSchema, { signal });
    return { listId, name: list.Title ?? list.Name ?? '' };
  }

  /** Webhooks exist only per list. */
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

  /** It is active at once. Not idempotent: after a timeout, check before creating another. @returns its ID */
  createWebhook(listId: string, { events, url, format }: NewWebhook, signal?: AbortSignal): Promise<string> {
    const body = { Events: events, Url: url, PayloadFormat: format };
    return this.#session.call('POST', `${pathOf(listId)}.json`, idSchema, { body, signal });
  }

  /** @throws CampaignMonitorError of the kind `webhook-test-failed` if the post failed: see `explainTestFailure` */
  testWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('GET', `${pathOf(listId, webhookId)}/test.json`, nothing, { signal });
  }

  activateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('PUT', `${pathOf(listId, webhookId)}/activate.json`, nothing, { signal });
  }

  deactivateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('PUT', `${pathOf(listId, webhookId)}/deactivate.json`, nothing, { signal });
  }

  /** Only for webhooks that this tool created: others on the list may be in use. */
  deleteWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#session.call('DELETE', `${pathOf(listId, webhookId)}.json`, nothing, { signal });
  }

  /** Adds or changes the subscriber with this address. Without consent to tracking, since the person wasn't asked. */
  async addSubscriber(
    listId: string,
    { address, name }: { readonly address: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const body = { EmailAddress: address, Name: name, ConsentToTrack: 'No' };
    await this.#session.call('POST', `/subscribers/${checked(listId, 'list')}.json`, z.unknown(), { body, signal });
  }

  /** The date in the account's time zone, `YYYY-MM-DD HH:MM:SS`: a harmless check of a credential. */
  async systemDate(signal?: AbortSignal): Promise<string> {
    return (await this.#session.call('GET', '/systemdate.json', systemDateSchema, { signal })).SystemDate;
  }
}

function pathOf(listId: string, webhookId?: string): string {
  const webhooks = `/lists/${checked(listId, 'list')}/webhooks`;
  return webhookId === undefined ? webhooks : `${webhooks}/${checked(webhookId, 'webhook')}`;
}

/** @throws RangeError for an ID that would change the path */
function checked(value: string, of: string): string {
  if (!idForm.test(value)) throw new RangeError(`${JSON.stringify(value.slice(0, 140))} is not a ${of} ID`);
  return value;
}
