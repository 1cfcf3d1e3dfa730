import { z } from 'zod';
import { maskedValue } from '../common/masking.ts';
import { say } from '../common/say.ts';
import {
  accountSchema,
  createdInstanceSchema,
  hubListSchema,
  instanceEventSchema,
  instanceSchema,
  oauthUrlSchema,
  parsed,
} from './answers.ts';
import type { CreatedInstance, HubList, Instance, InstanceEvent } from './answers.ts';
import { OpenConnectorsError } from './api-error.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { OpenConnectorsHttp, type Answer, type OpenConnectorsOptions } from './http.ts';
import type { InstanceBody } from './instance-body.ts';
import { secretsIn } from './instance-mask.ts';
import { elementKey, hubKey } from './notification.ts';

export interface InstanceChange {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly providerData?: { readonly code: string };
  readonly configuration?: Readonly<Record<string, string | boolean>>;
}

export interface OAuthUrlQuestion {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** As registered at Campaign Monitor. */
  readonly callbackUrl: string;
  /** Returned with the code, so that a forged response is recognized. */
  readonly state: string;
  readonly scope?: string;
}

/**
 * Every method throws {@link OpenConnectorsError} and no other error. Nothing is retried: the caller decides what a
 * timeout means.
 */
export class OpenConnectorsApi {
  readonly baseUrl: string;
  readonly queue: DeliveryQueue;
  readonly #http: OpenConnectorsHttp;

  constructor(options: OpenConnectorsOptions) {
    this.baseUrl = options.baseUrl;
    this.#http = new OpenConnectorsHttp(options);
    this.queue = new DeliveryQueue(this.#http);
  }

  /** POST keeps the app's secret out of URLs and logs; a host without it (404, 405) is asked by GET [swagger, live]. */
  async oauthUrl(question: OAuthUrlQuestion, signal?: AbortSignal): Promise<string> {
    const path = `/elements/${elementKey}/oauth/url`;
    const secrets = [question.apiSecret, question.apiKey];
    const fields = Object.entries(question).filter((field): field is [string, string] => typeof field[1] === 'string');
    let answer: Answer;
    try {
      answer = await this.#http.call({ method: 'POST', path, body: Object.fromEntries(fields), secrets, signal });
    } catch (error) {
      if (!(error instanceof OpenConnectorsError) || (error.status !== 404 && error.status !== 405)) throw error;
      answer = await this.#http.call({ method: 'GET', path, query: fields, secrets, signal });
    }
    return parsed(oauthUrlSchema, answer, 'the URL of the consent').oauthUrl;
  }

  /** A grant code works once; after a timeout the instance may exist: check with {@link listInstances}. */
  async createInstance(body: InstanceBody, signal?: AbortSignal): Promise<CreatedInstance> {
    const answer = await this.#http.call({
      method: 'POST',
      path: '/instances',
      body,
      secrets: secretsIn(body),
      signal,
    });
    return parsed(createdInstanceSchema, answer, 'an instance with an id and a token');
  }

  /** The API returns 404 if no instance matches [live]. */
  async listInstances(
    search: { readonly searchText?: string; readonly tags?: readonly string[] } = {},
    signal?: AbortSignal,
  ): Promise<Instance[]> {
    const query: [string, string][] = (search.tags ?? []).map((tag) => ['tags[]', tag]);
    if (search.searchText !== undefined && search.searchText !== '') query.push(['searchText', search.searchText]);
    const all = await this.#http.pages({ method: 'GET', path: '/instances', query, signal }, z.array(instanceSchema));
    return all.filter((instance) => instance.element?.key === elementKey);
  }

  async getInstance(id: number, signal?: AbortSignal): Promise<Instance> {
    return parsed(
      instanceSchema,
      await this.#http.call({ method: 'GET', path: instancePath(id), signal }),
      'an instance',
    );
  }

  /**
   * A masked value is never sent back: it would become the new one.
   * @param options `reAuthenticate`: use the new grant code
   */
  async patchInstance(
    id: number,
    change: InstanceChange,
    options: { readonly reAuthenticate?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<Instance> {
    if (JSON.stringify([change.providerData, change.configuration]).includes(maskedValue)) {
      throw new OpenConnectorsError('refused', 'give-secret-itself', {
        message: say('A masked value would overwrite one of the instance’s secrets'),
      });
    }
    const answer = await this.#http.call({
      method: 'PATCH',
      path: instancePath(id),
      ...(options.reAuthenticate === true && { query: [['reAuthenticate', 'true']] }),
      body: change,
      secrets: secretsIn(change),
      signal,
    });
    return parsed(instanceSchema, answer, 'an instance');
  }

  /** A disabled instance returns 403 and receives no events [live]. */
  async setInstanceEnabled(id: number, enabled: boolean, signal?: AbortSignal): Promise<void> {
    await this.#http.call({ method: enabled ? 'PUT' : 'DELETE', path: `${instancePath(id)}/enabled`, signal });
  }

  /** Permanent: its token is invalid from then on [live]. */
  async deleteInstance(id: number, signal?: AbortSignal): Promise<void> {
    await this.#http.call({ method: 'DELETE', path: instancePath(id), signal });
  }

  async instanceEvents(id: number, signal?: AbortSignal): Promise<InstanceEvent[]> {
    return this.#http.pages(
      { method: 'GET', path: `${instancePath(id)}/events`, signal },
      z.array(instanceEventSchema),
    );
  }

  /** The lists of the account behind an instance, for each of its clients [docs]. */
  async lists(instanceToken: string, signal?: AbortSignal): Promise<HubList[]> {
    const hub = `/hubs/${hubKey}`;
    const ask = { method: 'GET', token: instanceToken, signal } as const;
    const oneOrMore = z.union([z.array(z.unknown()), z.unknown().transform((account) => [account])]);
    const accounts = (await this.#http.pages({ ...ask, path: `${hub}/accounts` }, oneOrMore)).flatMap((account) => {
      const { success, data } = accountSchema.safeParse(account);
      return success ? [data.BasicDetails] : [];
    });
    const lists: HubList[] = [];
    for (const { ClientID: clientId, CompanyName } of accounts) {
      const query = [['where', `id='${clientId.replaceAll("'", "''")}'`]] as const;
      for (const list of await this.#http.pages({ ...ask, path: `${hub}/lists`, query }, z.array(hubListSchema))) {
        const id = list.id ?? list.ListID;
        if (id === undefined) continue;
        lists.push({ id, name: list.name ?? list.Name ?? '', clientId, clientName: CompanyName ?? '' });
      }
    }
    return lists;
  }
}

function instancePath(id: number): string {
  return `/instances/${encodeURIComponent(id)}`;
}
