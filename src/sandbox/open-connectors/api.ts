import { randomBytes } from 'node:crypto';
import express from 'express';
import { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { z } from 'zod';
import { failurePolicies, failurePolicyKey } from '../../open-connectors/delivery-queue.ts';
import { elementKey, hubKey } from '../../open-connectors/notification.ts';
import { knownScopes } from '../campaign-monitor/tokens.ts';
import { rejectionOf } from '../control-order.ts';
import { connectorDescription, connectorMetadata } from './connector.ts';
import type { Deliveries } from './deliveries.ts';
import { accountSettings, eventAnswer, instanceAnswer } from './instance-answer.ts';
import type { Instances } from './instances.ts';
import type { Notifier } from './notifier.ts';
import { PlatformError, platformErrors } from './platform-error.ts';
import { account, type InstanceEvent, type PlatformInstance, type PlatformState } from './state.ts';
import type { VendorLink } from './vendor-link.ts';

/** Enough for a delivery of 1,000 events with many custom fields. */
const deliveryLimit = '8mb';

const maxEventsText = 8_000_000;

interface PlatformAnswer {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `user` needs the user's and the organization's secret, `element` also an instance's token. */
type Access = 'user' | 'element';

export interface PlatformApiParts {
  readonly state: PlatformState;
  readonly instances: Instances;
  readonly deliveries: Deliveries;
  readonly notifier: Notifier;
  readonly link: VendorLink;
  readonly origin: () => string;
}

export interface PlatformApi {
  readonly router: Router;
  readonly calls: readonly string[];
  close(): void;
}

export function platformApi({ state, instances, deliveries, notifier, link, origin }: PlatformApiParts): PlatformApi {
  const router = Router();
  const delays = new Set<() => void>();
  const paths = new Map<string, Method[]>();
  const calls: string[] = [];

  // The vendor's deliveries, to an instance by its ID in base64 [docs, inferred here].
  const rawBody = express.raw({ type: () => true, limit: deliveryLimit });
  router.post(`/events/${elementKey}/:id64`, rawBody, (request, response) => {
    const instance = instances.find(Buffer.from(parameter(request, 'id64'), 'base64').toString());
    if (instance.disabled) throw platformErrors.disabled();
    if (deliveries.isFull) throw platformErrors.busy();
    notifier.receive(instance, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    response.status(200).end();
  });

  router.use((request, response, next) => {
    response.locals['authorization'] = authorize(request);
    if (request.accepts('json') === false) throw platformErrors.notAcceptable();
    const hasBody = Number(request.get('content-length') ?? 0) > 0;
    if (hasBody && request.is('application/json') === false) throw platformErrors.wrongContentType();
    next();
  });
  router.use(express.json({ limit: '256kb', strict: false }));

  const call = (
    method: Method,
    path: string,
    access: Access,
    handler: (request: Request, authorization: PlatformAuthorization) => PlatformAnswer,
  ): void => {
    const name = `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
    calls.push(name);
    paths.set(path, [...(paths.get(path) ?? []), method]);
    router[method.toLowerCase() as 'get'](path, async (request: Request, response: Response) => {
      state.calls.count(name);
      const order = state.orders.take(({ call }) => call === name || call === '*');
      const run = (): PlatformAnswer => {
        const authorization = response.locals['authorization'] as PlatformAuthorization;
        if (access === 'element' && authorization.element === null) throw platformErrors.unauthorized();
        return handler(request, authorization);
      };
      if (order === null) {
        send(response, run());
        return;
      }
      const own = order.carriedOut ? run() : undefined;
      await late(order.delayMs);
      if (response.destroyed) return;
      if (order.status === undefined) send(response, own ?? run());
      else if (order.status !== null) throw new PlatformError(order.status, order.message, order.providerMessage);
    });
  };

  const late = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        delays.delete(done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      delays.add(done);
    });

  const authorize = (request: Request): PlatformAuthorization => {
    const authorization = readAuthorization(request.get('authorization'));
    const { user, organization } = authorization;
    const { userSecret, organizationSecret } = state.credentials;
    if (user !== userSecret || organization !== organizationSecret) throw platformErrors.unauthorized();
    return authorization;
  };

  /** The token of a deleted instance is unknown. */
  const usable = ({ element }: PlatformAuthorization): PlatformInstance => {
    const instance = state.withToken(element ?? '');
    if (instance === undefined) throw platformErrors.unauthorized();
    if (instance.disabled) throw platformErrors.disabled();
    instance.access = link.renewed(instance.access);
    return instance;
  };

  const shown = (instance: PlatformInstance, hydrate = true): object =>
    instanceAnswer(instance, link.isValid(instance.access), hydrate);

  const oauthUrl = (element: string, input: unknown): PlatformAnswer => {
    if (element !== elementKey) throw platformErrors.noElement(element);
    const asked = oauthUrlSchema.safeParse(input);
    if (!asked.success) throw platformErrors.badRequest(z.prettifyError(asked.error));
    const url = new URL(`${origin()}/oauth`);
    url.searchParams.set('type', 'web_server');
    url.searchParams.set('client_id', asked.data.apiKey);
    url.searchParams.set('redirect_uri', asked.data.callbackUrl);
    url.searchParams.set('scope', asked.data.scope || knownScopes.join(','));
    url.searchParams.set('state', asked.data.state || elementKey);
    return { body: { element: elementKey, oauthUrl: url.href } };
  };
  call('GET', '/elements/:key/oauth/url', 'user', (request) => oauthUrl(parameter(request, 'key'), request.query));
  call('POST', '/elements/:key/oauth/url', 'user', (request) => oauthUrl(parameter(request, 'key'), request.body));

  call('GET', '/elements/:key', 'user', (request) => {
    checkElement(request);
    return { body: connectorDescription };
  });
  call('GET', '/elements/:key/metadata', 'user', (request) => {
    checkElement(request);
    return { body: connectorMetadata };
  });

  call('POST', '/instances', 'user', (request) => ({ body: shown(instances.create(request.body)) }));

  call('GET', '/instances', 'user', (request) => {
    const query = listQuery.safeParse(request.query);
    if (!query.success) throw platformErrors.badRequest(z.prettifyError(query.error));
    const { searchText, pageSize, hydrate } = query.data;
    const tags = [query.data['tags[]'], query.data.tags].flat().filter((tag) => tag !== undefined);
    const found = instances.search({ searchText, tags });
    if (found.length === 0) throw platformErrors.noMatch();
    const first = firstOf(query.data.nextPage);
    const next = first + pageSize;
    return {
      body: found.slice(first, next).map((instance) => shown(instance, hydrate !== 'false')),
      headers: {
        'Elements-Total-Count': String(found.length),
        ...nextPageHeader(next < found.length ? next : null),
      },
    };
  });

  const instanceOf = (request: Request): PlatformInstance => instances.find(parameter(request, 'id'));
  call('GET', '/instances/:id', 'user', (request) => ({ body: shown(instanceOf(request)) }));
  call('PUT', '/instances/:id', 'user', (request) => {
    const instance = instanceOf(request);
    instances.replace(instance, request.body, request.query['reAuthenticate'] === 'true');
    return { body: shown(instance) };
  });
  call('PATCH', '/instances/:id', 'user', (request) => {
    const instance = instanceOf(request);
    instances.change(instance, request.body, request.query['reAuthenticate'] === 'true');
    return { body: shown(instance) };
  });
  call('DELETE', '/instances/:id', 'user', (request) => {
    instances.remove(instanceOf(request));
    return {};
  });
  call('PUT', '/instances/:id/enabled', 'user', (request) => {
    const instance = instanceOf(request);
    instances.setDisabled(instance, false);
    return { body: shown(instance) };
  });
  call('DELETE', '/instances/:id/enabled', 'user', (request) => {
    instances.setDisabled(instanceOf(request), true);
    return {};
  });

  call('GET', '/instances/:id/events', 'user', (request) => {
    const instance = instanceOf(request);
    return { body: newestOf(instance.log).map((event) => eventAnswer(instance, event)) };
  });
  call('GET', '/instances/:id/events/:eventId', 'user', (request) => {
    const instance = instanceOf(request);
    const eventId = parameter(request, 'eventId');
    const event = instance.log.find(({ id }) => id === eventId);
    if (event === undefined) throw platformErrors.noEvent(eventId);
    return { body: eventAnswer(instance, event) };
  });

  // The policy applies to the whole account; the path with its ID is documented, the one without it live.
  for (const path of ['/accounts/settings', '/accounts/:id/settings']) {
    call('GET', path, 'user', (request) => {
      checkAccount(request);
      return { body: accountSettings(state) };
    });
    for (const method of ['POST', 'PATCH'] as const) {
      call(method, path, 'user', (request) => {
        checkAccount(request);
        const given = accountSettingsSchema.safeParse(request.body);
        if (!given.success) throw platformErrors.badRequest(z.prettifyError(given.error));
        state.failurePolicy = given.data[failurePolicyKey] ?? state.failurePolicy;
        return { body: accountSettings(state) };
      });
    }
  }

  call('GET', '/notifications/subscriptions/deliveries', 'user', (request) => {
    const query = deliveriesQuery.safeParse(request.query);
    if (!query.success) throw platformErrors.badRequest(z.prettifyError(query.error));
    const { where, hydrate, pageSize: size, nextPage } = query.data;
    const { body, next } = deliveries.list(where, hydrate === 'true', { first: firstOf(nextPage), size });
    return { body, headers: nextPageHeader(next) };
  });
  // The response is undocumented: empty here.
  call('PUT', '/notifications/subscriptions/deliveries', 'user', (request) => {
    notifier.release(text(request.query['where']));
    return {};
  });
  call('GET', '/notifications/:notification/subscriptions/:subscription/deliveries', 'user', (request) => ({
    body: deliveries.one(
      parameter(request, 'notification'),
      parameter(request, 'subscription'),
      request.query['hydrate'] === 'true',
    ),
  }));

  call('GET', `/hubs/${hubKey}/accounts`, 'element', (_request, authorization) => {
    usable(authorization);
    return {
      body: link.clients().map(({ clientId, name }) => ({
        BasicDetails: { ClientID: clientId, CompanyName: name, Country: 'Ireland', TimeZone: '(GMT) UTC' },
      })),
    };
  });
  call('GET', `/hubs/${hubKey}/lists`, 'element', (request, authorization) => {
    usable(authorization);
    const [, clientId] = /^\s*id\s*=\s*'([^']*)'\s*$/.exec(text(request.query['where'])) ?? [];
    if (clientId === undefined) throw platformErrors.badRequest("where is required: id='<ClientID>'");
    if (!link.clients().some((client) => client.clientId === clientId)) {
      throw platformErrors.refusedByVendor('The provider refused the request', 'Invalid ClientID');
    }
    return { body: link.lists(clientId).map(({ listId, title }) => ({ ListID: listId, Name: title })) };
  });

  for (const path of paths.keys()) {
    router.all(path, (request) => {
      throw platformErrors.wrongMethod(request.method);
    });
  }
  router.use(() => {
    throw platformErrors.notFound();
  });
  router.use(answerError);
  return {
    router,
    calls,
    close() {
      for (const done of delays) done();
    },
  };
}

const oauthUrlSchema = z.object({
  apiKey: z.string().min(1),
  apiSecret: z.string().min(1),
  callbackUrl: z.string().min(1),
  scope: z.string().optional(),
  state: z.string().optional(),
});

const tagsSchema = z.union([z.string(), z.array(z.string())]).optional();

const listQuery = z.object({
  'tags[]': tagsSchema,
  tags: tagsSchema,
  searchText: z.string().optional(),
  pageSize: z.coerce.number().int().min(1).max(2000).default(200),
  nextPage: z.string().min(1).optional(),
  hydrate: z.string().optional(),
});

const deliveriesQuery = listQuery
  .pick({ pageSize: true, nextPage: true, hydrate: true })
  .extend({ where: z.string().max(8192).default('') });

const accountSettingsSchema = z.looseObject({ [failurePolicyKey]: z.enum(failurePolicies).optional() });

function firstOf(nextPage: string | undefined): number {
  const first = nextPage === undefined ? 0 : Number(Buffer.from(nextPage, 'base64url').toString());
  if (!Number.isSafeInteger(first) || first < 0) throw platformErrors.badRequest('nextPage is not a page token');
  return first;
}

function nextPageHeader(next: number | null): Record<string, string> {
  return next === null ? {} : { 'Elements-Next-Page-Token': Buffer.from(String(next)).toString('base64url') };
}

function checkAccount(request: Request): void {
  const id = request.params['id'];
  if (id !== undefined && id !== String(account.accountId)) throw platformErrors.noAccount(text(id));
}

function send(response: Response, { body, headers = {} }: PlatformAnswer): void {
  response.status(200).set(headers);
  if (body === undefined) response.end();
  else response.json(body);
}

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const answered = error instanceof PlatformError ? error : rejectionOf(error);
  if (answered === undefined) {
    next(error);
    return;
  }
  const { status, message } = answered;
  const providerMessage = error instanceof PlatformError ? error.providerMessage : null;
  const requestId = randomBytes(12).toString('hex');
  response
    .status(status)
    .set('elements-request-id', requestId)
    .json({ requestId, message, ...(providerMessage !== null && { providerMessage }) });
};

/** As many as fit into a response, which repeats their bodies. */
function newestOf(log: readonly InstanceEvent[]): InstanceEvent[] {
  const newest: InstanceEvent[] = [];
  let length = 0;
  for (const event of log.toReversed()) {
    length += event.providerData.length;
    if (length > maxEventsText && newest.length > 0) break;
    newest.push(event);
  }
  return newest;
}

function checkElement(request: Request): void {
  const key = parameter(request, 'key');
  if (key !== elementKey) throw platformErrors.noElement(key);
}

function parameter(request: Request, name: string): string {
  return text(request.params[name]);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `Authorization: User <secret>, Organization <secret>[, Element <instance token>]` [docs]. */
interface PlatformAuthorization {
  readonly user: string | null;
  readonly organization: string | null;
  readonly element: string | null;
}

/** Secrets are base64-like, so commas separate them and `=` doesn't. */
function readAuthorization(header: string | undefined): PlatformAuthorization {
  const parts = new Map<string, string>();
  for (const part of (header ?? '').split(',')) {
    const [, name, secret] = /^\s*(User|Organization|Element)\s+(\S+)\s*$/i.exec(part) ?? [];
    if (name !== undefined && secret !== undefined) parts.set(name.toLowerCase(), secret);
  }
  const given = (name: string): string | null => parts.get(name) ?? null;
  return { user: given('user'), organization: given('organization'), element: given('element') };
}
