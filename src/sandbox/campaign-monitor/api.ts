import express from 'express';
import { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { rejectionOf } from '../control-order.ts';
import { clientOf, emailOf, readerScopes, type AddCall } from './api-call.ts';
import { addListCalls } from './list-calls.ts';
import type { Outbox } from './outbox.ts';
import type { SandboxState } from './state.ts';
import { addSubscriberCalls } from './subscriber-calls.ts';
import type { Tokens } from './tokens.ts';
import { VendorError, vendorErrors } from './vendor-error.ts';
import { addWebhookCalls } from './webhook-calls.ts';
import type { WebhookPoster } from './webhook-post.ts';
import { vendorDate } from '../../campaign-monitor/samples.ts';
import { checkContact, isReadable } from './subscribers.ts';

/** For an import of some tens of thousands; the vendor's limit is unknown. */
const bodyLimit = '8mb';

export interface ApiParts {
  readonly state: SandboxState;
  readonly tokens: Tokens;
  readonly outbox: Outbox;
  readonly poster: WebhookPoster;
}

export function apiRouter({ state, tokens, outbox, poster }: ApiParts): Router {
  const router = Router();
  router.use((request, response, next) => {
    // Before the path is checked: the vendor responds with 401 to an unknown path too [vendor].
    response.locals['access'] = authenticate(request.get('authorization'), state.apiKey, tokens);
    const failure = state.takeFailure('api');
    if (failure !== null) {
      response.set(failure.headers);
      throw new VendorError(failure.status, failure.code, failure.message);
    }
    next();
  });
  router.use(express.json({ type: () => true, limit: bodyLimit, strict: false }));

  const call: AddCall = (method, path, scopes, handler) => {
    router[method](path, async (request: Request, response: Response) => {
      state.calls.count(`${method.toUpperCase()} ${path}`);
      requireScope(response.locals['access'] as Access, scopes);
      await handler(request, response);
    });
  };
  addClientCalls(call, state);
  addListCalls(call, state);
  addWebhookCalls(call, state, poster);
  addSubscriberCalls(call, state, outbox);

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
  const rejected = rejectionOf(error);
  if (rejected === undefined) next(error);
  else response.status(rejected.status).json(vendorErrors.unreadableBody(rejected.status, rejected.message));
};

type Access = readonly string[] | 'all';

/** A bearer token, or Basic with an API key as user name and any password. @throws VendorError 100, 120 to 122 */
function authenticate(header: string | undefined, apiKey: string, tokens: Tokens): Access {
  const [, scheme = '', value = ''] = /^(\S+) +(.+)$/.exec(header ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer': {
      const grant = tokens.check(value);
      if (grant === 'invalid') throw vendorErrors.invalidToken();
      if (grant === 'expired') throw vendorErrors.expiredToken();
      if (grant === 'revoked') throw vendorErrors.revokedToken();
      return grant.scopes;
    }
    case 'basic': {
      const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1);
      if (user === apiKey) return 'all';
      throw vendorErrors.invalidApiKey();
    }
    default:
      throw vendorErrors.invalidApiKey();
  }
}

function requireScope(access: Access, scopes: readonly string[]): void {
  if (access === 'all' || scopes.length === 0 || scopes.some((scope) => access.includes(scope))) return;
  throw vendorErrors.permissionMissing(scopes);
}

function addClientCalls(call: AddCall, state: SandboxState): void {
  call('get', '/systemdate.json', [], (_request, response) => {
    response.json({ SystemDate: vendorDate(new Date()) });
  });

  call('get', '/clients.json', [], (_request, response) => {
    response.json(state.clients.map((client) => ({ ClientID: client.clientId, Name: client.name })));
  });

  // Clients should not call this, since the vendor's response contains a live key; the call counts show it.
  call('get', '/clients/:clientId.json', [], (request, response) => {
    const client = clientOf(state, request);
    response.json({
      ApiKey: `made-up-key-of-${client.clientId}`,
      BasicDetails: { ClientID: client.clientId, CompanyName: client.name, Country: 'Ireland', TimeZone: '(GMT) UTC' },
    });
  });

  call('get', '/clients/:clientId/lists.json', [], (request, response) => {
    const lists = state.listsOf(clientOf(state, request).clientId);
    response.json(lists.map((list) => ({ ListID: list.listId, Name: list.title })));
  });

  call('get', '/clients/:clientId/listsforemail.json', readerScopes, (request, response) => {
    const lists = state.listsOf(clientOf(state, request).clientId);
    const email = emailOf(request);
    checkContact(email);
    response.json(
      lists.flatMap(({ listId, title, subscribers }) => {
        const subscriber = subscribers.get(email);
        if (subscriber === undefined || !isReadable(subscriber)) return [];
        const { state: SubscriberState, joined: DateSubscriberAdded } = subscriber;
        return [{ ListID: listId, ListName: title, SubscriberState, DateSubscriberAdded }];
      }),
    );
  });

  call('get', '/clients/:clientId/segments.json', [], (request, response) => {
    clientOf(state, request);
    response.json([]);
  });
}
