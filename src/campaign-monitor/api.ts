/** Campaign Monitor's API, as far as webhooks need it. Every answer is checked, every error has its kind. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { CampaignMonitorError, kindOfCode } from './api-error.ts';
import type { Answer, Fetch } from './http.ts';
import { exchange } from './http.ts';
import type { CampaignMonitorTokens } from './oauth.ts';
import { CampaignMonitorOAuthError, refreshToken } from './oauth.ts';
import { plainText } from './plain-text.ts';
import type { WebhookEventType } from './samples.ts';
import { webhookEventTypes } from './samples.ts';

export { CampaignMonitorError } from './api-error.ts';
export type { CampaignMonitorErrorKind } from './api-error.ts';

export type CampaignMonitorCredential =
  | { readonly kind: 'api-key'; readonly apiKey: string }
  | { readonly kind: 'oauth'; readonly accessToken: string; readonly refreshToken: string };

export interface CampaignMonitorApiOptions {
  /** Such as `https://api.createsend.com/api/v3.3`: see `serviceAt`. */
  readonly baseUrl: string;
  readonly credential: CampaignMonitorCredential;
  /** Keeps new tokens, before anything else is done with them: the old refresh token may have ended. */
  readonly onRefreshed?: ((tokens: CampaignMonitorTokens) => void | Promise<void>) | undefined;
  /** Where tokens are refreshed; default the vendor's. */
  readonly oauthBase?: string | undefined;
  /** For one request, in milliseconds; default 30 s, since a webhook's test waits for the webhook. */
  readonly timeoutMs?: number | undefined;
  /** Waits after a 429 that does not say how long, in milliseconds; as many further tries. Default 1, 2 and 4 s. */
  readonly backoffMs?: readonly number[] | undefined;
  readonly fetch?: Fetch | undefined;
}

export interface CampaignMonitorClient {
  readonly clientId: string;
  readonly name: string;
}

export interface CampaignMonitorList {
  readonly listId: string;
  readonly name: string;
}

export type WebhookFormat = 'json' | 'xml';

export interface Webhook {
  readonly webhookId: string;
  readonly listId: string;
  /** `Subscribe`, `Update`, `Deactivate`; a name that is not known stays as it came. */
  readonly events: readonly string[];
  readonly url: string;
  readonly active: boolean;
  /** The vendor's word; that of an inactive one is unknown. */
  readonly status: string;
  /** null for a word that is not known. */
  readonly format: WebhookFormat | null;
}

export interface NewWebhook {
  readonly events: readonly WebhookEventType[];
  readonly url: string;
  readonly format: WebhookFormat;
}

/** Longer waits than this are the caller's to decide, in milliseconds. */
const longestWaitMs = 60_000;

/** Opaque, but never anything that would change a path. */
const idForm = /^[A-Za-z0-9_-]{1,128}$/;

const id = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(idForm, 'expected an id of letters and digits'));
const name = z.string().catch('').default('');

const clientsSchema = z.array(
  z.object({ ClientID: id, Name: name }).transform((client) => ({ clientId: client.ClientID, name: client.Name })),
);
const listsSchema = z.array(
  z.object({ ListID: id, Name: name }).transform((list) => ({ listId: list.ListID, name: list.Name })),
);
/** Here it is `Title`, elsewhere `Name` [vendor]. */
const listSchema = z.object({ Title: z.string().optional(), Name: z.string().optional() });

const eventNames = new Map<string, string>(webhookEventTypes.map((type) => [type.toLowerCase(), type]));
const webhooksSchema = z.array(
  z.object({
    WebhookID: id,
    Events: z.array(z.string().transform((event) => eventNames.get(event.toLowerCase()) ?? event)).catch([]),
    Url: z.string(),
    Status: z.string().catch('').default(''),
    PayloadFormat: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['json', 'xml']))
      .nullable()
      .catch(null),
  }),
);
const systemDateSchema = z.object({ SystemDate: z.string() });
const errorSchema = z.object({
  Code: z.coerce.number().int(),
  Message: z.string().catch('').default(''),
  ResultData: z.unknown().optional(),
});

/** An answer without content. */
const nothing = z.unknown().transform(() => undefined);

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The client of one account. Calls throw CampaignMonitorError, and can be ended by a signal. */
export class CampaignMonitorApi {
  readonly #options: CampaignMonitorApiOptions;
  readonly #baseUrl: string;
  #credential: CampaignMonitorCredential;
  /** One refresh at a time: a second one with the same refresh token would fail. */
  #refreshing: Promise<void> | undefined;

