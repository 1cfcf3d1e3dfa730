/** The emulated API, `/api/v3.3`: clients, lists, webhooks, subscribers. */
import express, { Router } from 'express';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { z } from 'zod';
import { vendorDate, webhookEventTypes } from '../../campaign-monitor/samples.ts';
import type { SandboxList } from './accounts.ts';
import type { Access } from './authentication.ts';
import { authenticate, requireScope } from './authentication.ts';
import type { Outbox } from './outbox.ts';
import type { SandboxState, Webhook } from './state.ts';
import type { SubscriberList } from './subscribers.ts';
import {
  activeSubscriber,
  addSchema,
  addSubscriber,
  deactivateSubscriber,
  importSchema,
  importSubscribers,
  unsubscribeSchema,
  updateSchema,
  updateSubscriber,
} from './subscribers.ts';
import { postTestCall } from './test-call.ts';
import type { Tokens } from './tokens.ts';
import { VendorError, vendorErrors } from './vendor-error.ts';
import { showedSecret } from '../strangers.ts';
import type { WebhookPoster } from './webhook-post.ts';
import { isWebhookUrl } from './webhook-post.ts';

/** For an import of some tens of thousands; the vendor's limit is unknown. */
const bodyLimit = '8mb';

type Handler = (request: Request, response: Response) => void | Promise<void>;

export interface ApiParts {
  readonly state: SandboxState;
  readonly tokens: Tokens;
  readonly outbox: Outbox;
  readonly poster: WebhookPoster;
}

/** The vendor's API, as far as the sandbox has it. */
export function apiRouter({ state, tokens, outbox, poster }: ApiParts): Router {
  const router = Router();
  router.use((request, response, next) => {
    // Before the path is looked at: the vendor answers 401 to an unknown path too [vendor].
    response.locals['access'] = authenticate(request.get('authorization'), state.apiKey, tokens);
    showedSecret(request);
    const failure = state.takeFailure('api');
    if (failure !== null) {
      response.set(failure.headers);
      throw new VendorError(failure.status, failure.code, failure.message);
    }
    next();
  });
  router.use(express.json({ type: () => true, limit: bodyLimit, strict: false }));

  const call = (
    method: 'get' | 'post' | 'put' | 'delete',
    path: string,
    scopes: readonly string[],
    handler: Handler,
  ): void => {
    router[method](path, async (request: Request, response: Response) => {
      state.countCall(`${method.toUpperCase()} ${path}`);
      requireScope(response.locals['access'] as Access, scopes);
      await handler(request, response);
    });
  };

  call('get', '/systemdate.json', [], (_request, response) => {
    response.json({ SystemDate: vendorDate(new Date()) });
  });

  call('get', '/clients.json', [], (_request, response) => {
    response.json(state.clients.map((client) => ({ ClientID: client.clientId, Name: client.name })));
  });

  // Nobody should call this: with the vendor the answer holds a live key. The count of calls shows who does.
  call('get', '/clients/:clientId.json', [], (request, response) => {
    const client = clientOf(state, request);
    response.json({
      ApiKey: `made-up-key-of-${client.clientId}`,
      BasicDetails: { ClientID: client.clientId, CompanyName: client.name, Country: 'Ireland', TimeZone: '(GMT) UTC' },
    });
  });

  call('get', '/clients/:clientId/lists.json', [], (request, response) => {
    const { clientId } = clientOf(state, request);
    const lists = [...state.lists.values()].filter((list) => list.clientId === clientId);
    response.json(lists.map((list) => ({ ListID: list.listId, Name: list.title })));
  });

  call('get', '/lists/:listId.json', [], (request, response) => {
    const list = listOf(state, request);
    response.json({
      ConfirmedOptIn: false,
      Title: list.title,
      UnsubscribePage: '',
      UnsubscribeSetting: 'OnlyThisList',
      ListID: list.listId,
      ConfirmationSuccessPage: '',
    });
  });

  // Which scope webhooks need is inferred, not documented.
  const webhookScopes = ['ManageLists'];

  call('get', '/lists/:listId/webhooks.json', webhookScopes, (request, response) => {
    const { listId } = listOf(state, request);
    response.json(state.webhooksOf(listId).map(webhookAnswer));
  });

  call('post', '/lists/:listId/webhooks.json', webhookScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const webhook = { ...readWebhook(request.body), webhookId: state.secrets.hex(), listId };
    if (!state.hasRoomForWebhooks(1)) throw vendorErrors.tooMany('webhooks');
    state.webhooks.set(webhook.webhookId, { ...webhook, active: true, failingSince: null });
    response.status(201).json(webhook.webhookId);
  });

  call('get', '/lists/:listId/webhooks/:webhookId/test.json', webhookScopes, async (request, response) => {
    const failure = await postTestCall(poster, webhookOf(state, request), state.settings);
    if (failure !== null) throw vendorErrors.webhookFailed(failure);
    response.status(200).end();
  });

  for (const [action, active] of [
    ['activate', true],
    ['deactivate', false],
  ] as const) {
    call('put', `/lists/:listId/webhooks/:webhookId/${action}.json`, webhookScopes, (request, response) => {
      const webhook = webhookOf(state, request);
      webhook.active = active;
      webhook.failingSince = null;
      response.status(200).end();
    });
  }

  call('delete', '/lists/:listId/webhooks/:webhookId.json', webhookScopes, (request, response) => {
    state.webhooks.delete(webhookOf(state, request).webhookId);
    response.status(200).end();
  });

  // Which scope subscribers need is inferred: either of the two that speak of them.
  const subscriberScopes = ['ImportSubscribers', 'ManageLists'];

  call('post', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const input = readBody(addSchema, request);
    outbox.publish(listId, addSubscriber(subscribersOf(state, listId), input, input.Resubscribe ?? false));
    response.status(201).json(input.EmailAddress);
  });

  call('put', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const list = subscribersOf(state, listId);
    const input = readBody(updateSchema, request);
    outbox.publish(listId, updateSubscriber(list, activeSubscriber(list, emailOf(request)), input));
    response.status(200).end();
  });

  call('post', '/subscribers/:listId/unsubscribe.json', subscriberScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const { EmailAddress: email } = readBody(unsubscribeSchema, request);
    const subscriber = activeSubscriber(subscribersOf(state, listId), email);
    outbox.publish(listId, deactivateSubscriber(subscriber, 'Unsubscribed'));
    response.status(200).end();
  });

  call('delete', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const subscriber = activeSubscriber(subscribersOf(state, listId), emailOf(request));
    outbox.publish(listId, deactivateSubscriber(subscriber, 'Deleted'));
    response.status(200).end();
  });

  call('post', '/subscribers/:listId/import.json', subscriberScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const { result, events } = importSubscribers(subscribersOf(state, listId), readBody(importSchema, request));
    outbox.publish(listId, events);
    if (result.FailureDetails.length > 0) throw vendorErrors.importFailures(result);
    response.status(201).json(result);
  });

  router.use(() => {
    throw vendorErrors.notFound();
  });
  router.use(answerError);
  return router;
}

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof VendorError) {
    response.status(error.status).json(error);
    return;
  }
  const rejected = z.object({ status: z.int().min(400).max(499), message: z.string() }).safeParse(error);
  if (rejected.success) {
    response
      .status(rejected.data.status)
      .json(vendorErrors.unreadableBody(rejected.data.status, rejected.data.message));
    return;
  }
  next(error);
};

