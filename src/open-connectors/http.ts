import { z } from 'zod';
import { readText, TooLongError } from '../common/bounded-body.ts';
import { say } from '../common/say.ts';
import { hasMoreValues, maxValues, parseJson } from '../common/parse-json.ts';
import { parsed, looseText } from './answers.ts';
import { OpenConnectorsError, type OpenConnectorsAdvice } from './api-error.ts';
import { hookSecret } from '../common/hook-path.ts';
import { maskPlaces } from '../common/masking.ts';
import { oneLine } from '../common/unprintable.ts';
import { maskText } from './instance-mask.ts';

export interface OpenConnectorsOptions {
  /** By {@link baseUrlOf}. */
  readonly baseUrl: string;
  readonly userSecret: string;
  readonly organizationSecret: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/** Creating an instance includes a request to the vendor, which may take some time. */
const defaultTimeoutMs = 60_000;

const pageSize = 200;
/** An endless chain of pages is a fault of the API. */
const mostPages = 50;

/** Longer than any response of this API, in bytes: many instances, or the events of one, are a few megabytes. */
const longestAnswer = 33_554_432;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: unknown;
  readonly token?: string;
  /** To mask in errors, besides the client's own. */
  readonly secrets?: readonly string[];
  /** Maximum values of its response, if different. */
  readonly maxValues?: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  /** Undefined if the body is empty or not JSON. */
  readonly value: unknown;
  readonly length: number;
  readonly status: number;
  readonly nextPage: string | null;
}

interface ListPage<T> {
  readonly items: readonly T[];
  readonly answer: Answer;
}

/** Every method throws {@link OpenConnectorsError} and no other error. */
export class OpenConnectorsHttp {
  readonly #baseUrl: string;
  readonly #userSecret: string;
  readonly #organizationSecret: string;
  readonly #timeoutMs: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: OpenConnectorsOptions) {
    this.#baseUrl = options.baseUrl;
    this.#userSecret = options.userSecret.trim();
    this.#organizationSecret = options.organizationSecret.trim();
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Nothing is retried. */
  async call(call: Call): Promise<Answer> {
    const secrets = [this.#userSecret, this.#organizationSecret, call.token ?? '', ...(call.secrets ?? [])];
    for (const [secret, advice] of [
      [this.#userSecret, 'enter-user-secret'],
      [this.#organizationSecret, 'enter-organization-secret'],
      ...(call.token === undefined ? [] : [[call.token, 'enter-instance-token'] as const]),
    ] as const) {
      if (!/^[\x21-\x7e]+$/.test(secret)) {
        const message = secret === '' ? say('A secret is missing') : say('A secret contains an invalid character');
        throw new OpenConnectorsError('refused', advice, { message });
      }
    }
    const url = new URL(`${this.#baseUrl}${call.path}`);
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
        // The secrets are for this host only.
        redirect: 'manual',
        signal,
      });
      const text = await readText(response.body, longestAnswer);
      if (!response.ok) throw refusal(response, text, secrets);
      const most = call.maxValues ?? maxValues;
      if (hasMoreValues(text, most)) throw new TooLongError(`its answer has more than ${most} values`);
      return {
        value: parseJson(text, most),
        length: text.length,
        status: response.status,
        nextPage: nextPageOf(response),
      };
    } catch (error) {
      if (error instanceof OpenConnectorsError) throw error;
      throw failure(error, { url, canceled: call.signal?.aborted === true, timedOut: timeout.aborted }, secrets);
    }
  }

  /** All pages of a collection, together no longer than one response may be; 404 means that it is empty [live]. */
  async pages<T>(call: Call, schema: z.ZodType<T[]>): Promise<T[]> {
    const all: T[] = [];
    let length = 0;
    for await (const { items, answer } of this.eachPage(call, schema, mostPages)) {
      length += answer.length;
      if (length > longestAnswer) {
        const said = `its lists have more than ${longestAnswer} characters`;
        throw new OpenConnectorsError('unexpected-answer', 'check-host', { status: answer.status, said });
      }
      all.push(...items);
    }
    return all;
  }

  /** 404 means that the collection is empty [live]. */
  async *eachPage<T>(
    call: Call,
    schema: z.ZodType<T[]>,
    maxPages: number,
  ): AsyncGenerator<ListPage<T>, void, undefined> {
    let nextPage: string | null = null;
    const seen = new Set<string>();
    for (let page = 0; page < maxPages; page++) {
      const query: [string, string][] = [['pageSize', String(pageSize)]];
      if (nextPage !== null) query.push(['nextPage', nextPage]);
      let answer: Answer;
      try {
        answer = await this.call({ ...call, query: [...(call.query ?? []), ...query] });
      } catch (error) {
        if (error instanceof OpenConnectorsError && error.kind === 'refused' && error.status === 404) return;
        throw error;
      }
      yield { items: parsed(schema, answer, 'a list'), answer };
      ({ nextPage } = answer);
      if (nextPage === null || seen.has(nextPage)) return;
      seen.add(nextPage);
    }
  }
}

/** `User …, Organization …[, Element …]` [docs]. */
function authorization(userSecret: string, organizationSecret: string, token: string | undefined): string {
  const element = token === undefined ? '' : `, Element ${token}`;
  return `User ${userSecret}, Organization ${organizationSecret}${element}`;
}

function nextPageOf(response: Response): string | null {
  const token = response.headers.get('elements-next-page-token');
  return token === null || token === '' || token === 'null' ? null : token;
}

const errorSchema = z.looseObject({
  requestId: looseText,
  message: looseText,
  providerMessage: looseText,
});

const longestMessage = 500;

function plain(text: string, secrets: readonly string[]): string {
  return oneLine(maskPlaces(maskText(text, secrets), [hookSecret]), longestMessage);
}

/** @param secrets what was sent and must not be in the message */
function refusal(response: Response, text: string, secrets: readonly string[]): OpenConnectorsError {
  const { status } = response;
  const said = errorSchema.safeParse(parseJson(text));
  const { requestId, message, providerMessage } = said.success ? said.data : {};
  const ofPlatform = said.success && message !== undefined;
  const words = [ofPlatform ? plain(message, secrets) : '', plain(providerMessage ?? '', secrets)].filter(
    (part) => part !== '',
  );
  // A page of a proxy, or a redirect, is not a response of the API.
  const kind = ofPlatform || (status >= 400 && text.trim() === '') ? 'refused' : 'unexpected-answer';
  return new OpenConnectorsError(kind, adviceAfter(status), {
    status,
    requestId: requestIdOf(requestId ?? response.headers.get('elements-request-id')),
    said: words.length > 0 ? words.join(' — ') : null,
  });
}

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

/** @param secrets what was sent and must not be in the message */
function failure(
  error: unknown,
  { url, canceled, timedOut }: { readonly url: URL; readonly canceled: boolean; readonly timedOut: boolean },
  secrets: readonly string[],
): OpenConnectorsError {
  if (canceled) return new OpenConnectorsError('canceled', 'start-again');
  if (timedOut) return new OpenConnectorsError('timed-out', 'look-whether-done');
  if (error instanceof TooLongError) {
    return new OpenConnectorsError('unexpected-answer', 'check-host', { said: error.message, isTooLong: true });
  }
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const why = plain(cause instanceof Error && cause.message !== '' ? cause.message : message, secrets);
  return new OpenConnectorsError('unreachable', 'check-network', { said: `${url.host}: ${why}` });
}