  constructor(options: CampaignMonitorApiOptions) {
    this.#options = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#credential = options.credential;
  }

  /**
   * The clients that the credential can see.
   * @throws CampaignMonitorError, as every call
   */
  clients(signal?: AbortSignal): Promise<CampaignMonitorClient[]> {
    return this.#call('GET', '/clients.json', clientsSchema, { signal });
  }

  /** The lists of a client. */
  lists(clientId: string, signal?: AbortSignal): Promise<CampaignMonitorList[]> {
    return this.#call('GET', `/clients/${checked(clientId, 'client')}/lists.json`, listsSchema, { signal });
  }

  /** One list. */
  async list(listId: string, signal?: AbortSignal): Promise<CampaignMonitorList> {
    const list = await this.#call('GET', `/lists/${checked(listId, 'list')}.json`, listSchema, { signal });
    return { listId, name: list.Title ?? list.Name ?? '' };
  }

  /** The webhooks of a list: they exist per list only. */
  async webhooks(listId: string, signal?: AbortSignal): Promise<Webhook[]> {
    const webhooks = await this.#call('GET', `${pathOf(listId)}.json`, webhooksSchema, { signal });
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
    return this.#call('POST', `${pathOf(listId)}.json`, id, { body, signal });
  }

  /**
   * Lets Campaign Monitor post to a webhook, and waits for what comes of it.
   * @throws CampaignMonitorError of the kind `webhook-test-failed` where the post failed: see `explainTestFailure`
   */
  testWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#call('GET', `${pathOf(listId, webhookId)}/test.json`, nothing, { signal });
  }

  /** Lets a deactivated webhook get deliveries again. */
  activateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#call('PUT', `${pathOf(listId, webhookId)}/activate.json`, nothing, { signal });
  }

  /** Stops a webhook from getting deliveries; it stays. */
  deactivateWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#call('PUT', `${pathOf(listId, webhookId)}/deactivate.json`, nothing, { signal });
  }

  /** Deletes a webhook. Only ever one that this tool made: a list's others are somebody's. */
  deleteWebhook(listId: string, webhookId: string, signal?: AbortSignal): Promise<void> {
    return this.#call('DELETE', `${pathOf(listId, webhookId)}.json`, nothing, { signal });
  }

  /** Adds a subscriber; one with this address is changed instead. Without consent to be tracked, as nobody was asked. */
  async addSubscriber(
    listId: string,
    { address, name }: { readonly address: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const body = { EmailAddress: address, Name: name, ConsentToTrack: 'No' };
    await this.#call('POST', `/subscribers/${checked(listId, 'list')}.json`, z.unknown(), { body, signal });
  }

  /**
   * The date in the account's time zone, `YYYY-MM-DD HH:MM:SS`: a harmless check of a credential.
   */
  async systemDate(signal?: AbortSignal): Promise<string> {
    return (await this.#call('GET', '/systemdate.json', systemDateSchema, { signal })).SystemDate;
  }

  async #call<T>(
    method: Method,
    path: string,
    schema: z.ZodType<T>,
    { body, signal }: { body?: object; signal?: AbortSignal | undefined },
  ): Promise<T> {
    const used = this.#credential;
    let answer = await this.#send(method, path, body, used, signal);
    let failure = failureOf(answer, secretsOf(used));
    if (failure?.kind === 'expired-token' && used.kind === 'oauth') {
      await cancellable(this.#refresh(used), signal);
      answer = await this.#send(method, path, body, this.#credential, signal);
      failure = failureOf(answer, secretsOf(this.#credential));
    }
    if (failure !== null) throw failure;
    const content = answer.text.trim() === '' ? undefined : (parseJson(answer.text) ?? answer.text.trim());
    const result = schema.safeParse(content);
    if (!result.success) {
      throw new CampaignMonitorError(
        'unexpected-answer',
        `the answer to ${method} ${path} is not what Campaign Monitor documents: ${plainText(z.prettifyError(result.error))}`,
        { status: answer.status },
      );
    }
    return result.data;
  }

  /** One request, again after each 429 as long as that is reasonable. */
  async #send(
    method: Method,
    path: string,
    body: object | undefined,
    credential: CampaignMonitorCredential,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { timeoutMs = 30_000, backoffMs = [1000, 2000, 4000], fetch } = this.#options;
    const request = {
      method,
      headers: {
        authorization: authorization(credential),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    for (const backoff of [...backoffMs, null]) {
      const result = await exchange(this.#baseUrl + path, request, { timeoutMs, signal, fetch });
      switch (result.kind) {
        case 'cancelled':
          throw cancelled();
        case 'timed-out':
          throw new CampaignMonitorError('timed-out', `Campaign Monitor did not answer within ${timeoutMs / 1000} s`);
        case 'unreachable':
          throw new CampaignMonitorError(
            'unreachable',
            `Campaign Monitor cannot be reached: ${plainText(result.reason, secretsOf(credential))}`,
          );
        case 'answered':
      }
      if (result.answer.status !== 429) return result.answer;
      const waitMs = resetOf(result.answer) ?? backoff;
      if (backoff === null || waitMs === null || waitMs > longestWaitMs) {
        const until = waitMs === null ? '' : `; it names ${Math.ceil(waitMs / 1000)} s`;
        throw new CampaignMonitorError('rate-limited', `Campaign Monitor asks for a pause${until}`, { status: 429 });
      }
      await delay(waitMs, undefined, { signal }).catch(() => {
        throw cancelled();
      });
    }
    throw new CampaignMonitorError('rate-limited', 'Campaign Monitor asks for a pause', { status: 429 });
  }

  /** Makes new tokens, unless another call has done so since `used` was read. */
  async #refresh(used: CampaignMonitorCredential): Promise<void> {
    if (this.#credential !== used) return;
    this.#refreshing ??= this.#renew().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /** Takes no signal: who gives up one call must not lose the tokens of all. */
  async #renew(): Promise<void> {
    const { oauthBase, timeoutMs, fetch, onRefreshed } = this.#options;
    if (this.#credential.kind !== 'oauth') return;
    let tokens;
    try {
      tokens = await refreshToken(this.#credential.refreshToken, { oauthBase, timeoutMs, fetch });
    } catch (error) {
      if (!(error instanceof CampaignMonitorOAuthError)) throw error;
      throw error.kind === 'refused'
        ? new CampaignMonitorError('expired-token', `the sign-in has expired. ${error.message}`, {
            code: 121,
            status: error.status,
            cause: error,
          })
        : new CampaignMonitorError(error.kind, error.message, { status: error.status, cause: error });
    }
    this.#credential = { kind: 'oauth', accessToken: tokens.accessToken, refreshToken: tokens.refreshToken };
    await onRefreshed?.(tokens);
  }
}

function authorization(credential: CampaignMonitorCredential): string {
  return credential.kind === 'oauth'
    ? `Bearer ${credential.accessToken}`
    : // Any password will do [vendor].
      `Basic ${Buffer.from(`${credential.apiKey}:x`).toString('base64')}`;
}

/** What must not be said back in an error. */
function secretsOf(credential: CampaignMonitorCredential): string[] {
  return credential.kind === 'oauth'
    ? [credential.accessToken, credential.refreshToken]
    : [credential.apiKey, Buffer.from(`${credential.apiKey}:x`).toString('base64')];
}

/** The vendor's error in an answer, by its code; null where the answer is none. */
function failureOf({ status, text }: Answer, secrets: readonly string[]): CampaignMonitorError | null {
  if (status >= 200 && status < 300) return null;
  const parsed = errorSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    return new CampaignMonitorError('unexpected-answer', `Campaign Monitor answered ${status} without saying why`, {
      status,
    });
  }
  const { Code: code, ResultData: resultData } = parsed.data;
  const message = plainText(parsed.data.Message, secrets);
  return new CampaignMonitorError(kindOfCode(code), `${message === '' ? 'refused' : message} (code ${code})`, {
    code,
    status,
    resultData,
  });
}

/** How long a 429 asks to wait, in milliseconds; null where it does not say. */
function resetOf({ headers }: Answer): number | null {
  const seconds = headers.get('x-ratelimit-reset')?.trim() ?? '';
  return /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : null;
}

function pathOf(listId: string, webhookId?: string): string {
  const webhooks = `/lists/${checked(listId, 'list')}/webhooks`;
  return webhookId === undefined ? webhooks : `${webhooks}/${checked(webhookId, 'webhook')}`;
}

/** @throws RangeError for an id that would change the path */
function checked(value: string, of: string): string {
  if (!idForm.test(value)) throw new RangeError(`${JSON.stringify(value.slice(0, 140))} is no id of a ${of}`);
  return value;
}

function cancelled(): CampaignMonitorError {
  return new CampaignMonitorError('cancelled', 'cancelled');
}

/** Waits for something, or for the caller to give up; the work itself goes on. */
async function cancellable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  let giveUp = (): void => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(cancelled());
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    await Promise.race([work, gaveUp]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
