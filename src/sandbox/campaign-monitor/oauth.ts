import express, { Router } from 'express';
import type { ErrorRequestHandler, Response } from 'express';
import { z } from 'zod';
import { rejectionOf } from '../control-order.ts';
import { isLoopback } from '../../common/loopback.ts';
import { redirectUrisOf } from './accounts.ts';
import { sendConsentPage, sendErrorPage } from './consent-page.ts';
import { randomHex } from '../random-texts.ts';
import type { SandboxState } from './state.ts';
import { knownScopes, type Grant, type TokenAnswer, type Tokens } from './tokens.ts';

interface PendingConsent extends Grant {
  readonly redirectUri: string;
  readonly state: string | null;
}

const authorizeSchema = z.object({
  type: z.literal('web_server'),
  client_id: z.string().min(1),
  redirect_uri: z.string().min(1),
  scope: z.string().min(1),
  state: z.string().optional(),
});

const tokenSchema = z.discriminatedUnion('grant_type', [
  z.object({
    grant_type: z.literal('authorization_code'),
    client_id: z.string(),
    client_secret: z.string(),
    redirect_uri: z.string(),
    code: z.string(),
  }),
  z.object({ grant_type: z.literal('refresh_token'), refresh_token: z.string() }),
]);

export function oauthRouter(state: SandboxState, tokens: Tokens): Router {
  const router = Router();
  const pending = new Map<string, PendingConsent>();
  const form = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 50 });

  router.get('/oauth', (request, response) => {
    const given = z.object({ redirect_uri: z.string(), state: z.string() }).partial().catch({}).parse(request.query);
    const refuse = (error: string, description: string): void => {
      refuseAuthorize(response, state, error, description, given.redirect_uri, given.state);
    };
    const asked = authorizeSchema.safeParse(request.query);
    if (!asked.success) {
      refuse('invalid_request', z.prettifyError(asked.error));
      return;
    }
    const app = state.oauthApps.get(asked.data.client_id);
    if (app === undefined) {
      refuse('unknown_client', 'No app with this client_id is registered.');
      return;
    }
    const failure = state.takeFailure('authorize');
    if (failure !== null) {
      refuse(failure.error, failure.message);
      return;
    }
    if (!redirectUrisOf(app).some((registered) => beginsWith(asked.data.redirect_uri, registered))) {
      refuse('invalid_redirect_uri', `The redirect_uri must start with the registered one: ${app.redirectUri}`);
      return;
    }
    const scopes = asked.data.scope.split(',');
    const unknown = scopes.find((scope) => !knownScopes.includes(scope));
    if (unknown !== undefined) {
      refuse('unknown_scope', `Unknown scope "${unknown}". Separate scopes with commas, without spaces.`);
      return;
    }
    const id = randomHex();
    const { redirect_uri: redirectUri, state: callerState = null } = asked.data;
    pending.set(id, { appId: app.clientId, scopes, redirectUri, state: callerState });
    sendConsentPage(response, { id, appName: app.name, scopes, redirectUri });
  });

  router.post('/oauth/decision', form, (request, response) => {
    const decision = z.object({ request: z.string(), decision: z.enum(['allow', 'deny']) }).safeParse(request.body);
    const consent = decision.success ? pending.get(decision.data.request) : undefined;
    if (!decision.success || consent === undefined) {
      sendErrorPage(
        response,
        'invalid_request',
        'This request is unknown or was already answered. Start again in the app.',
      );
      return;
    }
    pending.delete(decision.data.request);
    const answer: Readonly<Record<string, string>> =
      decision.data.decision === 'allow'
        ? { code: tokens.issueCode(consent, consent.redirectUri) }
        : { error: 'access_denied', error_description: 'The user did not allow access.' };
    redirectBack(response, consent.redirectUri, answer, consent.state);
  });

  router.post('/oauth/token', form, (request, response) => {
    response.set('cache-control', 'no-store');
    const failure = state.takeFailure('token');
    if (failure !== null) {
      response.status(failure.status).set(failure.headers);
      response.json({ error: failure.error, error_description: failure.message });
      return;
    }
    const answer = exchange(request.body, state, tokens);
    response.status('error' in answer ? 400 : 200).json(answer);
  });

  const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    const rejected = rejectionOf(error);
    if (rejected === undefined) next(error);
    else response.status(rejected.status).json({ error: 'invalid_request', error_description: rejected.message });
  };
  router.use('/oauth', answerError);
  return router;
}

interface OAuthFailure {
  readonly error: string;
  readonly error_description: string;
}

/** `invalid_grant` is the vendor's name [vendor]; the other names are those of RFC 6749. */
function exchange(body: unknown, state: SandboxState, tokens: Tokens): TokenAnswer | OAuthFailure {
  const grantType = z.object({ grant_type: z.string() }).safeParse(body).data?.grant_type;
  if (grantType !== undefined && !['authorization_code', 'refresh_token'].includes(grantType)) {
    return { error: 'unsupported_grant_type', error_description: `Unknown grant_type "${grantType}".` };
  }
  const asked = tokenSchema.safeParse(body);
  if (!asked.success) return { error: 'invalid_request', error_description: z.prettifyError(asked.error) };
  if (asked.data.grant_type === 'refresh_token') {
    return (
      tokens.refresh(asked.data.refresh_token) ?? {
        error: 'invalid_grant',
        error_description: 'Specified refresh_token was invalid or expired',
      }
    );
  }
  const { client_id: clientId, client_secret: secret, redirect_uri: redirectUri, code } = asked.data;
  if (state.oauthApps.get(clientId)?.clientSecret !== secret) {
    return { error: 'invalid_client', error_description: 'client_id or client_secret is wrong' };
  }
  return (
    tokens.exchangeCode(code, clientId, redirectUri) ?? {
      error: 'invalid_grant',
      error_description: 'Specified code was invalid or expired',
    }
  );
}

/**
 * Scheme, host and path [2nd]. A loopback address without a port allows every port, since programs use any free one.
 */
function beginsWith(given: string, registered: string): boolean {
  if (!URL.canParse(given)) return false;
  const [url, base] = [new URL(given), new URL(registered)];
  const anyPort = base.port === '' && isLoopback(base.hostname);
  return (
    url.protocol === base.protocol &&
    url.hostname === base.hostname &&
    (anyPort || url.port === base.port) &&
    url.pathname.startsWith(base.pathname) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}

/** Redirects only to this machine or a registered app: the sandbox must not send a browser to an unknown site. */
function refuseAuthorize(
  response: Response,
  state: SandboxState,
  error: string,
  description: string,
  redirectUri: string | undefined,
  callerState: string | undefined,
): void {
  const url = redirectUri !== undefined && URL.canParse(redirectUri) ? new URL(redirectUri) : null;
  const known =
    url !== null &&
    ((/^https?:$/.test(url.protocol) && isLoopback(url.hostname)) ||
      [...state.oauthApps.values()].flatMap(redirectUrisOf).some((address) => {
        const registered = new URL(address);
        return registered.protocol === url.protocol && registered.host === url.host;
      }));
  if (known) redirectBack(response, url.href, { error, error_description: description }, callerState ?? null);
  else sendErrorPage(response, error, description);
}

function redirectBack(
  response: Response,
  redirectUri: string,
  answer: Readonly<Record<string, string>>,
  callerState: string | null,
): void {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (callerState !== null) url.searchParams.set('state', callerState);
  // Not response.redirect(), whose body would repeat the code.
  response.status(302).set({ location: url.href, 'cache-control': 'no-store' }).end();
}