function readBody<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body);
  if (!parsed.success) throw vendorErrors.unreadableBody(400, z.prettifyError(parsed.error));
  return parsed.data;
}

const eventsSchema = z
  .array(z.unknown())
  .min(1)
  .max(100)
  .pipe(z.array(z.enum(webhookEventTypes)));
const formatSchema = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['json', 'xml']));

/** Reads what a webhook is to be made of. @throws VendorError 601, 602, 603, in this order */
function readWebhook(body: unknown): Pick<Webhook, 'url' | 'format' | 'events'> {
  const fields = z.record(z.string(), z.unknown()).safeParse(body).data ?? {};
  const url = z.string().refine(isWebhookUrl).safeParse(fields['Url']);
  if (!url.success) throw vendorErrors.invalidWebhookUrl();
  const format = formatSchema.safeParse(fields['PayloadFormat']);
  if (!format.success) throw vendorErrors.invalidWebhookFormat();
  const events = eventsSchema.safeParse(fields['Events']);
  if (!events.success) throw vendorErrors.invalidWebhookEvent();
  return { url: url.data, format: format.data === 'json' ? 'Json' : 'Xml', events: [...new Set(events.data)] };
}

function webhookAnswer(webhook: Webhook): object {
  return {
    WebhookID: webhook.webhookId,
    Events: webhook.events,
    Url: webhook.url,
    // The vendor's word for one that is not active is unknown.
    Status: webhook.active ? 'Active' : 'Inactive',
    PayloadFormat: webhook.format,
  };
}

function parameter(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

function clientOf(state: SandboxState, request: Request): SandboxState['clients'][number] {
  const client = state.clients.find(({ clientId }) => clientId === parameter(request, 'clientId'));
  if (client === undefined) throw vendorErrors.wrongClient();
  return client;
}

function listOf(state: SandboxState, request: Request): SandboxList {
  const list = state.lists.get(parameter(request, 'listId'));
  if (list === undefined) throw vendorErrors.wrongList();
  return list;
}

function subscribersOf(state: SandboxState, listId: string): SubscriberList {
  const subscribers = state.subscribers.get(listId);
  if (subscribers === undefined) throw vendorErrors.wrongList();
  return subscribers;
}

/** What the vendor answers for an unknown webhook is unknown. */
function webhookOf(state: SandboxState, request: Request): Webhook {
  const { listId } = listOf(state, request);
  const webhook = state.webhooks.get(parameter(request, 'webhookId'));
  if (webhook?.listId !== listId) throw vendorErrors.notFound();
  return webhook;
}

function emailOf(request: Request): string {
  const { email } = request.query;
  if (typeof email !== 'string') throw vendorErrors.invalidEmail();
  return email;
}
