import express, { Router } from 'express';
import { z } from 'zod';
import { ControlError, countCalls, endControls, logQuery, readInput, readOrder } from '../control-order.ts';
import { randomHex } from '../random-texts.ts';
import type { OAuthApp } from './accounts.ts';
import { actionSchema, withAction } from './history.ts';
import type { KeptList } from './lists.ts';
import type { Outbox } from './outbox.ts';
import { timerSchema, trafficSchema, type SampleTraffic } from './sample-traffic.ts';
import { testBodies, type SandboxState } from './state.ts';
import type { Subscriber, SubscriberState } from './subscribers.ts';
import { activeAgainEvents, confirmSubscriber, deactivateSubscriber } from './subscribers.ts';
import { knownScopes, type Tokens } from './tokens.ts';

const settingsSchema = z.strictObject({
  retryDelaysMs: z.array(z.int().min(0).max(86_400_000)).max(50).optional(),
  deactivateAfterMs: z.int().min(0).optional(),
  deliveryTimeoutMs: z.int().min(1).max(600_000).optional(),
  testBody: z.enum(testBodies).optional(),
  consentToTrack: z.enum(['optional', 'required']).optional(),
  activeAgain: z.enum(activeAgainEvents).optional(),
  readableAfterMs: z.int().min(0).max(600_000).optional(),
});

const times = z.int().min(1).max(1000).default(1);

const rateLimitSchema = z.strictObject({
  times,
  resetSeconds: z.int().min(0).max(86_400).nullable().default(1).describe('null: no X-RateLimit-Reset header.'),
});

const failureSchema = z.strictObject({
  at: z.enum(['api', 'authorize', 'token']),
  times,
  status: z.int().min(200).max(599).default(500),
  error: z.string().min(1).default('server_error'),
  code: z.int().default(500),
  message: z.string().default('The sandbox was set to fail'),
});

const tokenOrderSchema = z.strictObject({
  clientId: z.string().optional().describe('Default: the app in the credentials.'),
  scopes: z
    .array(z.enum(knownScopes))
    .min(1)
    .default([...knownScopes]),
});

const codeOrderSchema = tokenOrderSchema.extend({ redirectUri: z.url() });

const appSchema = z.strictObject({
  name: z.string().min(1).max(200).default('App registered in the sandbox'),
  redirectUri: z.url({ protocol: /^(?!javascript$|data$|vbscript$|file$|blob$)/ }),
});

const addressSchema = z.strictObject({ email: z.string().max(254) });

const nothing = z.strictObject({});
const controls: Readonly<Record<string, string>> = {
  'GET /sandbox/lists/{listId}/subscribers': 'the subscribers of a list',
  'POST /sandbox/lists/{listId}/confirm': 'confirms an unconfirmed subscriber: {email}',
  'POST /sandbox/lists/{listId}/bounce': "makes an active subscriber's address bounce: {email}",
  'POST /sandbox/lists/{listId}/history':
    "adds to a subscriber's campaign history: {email, campaign?, event?, detail?, ipAddress?}",
  'GET /sandbox/calls': 'number of calls for each API method',
  'DELETE /sandbox/calls': 'resets the call counts',
  'GET /sandbox/deliveries': 'the delivery log, newest first; ?limit=',
  'POST /sandbox/deliveries':
    'delivers samples now: {url?, listId?, types?, count?, batch?, mixed?, format?, email?, seed?}',
  'GET /sandbox/timer': 'the running timer, or null',
  'POST /sandbox/timer': 'delivers samples repeatedly: {everyMs} and the members of POST /sandbox/deliveries',
  'DELETE /sandbox/timer': 'stops the timer',
  'PATCH /sandbox/settings':
    '{retryDelaysMs?, deactivateAfterMs?, deliveryTimeoutMs?, testBody?, consentToTrack?, activeAgain?, readableAfterMs?}',
  'POST /sandbox/rate-limit': 'answers the next API calls with 429: {times?, resetSeconds?}',
  'POST /sandbox/failures':
    'fails the next requests at "api", "authorize" or "token": {at, times?, status?, error?, …}',
  'POST /sandbox/tokens': 'issues OAuth tokens without asking a person: {clientId?, scopes?}',
  'POST /sandbox/codes': 'issues a grant code without asking a person: {redirectUri, clientId?, scopes?}',
  'POST /sandbox/tokens/expire': 'expires every access token',
  'POST /sandbox/tokens/revoke': 'revokes every token',
  'POST /sandbox/oauth-apps': 'registers an OAuth app: {name?, redirectUri}',
};

export interface ControlParts {
  readonly state: SandboxState;
  readonly tokens: Tokens;
  readonly outbox: Outbox;
  readonly traffic: SampleTraffic;
  readonly otherControls: Readonly<Record<string, string>>;
}

