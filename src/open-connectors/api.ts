/** The client of the Open Connectors API: what the product asks of the platform, as far as it is documented or seen. */
import { z } from 'zod';
import { readText } from '../common/bounded-body.ts';
import { hookSecret } from '../common/hook-path.ts';
import { isLoopback } from '../common/loopback.ts';
import { maskedValue, maskPlaces } from '../common/masking.ts';
import { maskText, secretsIn } from './instance.ts';
import type { InstanceBody } from './instance.ts';
import { elementKey, hubKey } from './notification.ts';

/** A place where the platform runs. */
export interface Region {
  readonly id: string;
  /** For people: the region's own name. */
  readonly label: string;
  readonly host: string;
}

/** The hosts that the documents and public code name; any other can be given. */
export const regions: readonly Region[] = [
  ...['us2', 'eu10', 'jp20'].map((id) => ({
    id,
    label: id.toUpperCase(),
    host: `api.openconnectors.${id}.ext.hana.ondemand.com`,
  })),
  ...['us10', 'eu10', 'ap21'].map((id) => ({
    id: `trial-${id}`,
    label: `Trial ${id.toUpperCase()}`,
    host: `api.openconnectors.trial.${id}.ext.hana.ondemand.com`,
  })),
];

/** Where the API is below a host [docs]. */
const apiPath = '/elements/api-v2';

/** What was given as the platform's host cannot be one. */
export class OpenConnectorsHostError extends Error {
  override readonly name = 'OpenConnectorsHostError';
  /** A host as it should look. */
  readonly example = regions[0]?.host ?? '';
  readonly next: string;
  constructor(why: string) {
    super(`the Open Connectors host ${why}`);
    this.next = `Give a host such as ${this.example}, as your tenant's API documentation names it.`;
  }
}

/**
 * The base of the API for a host, with or without `https://` and the API's path.
 * @returns `https://<host>/elements/api-v2`, without a slash at the end
 * @throws OpenConnectorsHostError where it is no host, or the secrets would go in clear to another machine
 */
