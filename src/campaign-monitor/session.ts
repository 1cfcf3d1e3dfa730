import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { CampaignMonitorError, kindOfCode, plainText } from './api-error.ts';
import { exchange, type Answer, type Fetch } from './http.ts';
import { refreshToken, type CampaignMonitorTokens } from './oauth.ts';
import { say } from '../common/say.ts';

export type CampaignMonitorCredential =
  | { readonly kind: 'api-key'; readonly apiKey: string }
  | { readonly kind: 'oauth'; readonly accessToken: string; readonly refreshToken: string };

export interface CampaignMonitorApiOptions {
  readonly baseUrl: string;
  readonly credential: CampaignMonitorCredential;
  /** Stores new tokens, before they are used: the old refresh token may be invalid already. */
  readonly onRefreshed?: ((tokens: CampaignMonitorTokens) => void | Promise<void>) | undefined;
  /** Default: the vendor's. */
  readonly oauthBase?: string | undefined;
  /** Per request, in milliseconds; default 30 s, since a webhook's test waits for the webhook. */
  readonly timeoutMs?: number | undefined;
  /** Delays before retries after a 429 without a time, in milliseconds. Default 1, 2 and 4 s. */
  readonly backoffMs?: readonly number[] | undefined;
  readonly fetch?: Fetch | undefined;
}

/** Longer waits are left to the caller. */
const longestWaitMs = 60_000;

const errorSchema = z.object({
  Code: z.coerce.number().int(),
  Message: z.string().catch('').default(''),
  ResultData: z.unknown().optional(),
});

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Calls may run concurrently: an expired token is refreshed once for all of them. */
export class CampaignMonitorSession {
  readonly #options: CampaignMonitorApiOptions;
  readonly #baseUrl: string;
  #credential: CampaignMonitorCredential;
  /** One refresh at a time: a second with the same refresh token would fail. */
  #refreshing: Promise<void> | undefined;

  constructor(options: CampaignMonitorApiOptions) {
    this.#options = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#credential = options.credential;
  }

  /** @param path below the API's base URL @param schema of the response: JSON, or else text */
  async call<T>(
    method: Method,
    path: string,
    schema: z.ZodType<T>,
    { body, signal }: { body?: object; signal?: AbortSignal | undefined },
  ): Promise<T> {
    const used = this.#credential;
    let answer = await this.#send(method, path, body, used, signal);
    let failure = failureOf(answer, secretsOf(used));
    if (failure?.kind === 'expired-token' && used.kind === 'oauth') {
      await cancelable(this.#refresh(used), signal);
      answer = await this.#send(method, path, body, this.#credential, signal);
      failure = failureOf(answer, secretsOf(this.#credential));
    }
    if (failure !== null) throw failure;
    const content = answer.text.trim() === '' ? undefined : (parseJson(answer.text) ?? answer.text.trim());
    const result = schema.safeParse(content);
    if (!result.success) {
      const [issue] = result.error.issues;
      const said = plainText(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
      throw new CampaignMonitorError('unexpected-answer', { status: answer.status, said });
    }
    return result.data;
  }

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
        case 'canceled':
        case 'timed-out':
          throw new CampaignMonitorError(result.kind);
        case 'unreachable':
          throw new CampaignMonitorError(result.kind, { said: plainText(result.reason, secretsOf(credential)) });
        case 'answered':
      }
      if (result.answer.status !== 429) return result.answer;
      const waitMs = resetOf(result.answer) ?? backoff;
      if (backoff === null || waitMs === null || waitMs > longestWaitMs) {
        const said = waitMs === null ? null : say('try again in {0} s', Math.ceil(waitMs / 1000));
        throw new CampaignMonitorError('rate-limited', { status: 429, said });
      }
      await delay(waitMs, undefined, { signal }).catch(() => {
        throw new CampaignMonitorError('canceled');
      });
    }
    throw new CampaignMonitorError('rate-limited', { status: 429 });
  }

  /** Gets new tokens, unless another call has done so since `used` was read. */
  async #refresh(used: CampaignMonitorCredential): Promise<void> {
    if (this.#credential !== used) return;
    this.#refreshing ??= this.#renew().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /** Has no signal: canceling one call must not lose the tokens of all. */
  async #renew(): Promise<void> {
    const { oauthBase, timeoutMs, fetch, onRefreshed } = this.#options;
    if (this.#credential.kind !== 'oauth') return;
    let tokens;
    try {
      tokens = await refreshToken(this.#credential.refreshToken, { oauthBase, timeoutMs, fetch });
    } catch (error) {
      if (!(error instanceof CampaignMonitorError && error.kind === 'not-granted')) throw error;
      const { status, said } = error;
      throw new CampaignMonitorError('expired-token', { code: 121, status, said, cause: error });
    }
    this.#credential = { kind: 'oauth', accessToken: tokens.accessToken, refreshToken: tokens.refreshToken };
    await onRefreshed?.(tokens);
  }
}

function authorization(credential: CampaignMonitorCredential): string {
  return credential.kind === 'oauth'
    ? `Bearer ${credential.accessToken}`
    : // Any password works [vendor].
      `Basic ${Buffer.from(`${credential.apiKey}:x`).toString('base64')}`;
}

function secretsOf(credential: CampaignMonitorCredential): string[] {
  return credential.kind === 'oauth'
    ? [credential.accessToken, credential.refreshToken]
    : [credential.apiKey, Buffer.from(`${credential.apiKey}:x`).toString('base64')];
}

/** Null for a success. */
function failureOf({ status, text }: Answer, secrets: readonly string[]): CampaignMonitorError | null {
  if (status >= 200 && status < 300) return null;
  const parsed = errorSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    return new CampaignMonitorError('unexpected-answer', { status });
  }
  const { Code: code, ResultData: resultData } = parsed.data;
  const message = plainText(parsed.data.Message, secrets);
  return new CampaignMonitorError(kindOfCode(code), { code, status, resultData, said: message || null });
}

/** Null if the response has none. */
function resetOf({ headers }: Answer): number | null {
  const seconds = headers.get('x-ratelimit-reset')?.trim() ?? '';
  return /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : null;
}

/** The work itself continues. */
async function cancelable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  let giveUp = (): void => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new CampaignMonitorError('canceled'));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    await Promise.race([work, gaveUp]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
