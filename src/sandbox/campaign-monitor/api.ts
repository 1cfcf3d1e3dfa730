/** The emulated API, `/api/v3` to `/api/v3.3`: authentication, injected failures, and the calls. */
import express, { Router } from 'express';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { rejectionOf } from '../control-order.ts';
import type { AddCall } from './api-call.ts';
import type { Access } from './authentication.ts';
import { authenticate, requireScope } from './authentication.ts';
import { addClientCalls } from './client-calls.ts';
import { addListCalls } from './list-calls.ts';
import type { Outbox } from './outbox.ts';
import type { SandboxState } from './state.ts';
import { addSubscriberCalls } from './subscriber-calls.ts';
import type { Tokens } from './tokens.ts';
import { VendorError, vendorErrors } from './vendor-error.ts';
import { addWebhookCalls } from './webhook-calls.ts';
import type { WebhookPoster } from './webhook-post.ts';

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