export function baseUrlOf(hostOrUrl: string): string {
  const text = hostOrUrl.trim();
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (text === '' || !URL.canParse(absolute)) throw new OpenConnectorsHostError('is no host name or URL');
  const url = new URL(absolute);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new OpenConnectorsHostError('must be reached by https, since secrets are sent to it');
  }
  if (url.username !== '' || url.password !== '') throw new OpenConnectorsHostError('must not hold a user or password');
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? apiPath : path}`;
}

/** What was wrong with a call. */
export type OpenConnectorsErrorKind =
  /** The platform answered and said no. */
  | 'refused'
  | 'unreachable'
  | 'timed-out'
  | 'cancelled'
  /** The answer is none of those that the API gives. */
  | 'unexpected-answer';

const nextSteps = {
  'check-fields':
    'Look at what the message names, and at the fields of the instance. A grant code works once: authorise again.',
  'check-host': 'Check that the host is that of an Open Connectors API, and that no proxy answers in its place.',
  'check-network': 'Check the host, your network and its proxy.',
  'check-permission': 'Check that the instance is not disabled and that your user may do this.',
  'check-redirect': 'Check the host: it sends calls on to another URL.',
  'check-secrets': 'Check the user and the organization secret, and that they belong to this host.',
  'enter-instance-token': 'Enter the token of the instance again.',
  'enter-organization-secret': 'Enter the organization secret again.',
  'enter-user-secret': 'Enter the user secret again.',
  'give-secret-itself': 'Give the secret itself, or leave its field out.',
  'look-at-log': 'Look at the log for the request ID, and try again.',
  'look-for-namesake': 'Something of that name or address is there already: refresh and look.',
  'look-whether-done': 'Look whether it was done all the same before you try again.',
  refresh: 'Refresh: what was asked for is not there any more. Check the host if nothing is.',
  'start-again': 'Start it again when you like.',
  'try-later': 'Try again in a minute; if it stays, give the request ID in the log to the support of SAP.',
  wait: 'Wait a minute: too many calls were made.',
} as const;

/** Names what an error says to do next, for whoever says it in another language. */
export type OpenConnectorsAdvice = keyof typeof nextSteps;

/** Every name. */
export const openConnectorsAdvice = Object.keys(nextSteps) as readonly OpenConnectorsAdvice[];

/** A call of the API did not do what it was to do. No secret is in the message. */
export class OpenConnectorsError extends Error {
  override readonly name = 'OpenConnectorsError';
  readonly kind: OpenConnectorsErrorKind;
  /** The HTTP status; null where no answer came. */
  readonly status: number | null;
  /** The platform's id of the request, for the log and for its support. */
  readonly requestId: string | null;
  /** What the provider, Campaign Monitor, said to the platform. */
  readonly providerMessage: string | null;
  readonly advice: OpenConnectorsAdvice;
  /** What to do next. */
  readonly next: string;
  constructor(
    message: string,
    parts: {
      readonly kind: OpenConnectorsErrorKind;
      readonly advice: OpenConnectorsAdvice;
      readonly status?: number;
      readonly requestId?: string | null;
      readonly providerMessage?: string | null;
    },
  ) {
    super(message);
    this.kind = parts.kind;
    this.advice = parts.advice;
    this.next = nextSteps[parts.advice];
    this.status = parts.status ?? null;
    this.requestId = parts.requestId ?? null;
    this.providerMessage = parts.providerMessage ?? null;
  }
}

const looseText = z.string().optional().catch(undefined);
const looseFlag = z.union([z.boolean(), z.stringbool()]).optional().catch(undefined);
const looseId = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/** An instance as the platform answers: read loosely, since the documented sample is mis-nested. */
const instanceSchema = z.looseObject({
  id: looseId,
  name: looseText,
  /** In clear: to be kept as a secret and shown to nobody. */
  token: looseText,
  element: z.looseObject({ key: looseText }).optional().catch(undefined),
  tags: z.array(z.string()).optional().catch(undefined),
  valid: looseFlag,
  disabled: looseFlag,
  configuration: z.record(z.string(), z.unknown()).optional().catch(undefined),
  eventsEnabled: looseFlag,
  eventsNotificationCallbackUrl: looseText,
  createdDate: z.union([z.string(), z.number()]).optional().catch(undefined),
});

/** An instance as the platform answers; only the id is certain. */
export type Instance = z.output<typeof instanceSchema>;

const createdInstanceSchema = instanceSchema.extend({ token: z.string().min(1) });

/** An instance that was just made: with the token that every later call on it needs. */
export type CreatedInstance = z.output<typeof createdInstanceSchema>;

/** A part of an instance to be changed. */
export interface InstanceChange {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly providerData?: { readonly code: string };
  readonly configuration?: Readonly<Record<string, string | boolean>>;
}

const instanceEventSchema = z.looseObject({
  id: z.union([z.string(), z.number().transform(String)]),
  /** NEW, RECEIVED, DISPATCHED, CONSUMED or NOTIFIED [swagger]. */
  status: looseText,
  eventDate: z.union([z.string(), z.number()]).optional().catch(undefined),
});

/** One event in the platform's own log of an instance. */
export type InstanceEvent = z.output<typeof instanceEventSchema>;

/** A list of the Campaign Monitor account behind an instance. */
export interface HubList {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientName: string;
}

const oauthUrlSchema = z.looseObject({ oauthUrl: z.url({ protocol: /^https?$/ }) });
const errorSchema = z.looseObject({
  requestId: looseText,
  message: looseText,
  providerMessage: looseText,
});
const idText = z.union([z.string().min(1), z.number().transform(String)]);
const accountSchema = z.looseObject({
  BasicDetails: z.looseObject({ ClientID: idText, CompanyName: looseText }),
});
const hubListSchema = z.looseObject({
  id: idText.optional().catch(undefined),
  ListID: idText.optional().catch(undefined),
  name: looseText,
  Name: looseText,
});

export interface OpenConnectorsOptions {
  /** As {@link baseUrlOf} makes it. */
  readonly baseUrl: string;
  readonly userSecret: string;
  readonly organizationSecret: string;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/** A consent that is to be asked for. */
export interface OAuthUrlQuestion {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The one that is registered at Campaign Monitor. */
  readonly callbackUrl: string;
  /** Comes back with the code, so that the answer can be told from a forged one. */
  readonly state: string;
  readonly scope?: string;
}

/** The platform makes an instance by asking the vendor first, and that may take its time. */
const defaultTimeoutMs = 60_000;

const pageSize = 200;
/** An endless chain of pages is a fault of the platform. */
const mostPages = 50;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: unknown;
  /** The token of the instance that is asked as. */
  readonly token?: string;
  /** Beside those of the client, what must not be in an error. */
  readonly secrets?: readonly string[];
  readonly signal: AbortSignal | undefined;
}

interface Answer {
  readonly value: unknown;
  /** In characters. */
  readonly length: number;
  readonly status: number;
  readonly nextPage: string | null;
}

/**
 * Calls the API as one user of one organization. Every method throws {@link OpenConnectorsError} and no other error, and
 * ends early where its signal is aborted. Nothing is sent twice: whoever calls decides what a time-out means.
 */
export class OpenConnectorsApi {
  readonly baseUrl: string;
  readonly #userSecret: string;
  readonly #organizationSecret: string;
  readonly #timeoutMs: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: OpenConnectorsOptions) {
    this.baseUrl = options.baseUrl;
    this.#userSecret = options.userSecret.trim();
    this.#organizationSecret = options.organizationSecret.trim();
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /**
   * Where the browser is sent for the consent. POST keeps the client's secret out of URLs and logs; a platform that does
   * not have it (404, 405) is asked by GET [swagger, live].
   */
  async oauthUrl(question: OAuthUrlQuestion, signal?: AbortSignal): Promise<string> {
    const path = `/elements/${elementKey}/oauth/url`;
    const secrets = [question.apiSecret, question.apiKey];
    const fields = Object.entries(question).filter((field): field is [string, string] => typeof field[1] === 'string');
    let answer: Answer;
    try {
      answer = await this.#call({ method: 'POST', path, body: Object.fromEntries(fields), secrets, signal });
    } catch (error) {
      if (!(error instanceof OpenConnectorsError) || (error.status !== 404 && error.status !== 405)) throw error;
      answer = await this.#call({ method: 'GET', path, query: fields, secrets, signal });
    }
    return parsed(oauthUrlSchema, answer, 'the URL of the consent').oauthUrl;
  }

  /**
   * Makes an instance. A grant code works once; after a time-out the instance may be there all the same, and
   * {@link listInstances} tells.
   */
  async createInstance(body: InstanceBody, signal?: AbortSignal): Promise<CreatedInstance> {
    const answer = await this.#call({ method: 'POST', path: '/instances', body, secrets: secretsIn(body), signal });
    return parsed(createdInstanceSchema, answer, 'an instance with an id and a token');
  }

  /** The instances of this connector; the platform answers 404 where none matches [live]. */
  async listInstances(
    search: { readonly searchText?: string; readonly tags?: readonly string[] } = {},
    signal?: AbortSignal,
  ): Promise<Instance[]> {
    const query: [string, string][] = (search.tags ?? []).map((tag) => ['tags[]', tag]);
    if (search.searchText !== undefined && search.searchText !== '') query.push(['searchText', search.searchText]);
    const all = await this.#pages({ method: 'GET', path: '/instances', query, signal }, z.array(instanceSchema));
    return all.filter((instance) => instance.element?.key === elementKey);
  }

  /** One instance, as the platform tells it. */
  async getInstance(id: number, signal?: AbortSignal): Promise<Instance> {
    return parsed(instanceSchema, await this.#call({ method: 'GET', path: instancePath(id), signal }), 'an instance');
  }

  /**
   * Changes a part of an instance. A masked value is never sent back: the platform would take it for the new one.
   * @param options `reAuthenticate`: the part holds a new grant code, and the instance is to use it
   */
  async patchInstance(
    id: number,
    change: InstanceChange,
    options: { readonly reAuthenticate?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<Instance> {
    if (JSON.stringify([change.providerData, change.configuration]).includes(maskedValue)) {
      throw new OpenConnectorsError('a masked value would be written over a secret of the instance', {
        kind: 'refused',
        advice: 'give-secret-itself',
      });
    }
    const answer = await this.#call({
      method: 'PATCH',
      path: instancePath(id),
      ...(options.reAuthenticate === true && { query: [['reAuthenticate', 'true']] }),
      body: change,
      secrets: secretsIn(change),
      signal,
    });
    return parsed(instanceSchema, answer, 'an instance');
  }

  /** A disabled instance answers with 403 and receives no events [live]. */
  async setInstanceEnabled(id: number, enabled: boolean, signal?: AbortSignal): Promise<void> {
    await this.#call({ method: enabled ? 'PUT' : 'DELETE', path: `${instancePath(id)}/enabled`, signal });
  }

  /** Deletes an instance for good: its token is worth nothing from then on [live]. */
  async deleteInstance(id: number, signal?: AbortSignal): Promise<void> {
    await this.#call({ method: 'DELETE', path: instancePath(id), signal });
  }

  /** The platform's own log of what an instance received. */
  async instanceEvents(id: number, signal?: AbortSignal): Promise<InstanceEvent[]> {
    return this.#pages({ method: 'GET', path: `${instancePath(id)}/events`, signal }, z.array(instanceEventSchema));
  }

  /** The lists of the account behind an instance, client by client [docs]. */
  async lists(instanceToken: string, signal?: AbortSignal): Promise<HubList[]> {
    const hub = `/hubs/${hubKey}`;
    const ask = { method: 'GET', token: instanceToken, signal } as const;
    const oneOrMore = z.union([z.array(z.unknown()), z.unknown().transform((account) => [account])]);
    const accounts = (await this.#pages({ ...ask, path: `${hub}/accounts` }, oneOrMore)).flatMap((account) => {
      const { success, data } = accountSchema.safeParse(account);
      return success ? [data.BasicDetails] : [];
    });
    const lists: HubList[] = [];
    for (const { ClientID: clientId, CompanyName } of accounts) {
      const query = [['where', `id='${clientId.replaceAll("'", "''")}'`]] as const;
      for (const list of await this.#pages({ ...ask, path: `${hub}/lists`, query }, z.array(hubListSchema))) {
        const id = list.id ?? list.ListID;
        if (id === undefined) continue;
        lists.push({ id, name: list.name ?? list.Name ?? '', clientId, clientName: CompanyName ?? '' });
      }
    }
    return lists;
  }

  /** All pages of a collection; 404 means that there is nothing [live]. */
  async #pages<T>(call: Call, schema: z.ZodType<T[]>): Promise<T[]> {
    const all: T[] = [];
    let length = 0;
    let nextPage: string | null = null;
    const seen = new Set<string>();
    for (let page = 0; page < mostPages; page++) {
      const query: [string, string][] = [['pageSize', String(pageSize)]];
      if (nextPage !== null) query.push(['nextPage', nextPage]);
      let answer: Answer;
      try {
        answer = await this.#call({ ...call, query: [...(call.query ?? []), ...query] });
      } catch (error) {
        if (error instanceof OpenConnectorsError && error.kind === 'refused' && error.status === 404) return all;
        throw error;
      }
      length += answer.length;
      if (length > longestAnswer) {
        throw new OpenConnectorsError('Open Connectors answered with a list that is too long', {
          kind: 'unexpected-answer',
          status: answer.status,
          advice: 'check-host',
        });
      }
      // One by one: there may be more than a call takes arguments.
      for (const each of parsed(schema, answer, 'a list')) all.push(each);
      nextPage = answer.nextPage;
      if (nextPage === null || seen.has(nextPage)) break;
      seen.add(nextPage);
    }
    return all;
  }

  async #call(call: Call): Promise<Answer> {
    const secrets = [this.#userSecret, this.#organizationSecret, call.token ?? '', ...(call.secrets ?? [])];
    for (const [what, secret, advice] of [
      ['user secret', this.#userSecret, 'enter-user-secret'],
      ['organization secret', this.#organizationSecret, 'enter-organization-secret'],
      ...(call.token === undefined ? [] : [['token of the instance', call.token, 'enter-instance-token'] as const]),
    ] as const) {
      if (!/^[\x21-\x7e]+$/.test(secret)) {
        throw new OpenConnectorsError(
          `the ${what} ${secret === '' ? 'is missing' : 'holds a character that none has, such as a space'}`,
          { kind: 'refused', advice },
        );
      }
    }
    const url = new URL(`${this.baseUrl}${call.path}`);
    for (const [name, value] of call.query ?? []) url.searchParams.append(name, value);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    try {
      const response = await this.#fetch(url.href, {
        method: call.method,
        headers: {
          accept: 'application/json',
          authorization: authorization(this.#userSecret, this.#organizationSecret, call.token),
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        // The secrets are for this host and no other.
        redirect: 'manual',
        signal,
      });
      const text = await readText(response.body, longestAnswer);
      if (!response.ok) throw refusal(response, text, secrets);
      return { value: valueOf(text), length: text.length, status: response.status, nextPage: nextPageOf(response) };
    } catch (error) {
      if (error instanceof OpenConnectorsError) throw error;
      throw failure(error, { url, cancelled: call.signal?.aborted === true, timedOut: timeout.aborted }, secrets);
    }
  }
}

/** A longer answer is none of this API's, in bytes: many instances, or the events of one, are a few megabytes. */
const longestAnswer = 33_554_432;

/** `User …, Organization …[, Element …]` [docs]. */
function authorization(userSecret: string, organizationSecret: string, token: string | undefined): string {
  const element = token === undefined ? '' : `, Element ${token}`;
  return `User ${userSecret}, Organization ${organizationSecret}${element}`;
}

function instancePath(id: number): string {
  return `/instances/${encodeURIComponent(id)}`;
}

function nextPageOf(response: Response): string | null {
  const token = response.headers.get('elements-next-page-token');
  return token === null || token === '' || token === 'null' ? null : token;
}

function valueOf(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsed<T>(schema: z.ZodType<T>, answer: Answer, expected: string): T {
  const result = schema.safeParse(answer.value);
  if (result.success) return result.data;
  // What zod says names fields, not values.
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
  throw new OpenConnectorsError(`Open Connectors answered with something else than ${expected}${where}`, {
    kind: 'unexpected-answer',
    status: answer.status,
    advice: 'check-host',
  });
}

/** Longest part of a message from outside, in characters. */
const longestMessage = 500;

function plain(text: string, secrets: readonly string[]): string {
  return (
    maskPlaces(maskText(text, secrets), [hookSecret])
      .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
      // VS Code would make a link of it, to a command even.
      .replaceAll('](', '] (')
      .trim()
      .slice(0, longestMessage)
  );
}

function refusal(response: Response, text: string, secrets: readonly string[]): OpenConnectorsError {
  const { status } = response;
  const said = errorSchema.safeParse(valueOf(text));
  const { requestId, message, providerMessage } = said.success ? said.data : {};
  const ofPlatform = said.success && message !== undefined;
  const provider = providerMessage === undefined ? null : plain(providerMessage, secrets);
  const words = [ofPlatform ? plain(message, secrets) : '', provider ?? ''].filter((part) => part !== '');
  return new OpenConnectorsError(
    words.length > 0 ? words.join(' — ') : `Open Connectors answered with HTTP status ${status}`,
    {
      // A page of a proxy, or a redirect, is no answer of the API.
      kind: ofPlatform || (status >= 400 && text.trim() === '') ? 'refused' : 'unexpected-answer',
      status,
      requestId: requestIdOf(requestId ?? response.headers.get('elements-request-id')),
      providerMessage: provider,
      advice: adviceAfter(status),
    },
  );
}

/** An id as it may stand in a log and be given to somebody. */
function requestIdOf(given: string | null): string | null {
  return given === null ? null : given.replace(/[^\w.:-]/g, '').slice(0, 100);
}

function adviceAfter(status: number): OpenConnectorsAdvice {
  if (status === 400) return 'check-fields';
  if (status === 401) return 'check-secrets';
  if (status === 403) return 'check-permission';
  if (status === 404) return 'refresh';
  if (status === 409) return 'look-for-namesake';
  if (status === 429) return 'wait';
  if (status >= 500) return 'try-later';
  if (status >= 300 && status < 400) return 'check-redirect';
  return 'look-at-log';
}

function failure(
  error: unknown,
  { url, cancelled, timedOut }: { readonly url: URL; readonly cancelled: boolean; readonly timedOut: boolean },
  secrets: readonly string[],
): OpenConnectorsError {
  if (cancelled) {
    return new OpenConnectorsError('cancelled', { kind: 'cancelled', advice: 'start-again' });
  }
  if (timedOut) {
    return new OpenConnectorsError(`${url.host} did not answer in time`, {
      kind: 'timed-out',
      advice: 'look-whether-done',
    });
  }
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const why = plain(cause instanceof Error && cause.message !== '' ? cause.message : message, secrets);
  return new OpenConnectorsError(`${url.host} cannot be reached: ${why}`, {
    kind: 'unreachable',
    advice: 'check-network',
  });
}
