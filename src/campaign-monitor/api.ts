/** Campaign Monitor's API, as far as webhooks need it. Every answer is checked, every error has its kind. */
import { z } from 'zod';
import { CampaignMonitorError } from './api-error.ts';
import {
  clientsSchema,
  idForm,
  idSchema,
  listSchema,
  listStatsSchema,
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

/** Somebody on a list, or who is to be. */
export interface NewSubscriber {
  readonly address: string;
  readonly name: string;
  /** Whether who has left becomes active again. Default false. */
  readonly resubscribe?: boolean;
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

  /** What decides whether somebody can be added to a list for a moment: how many are on it, and who asks those. */
  async listUse(
    listId: string,
    signal?: AbortSignal,
  ): Promise<{ readonly activeSubscribers: number; readonly asksForConfirmation: boolean }> {
    const path = `/lists/${checked(listId, 'list')}`;
    const { ConfirmedOptIn } = await this.#session.call('GET', `${path}.json`, listSchema, { signal });
    const { TotalActiveSubscribers } = await this.#session.call('GET', `${path}/stats.json`, listStatsSchema, {
      signal,
    });
    return { activeSubscribers: TotalActiveSubscribers, asksForConfirmation: ConfirmedOptIn === true };
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
    { address, name, resubscribe }: NewSubscriber,
    signal?: AbortSignal,
  ): Promise<void> {
    const body = {
      EmailAddress: address,
      Name: name,
      ConsentToTrack: 'No',
      ...(resubscribe === true && { Resubscribe: true }),
    };
    await this.#session.call('POST', `${subscribersOf(listId)}.json`, z.unknown(), { body, signal });
  }

  /** Adds many at once, or changes those who are there: at most 1,000 [2nd]. */
  async importSubscribers(listId: string, subscribers: readonly NewSubscriber[], signal?: AbortSignal): Promise<void> {
    const body = {
      Subscribers: subscribers.map(({ address, name }) => ({
        EmailAddress: address,
        Name: name,
        ConsentToTrack: 'No',
      })),
      Resubscribe: false,
    };
    await this.#session.call('POST', `${subscribersOf(listId)}/import.json`, z.unknown(), { body, signal });
  }

  /** Changes a subscriber. @param address the one by which it is known until now */
  async updateSubscriber(listId: string, address: string, change: NewSubscriber, signal?: AbortSignal): Promise<void> {
    const body = {
      EmailAddress: change.address,
      Name: change.name,
      ConsentToTrack: 'Unchanged',
      ...(change.resubscribe === true && { Resubscribe: true }),
    };
    const path = `${subscribersOf(listId)}.json?email=${encodeURIComponent(address)}`;
    await this.#session.call('PUT', path, z.unknown(), { body, signal });
  }

  /** Unsubscribes somebody who is active. */
  async unsubscribe(listId: string, address: string, signal?: AbortSignal): Promise<void> {
    const body = { EmailAddress: address };
    await this.#session.call('POST', `${subscribersOf(listId)}/unsubscribe.json`, nothing, { body, signal });
  }

  /** Takes somebody off a list. @returns false where nobody active has the address */
  async deleteSubscriber(listId: string, address: string, signal?: AbortSignal): Promise<boolean> {
    return this.#unlessUnknown('DELETE', listId, address, signal);
  }

  /** Whether the API tells of a subscriber. */
  async hasSubscriber(listId: string, address: string, signal?: AbortSignal): Promise<boolean> {
    return this.#unlessUnknown('GET', listId, address, signal);
  }

  async #unlessUnknown(
    method: 'GET' | 'DELETE',
    listId: string,
    address: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const path = `${subscribersOf(listId)}.json?email=${encodeURIComponent(address)}`;
    try {
      await this.#session.call(method, path, nothing, { signal });
      return true;
    } catch (error) {
      if (error instanceof CampaignMonitorError && error.code === notInList) return false;
      throw error;
    }
  }

  /**
   * The date in the account's time zone, `YYYY-MM-DD HH:MM:SS`: a harmless check of a credential.
   */
  async systemDate(signal?: AbortSignal): Promise<string> {
    return (await this.#session.call('GET', '/systemdate.json', systemDateSchema, { signal })).SystemDate;
  }
}

/** The vendor's code for an address that is not on a list, or not active there [vendor]. */
const notInList = 203;

function subscribersOf(listId: string): string {
  return `/subscribers/${checked(listId, 'list')}`;
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
