import { z } from 'zod';
import { CampaignMonitorError, plainText } from './api-error.ts';
import { parseJson } from '../common/parse-json.ts';
import { exchange, type Fetch } from './http.ts';
import { campaignMonitorHost } from './service.ts';

const campaignMonitorOAuthBase = `${campaignMonitorHost}/oauth`;

/** What webhooks probably need [inferred]. */
export const webhookScopes: readonly string[] = ['ManageLists'];

const defaultTimeoutMs = 30_000;

export interface CampaignMonitorTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface TokenCallOptions {
  readonly oauthBase?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: Fetch | undefined;
}

export interface AuthorizeRequest {
  readonly oauthBase?: string | undefined;
  readonly clientId: string;
  /** Must begin with the one that is registered for the app [2nd]. */
  readonly redirectUri: string;
  readonly scopes?: readonly string[] | undefined;
  readonly state: string;
}

/** Contains no secret. Scopes are separated by commas [vendor]. */
export function authorizeUrl(request: AuthorizeRequest): string {
  const { oauthBase = campaignMonitorOAuthBase, clientId, redirectUri, scopes = webhookScopes, state } = request;
  const url = new URL(oauthBase);
  url.search = new URLSearchParams({
    type: 'web_server',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: scopes.join(','),
    state,
  }).toString();
  return url.href;
}

export interface CodeExchange {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly code: string;
}

/** A code works once. @throws CampaignMonitorError */
export function exchangeCode(request: CodeExchange, options: TokenCallOptions = {}): Promise<CampaignMonitorTokens> {
  const { clientId, clientSecret, redirectUri, code } = request;
  return askForTokens(
    {
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uri: redirectUri,
      code,
    },
    options,
  );
}

/** The old one may become invalid: keep the new one. @throws CampaignMonitorError */
export function refreshToken(token: string, options: TokenCallOptions = {}): Promise<CampaignMonitorTokens> {
  return askForTokens({ grant_type: 'refresh_token', refresh_token: token }, options, token);
}

const failureSchema = z.object({ error: z.string().min(1), error_description: z.string().catch('').default('') });
const tokensSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
});

const secretFields = ['client_secret', 'code', 'refresh_token'];

/** @param knownRefreshToken used if the response has none */
async function askForTokens(
  form: Readonly<Record<string, string>>,
  { oauthBase = campaignMonitorOAuthBase, timeoutMs = defaultTimeoutMs, signal, fetch }: TokenCallOptions,
  knownRefreshToken?: string,
): Promise<CampaignMonitorTokens> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    // Encodes the `+`, `/` and `=` of tokens.
    body: new URLSearchParams(form).toString(),
  };
  const result = await exchange(`${oauthBase}/token`, request, { timeoutMs, signal, fetch });
  const plain = (said: string): string =>
    plainText(
      said,
      secretFields.map((name) => form[name] ?? ''),
    );
  switch (result.kind) {
    case 'unreachable':
      throw new CampaignMonitorError(result.kind, { said: plain(result.reason) });
    case 'timed-out':
    case 'canceled':
      throw new CampaignMonitorError(result.kind);
    case 'answered':
  }
  const { status, text } = result.answer;
  const body = parseJson(text);
  // `error` decides, not the status [vendor].
  const failure = failureSchema.safeParse(body);
  if (failure.success) {
    const error = plain(failure.data.error);
    const description = plain(failure.data.error_description);
    const said = description === '' ? error : `${description} (${error})`;
    throw new CampaignMonitorError('not-granted', { status, said });
  }
  const tokens = tokensSchema.safeParse(body);
  const newRefreshToken = tokens.data?.refresh_token ?? knownRefreshToken;
  if (!tokens.success || newRefreshToken === undefined) {
    throw new CampaignMonitorError('unexpected-answer', { status });
  }
  return { accessToken: tokens.data.access_token, refreshToken: newRefreshToken };
}