export function controlRouter({ state, tokens, outbox, traffic, otherControls }: ControlParts): Router {
  const router = Router();
  router.use(express.json({ type: () => true, limit: '64kb' }));

  router.get('/', (_request, response) => {
    response.json({
      controls: { ...controls, ...otherControls },
      apiKey: state.apiKey,
      clients: state.clients,
      lists: [...state.lists.values()].map(({ listId, clientId, title }) => ({ listId, clientId, title })),
      oauthApps: [...state.oauthApps.values()],
      settings: state.settings,
      timer: traffic.running,
      waitingDeliveries: outbox.waiting,
    });
  });

  router.get('/lists/:listId/subscribers', (request, response) => {
    response.json(listOf(state, request.params.listId).subscribers.values());
  });
  router.post('/lists/:listId/confirm', (request, response) => {
    const { email } = readOrder(addressSchema, request);
    const { listId, subscribers } = listOf(state, request.params.listId);
    const known = subscriberIn(subscribers.get(email), 'Unconfirmed');
    outbox.publish(listId, confirmSubscriber(subscribers, known));
    response.status(204).end();
  });
  router.post('/lists/:listId/bounce', (request, response) => {
    const { email } = readOrder(addressSchema, request);
    const { listId, subscribers } = listOf(state, request.params.listId);
    const known = subscriberIn(subscribers.get(email), 'Active');
    outbox.publish(listId, deactivateSubscriber(subscribers, known, 'Bounced'));
    response.status(204).end();
  });
  router.post('/lists/:listId/history', (request, response) => {
    const order = readOrder(actionSchema, request);
    const { subscribers } = listOf(state, request.params.listId);
    const known = subscriberIn(subscribers.get(order.email), null);
    subscribers.put({ ...known, history: withAction(known.history, order) }, known);
    response.status(204).end();
  });

  countCalls(router, state.calls);

  router.get('/deliveries', (request, response) => {
    response.json(outbox.log(readInput(logQuery, request.query).limit));
  });
  router.post('/deliveries', (request, response) => {
    const order = readOrder(trafficSchema, request);
    if (order.url === undefined && !state.lists.has(order.listId)) throw unknownList(order.listId);
    const deliveries = traffic.deliver(order);
    if (deliveries.length === 0) {
      throw new ControlError(
        409,
        `list ${order.listId} has no active webhook for ${order.types.join(', ')}`,
        'Create or activate a webhook for that list, or give a "url" to post to.',
      );
    }
    response.status(202).json({ deliveries: deliveries.map(({ id }) => id) });
  });

  router.get('/timer', (_request, response) => {
    response.json({ timer: traffic.running });
  });
  router.post('/timer', (request, response) => {
    const order = readOrder(timerSchema, request);
    if (order.url === undefined && !state.lists.has(order.listId)) throw unknownList(order.listId);
    traffic.start(order);
    response.status(202).json({ timer: traffic.running });
  });
  router.delete('/timer', (_request, response) => {
    traffic.stop();
    response.status(204).end();
  });

  router.patch('/settings', (request, response) => {
    Object.assign(state.settings, readOrder(settingsSchema, request));
    response.json(state.settings);
  });

  router.post('/rate-limit', (request, response) => {
    const order = readOrder(rateLimitSchema, request);
    const headers: Record<string, string> =
      order.resetSeconds === null ? {} : { 'X-RateLimit-Reset': String(order.resetSeconds) };
    const answer = { status: 429, code: 429, message: 'Too many requests', error: 'server_error', headers };
    state.failures.add({ at: 'api', times: order.times, ...answer });
    response.status(204).end();
  });
  router.post('/failures', (request, response) => {
    state.failures.add({ ...readOrder(failureSchema, request), headers: {} });
    response.status(204).end();
  });

  router.post('/tokens', (request, response) => {
    const { clientId = state.ownClientId, scopes } = readOrder(tokenOrderSchema, request);
    if (state.oauthApps.get(clientId) === undefined) throw unknownApp(clientId);
    response.status(201).json(tokens.issue({ appId: clientId, scopes }));
  });
  router.post('/codes', (request, response) => {
    const { clientId = state.ownClientId, redirectUri, scopes } = readOrder(codeOrderSchema, request);
    if (state.oauthApps.get(clientId) === undefined) throw unknownApp(clientId);
    response.status(201).json({ code: tokens.issueCode({ appId: clientId, scopes }, redirectUri) });
  });
  router.post('/tokens/expire', (request, response) => {
    readOrder(nothing, request);
    response.json({ expired: tokens.expireAll() });
  });
  router.post('/tokens/revoke', (request, response) => {
    readOrder(nothing, request);
    response.json({ revoked: tokens.revokeAll() });
  });

  router.post('/oauth-apps', (request, response) => {
    const order = readOrder(appSchema, request);
    const clientId = String(100_001 + state.oauthApps.size);
    const app: OAuthApp = { ...order, clientId, clientSecret: randomHex() };
    state.oauthApps.set(app.clientId, app);
    response.status(201).json(app);
  });

  endControls(router);
  return router;
}

function listOf(state: SandboxState, listId: string): KeptList {
  const list = state.lists.get(listId);
  if (list === undefined) throw unknownList(listId);
  return list;
}

function subscriberIn(subscriber: Subscriber | undefined, state: SubscriberState | null): Subscriber {
  if (subscriber === undefined) {
    throw new ControlError(
      404,
      'the list has no subscriber with this address',
      'To see the subscribers, GET /sandbox/lists/{listId}/subscribers.',
    );
  }
  if (state === null || subscriber.state === state) return subscriber;
  throw new ControlError(
    409,
    `the subscriber is ${subscriber.state.toLowerCase()}, not ${state.toLowerCase()}`,
    'To add a subscriber, POST /subscribers/{listId}.json (unconfirmed if the list has ConfirmedOptIn, otherwise active).',
  );
}

function unknownList(listId: string): ControlError {
  return new ControlError(404, `no list ${listId}`, 'To see the lists, GET /sandbox.');
}

function unknownApp(clientId: string): ControlError {
  return new ControlError(404, `no app ${clientId} is registered`, 'To see the apps, GET /sandbox.');
}
