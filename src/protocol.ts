/**
 * The house door's contract: every setting, method and notification that passes between the relay and its clients
 * (the CLI, the extension), as zod schemas, and the connection itself. A client needs this module and nothing else.
 *
 * Ids are strings with a letter for their kind: `d7` a delivery, `e12` an event, `n9` a notification.
 * Times are ISO 8601 in UTC with milliseconds; durations are milliseconds.
 */
import { connect as connectSocket } from 'node:net';
import { createMessageConnection, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import { endpointOf, prepareFolder, proveToServer } from './endpoint.ts';

/** Raised when a method or notification changes incompatibly. */
export const protocolVersion = 1;

/** Headers that carry credentials: never written to disk, shown or exported. Matched on the lower-case name. */
const credentialHeader =
  /^(?:(?:proxy-)?authorization|cookie2?|set-cookie2?|x-csrf-token|x-xsrf-token)$|(?:^|[-_])(?:token|secret|password|passwd|credentials?|session|auth|authorization|jwt|apikey|(?:api|private|access|auth|functions|subscription)[-_]key)(?:[-_]|$)/;

/**
 * Whether a header carries a credential (`authorization`, `cookie`, `x-api-key`, …).
 * @param name the header's name, in any case
 */
export function isCredentialHeader(name: string): boolean {
  return credentialHeader.test(name.toLowerCase());
}

/** What stands in place of a credential wherever headers are stored, shown or exported. */
export const maskedValue = '********';

// --- settings -------------------------------------------------------------------------------------------------------

const httpUrl = z.url({
  protocol: /^https?$/,
  // What refines it below reads it as a URL.
  abort: true,
  error: 'expected a URL that begins with http:// or https://',
});

const plainUrl = httpUrl.refine((text) => {
  const url = new URL(text);
  return url.username === '' && url.password === '';
}, 'a user name or password in the URL would be stored: name credentials by "credentialsName" instead');

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a header name');
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'not a header value');
const keyName = z.string().min(1).max(100);

/** One callback of the developer's. See docs/forwarding.md for each field. */
export const destinationSchema = z.strictObject({
  url: plainUrl.describe('Where notifications are posted.'),
  types: z.array(z.string()).optional().describe('Only notifications with an event of one of these types.'),
  lists: z.array(z.string()).optional().describe('Only notifications about one of these list ids.'),
  mode: z
    .enum(['normalised', 'raw'])
    .default('normalised')
    .describe('normalised: as Open Connectors posts them; raw: the bytes as they came.'),
  signatureKeyName: keyName.optional().describe('The signature key, by name, that signs what is sent.'),
  credentialsName: keyName.optional().describe('The credentials, by name, whose headers are added.'),
  headers: z
    .record(
      headerName.refine((name) => !isCredentialHeader(name), 'carries a credential: use "credentialsName" instead'),
      headerValue,
    )
    .optional()
    .describe('Further headers to send.'),
  timeoutMs: z.int().min(1).max(600_000).default(10_000).describe('How long to wait for an answer, in milliseconds.'),
  insecureTls: z.boolean().optional().describe('Accept a self-signed certificate.'),
  strictOrder: z.boolean().optional().describe('Hold later notifications back while one is being retried.'),
});
export type Destination = z.infer<typeof destinationSchema>;

export const retryPolicySchema = z.enum(['fast', 'sap', 'cloud-elements', 'none']);
export type RetryPolicy = z.infer<typeof retryPolicySchema>;

/** Which tunnel exposes the street door. */
export const tunnelConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('fixed'), url: plainUrl.describe('A public URL of your own that leads here.') }),
  z.strictObject({
    kind: z.literal('localtunnel'),
    host: plainUrl.default('https://localtunnel.me').describe('The localtunnel server.'),
    subdomain: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{2,61})[a-z0-9]$/, 'a subdomain is 4 to 63 lower-case letters, digits and hyphens')
      .optional(),
  }),
  z.strictObject({ kind: z.literal('cloudflared'), path: z.string().min(1).default('cloudflared') }),
  z.strictObject({
    kind: z.literal('ngrok'),
    path: z.string().min(1).default('ngrok'),
    domain: z.string().min(1).optional(),
  }),
]);
export type TunnelConfig = z.infer<typeof tunnelConfigSchema>;

/** How a vendor event becomes an Open Connectors event object: assumptions, see docs/assumptions.md. */
export const mappingSchema = z.strictObject({
  eventTypes: z
    .record(z.string(), z.string().min(1))
    .default({ Subscribe: 'CREATED', Update: 'UPDATED', Deactivate: 'DELETED' })
    .describe("The vendor's type to eventType."),
  otherEventType: z.string().min(1).default('UNKNOWN').describe('eventType of a type that eventTypes does not name.'),
  objectType: z.string().min(1).default('contacts'),
  objectIdField: z.string().min(1).default('EmailAddress').describe("The vendor event's field that is the objectId."),
});
export type Mapping = z.infer<typeof mappingSchema>;

/** Whom a notification names as its instance. */
export const identitySchema = z.strictObject({
  instanceId: z.int().min(0).default(0),
  instanceName: z.string().default(''),
  instanceTags: z.array(z.string()).default([]),
  accountId: z.int().min(0).default(0),
  companyId: z.int().min(0).default(0),
  userId: z.int().min(0).default(0),
});
export type Identity = z.infer<typeof identitySchema>;

export const retentionSchema = z.strictObject({
  maxDeliveries: z.int().min(1).default(50_000),
  maxBytes: z.int().min(1).default(500_000_000).describe('Bodies, headers and answers, in bytes.'),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Everything about a relay that a client may set, secrets aside. */
export const settingsSchema = z.strictObject({
  destinations: z.array(destinationSchema).max(50).default([]),
  retry: retryPolicySchema.default('fast'),
  concurrency: z.int().min(1).max(256).default(1).describe('Notifications under way at once for one destination.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'not an IANA time zone, such as Europe/Berlin')
    .default('UTC')
    .describe("The time zone of the client account at Campaign Monitor, in which an event's Date is read."),
  partSize: z.int().min(1).max(1000).default(20).describe('Event objects in one notification, at most.'),
  mapping: mappingSchema.prefault({}),
  identity: identitySchema.prefault({}),
  retention: retentionSchema.prefault({}),
  maxBodyBytes: z.int().min(1024).max(268_435_456).default(5_242_880),
  maxUncommitted: z.int().min(1).max(100_000).default(1000),
  tunnel: tunnelConfigSchema.default({ kind: 'none' }),
  keepAliveMinutes: z.number().min(0).max(10_080).default(5),
  proxy: z
    .strictObject({ url: httpUrl.or(z.literal('')), noProxy: z.string().default('') })
    .optional()
    .describe("The proxy for destinations that are not on loopback; without it the environment's HTTP(S)_PROXY."),
});
export type Settings = z.infer<typeof settingsSchema>;

/**
 * Some of the settings, each whole. What is not given stays away: `partial()` of the schema as it is would put its
 * default there.
 */
export const settingsChangeSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(settingsSchema.shape).map(([name, field]) => [
      name,
      (field instanceof z.ZodDefault || field instanceof z.ZodPrefault ? field.unwrap() : field).optional(),
    ]),
  ),
) as unknown as ReturnType<typeof settingsSchema.partial>;

/** The settings of a relay that nobody has configured. */
export function defaultSettings(): Settings {
  return settingsSchema.parse({});
}

/** Secrets by name. They reach the relay by `relay/configure` alone and stay in its memory. */
export const secretsSchema = z.strictObject({
  signatureKeys: z.record(keyName, z.string().min(1)).optional(),
  verifyKeys: z.record(keyName, z.string().min(1)).optional(),
  credentials: z.record(keyName, z.record(headerName, headerValue)).optional(),
});
export type Secrets = z.infer<typeof secretsSchema>;

// --- what is shown ----------------------------------------------------------------------------------------------------

const time = z.iso.datetime();

/** The tunnel, as it is: `open` only after a request through the public URL has come back. */
export const tunnelStatusSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('closed'), kind: z.string(), reason: z.string() }),
  z.object({ state: z.literal('opening'), kind: z.string(), reason: z.string() }),
  z.object({ state: z.literal('verifying'), kind: z.string(), url: z.string(), reason: z.string() }),
  z.object({
    state: z.literal('open'),
    kind: z.string(),
    url: z.string(),
    reason: z.string(),
    since: time,
    /** The URL that was public before, where it differs: what is registered there no longer arrives. */
    previousUrl: z.string().nullable(),
  }),
  z.object({ state: z.literal('degraded'), kind: z.string(), url: z.string(), reason: z.string() }),
  z.object({ state: z.literal('failed'), kind: z.string(), reason: z.string() }),
]);
export type TunnelStatus = z.infer<typeof tunnelStatusSchema>;

export const forwardingStates = ['waiting', 'held', 'sent', 'failed', 'discarded'] as const;
export const forwardingStateSchema = z.enum(forwardingStates);
export type ForwardingState = z.infer<typeof forwardingStateSchema>;

/** One notification's way to one destination. */
export const forwardingSchema = z.object({
  destination: z.string().describe("The destination's URL."),
  mode: z.enum(['normalised', 'raw']),
  state: forwardingStateSchema,
  attempts: z.int(),
  maxAttempts: z.int().nullable().describe('Attempts under the retry policy in force; null where unbounded.'),
  nextAttemptAt: time.nullable(),
  status: z.int().nullable().describe("The last answer's HTTP status."),
  durationMs: z.number().nullable(),
  detail: z.string().nullable().describe('Why it waits, is held or failed.'),
});
export type Forwarding = z.infer<typeof forwardingSchema>;

export const sourceSchema = z.enum(['campaign-monitor', 'open-connectors']);
export type Source = z.infer<typeof sourceSchema>;

export const signatureCheckSchema = z.enum(['valid', 'invalid', 'missing', 'unchecked']);
export type SignatureCheck = z.infer<typeof signatureCheckSchema>;

/**
 * One row of the history. A test call and a rejected delivery, which hold no event, have a row of their own kind.
 */
export const eventRowSchema = z.object({
  id: z.string(),
  deliveryId: z.string(),
  kind: z.enum(['event', 'test', 'rejected']),
  source: sourceSchema,
  injected: z.boolean().describe('Sent by a client (edit and resend), not received at the street door.'),
  receivedAt: time,
  type: z.string().nullable().describe("The vendor's type, or a platform notification's eventType."),
  list: z.string().nullable(),
  address: z.string().nullable().describe("The e-mail address, or a platform notification's objectId."),
  date: z.string().nullable().describe("The event's own time, as it is in the notification."),
  warning: z.string().nullable(),
  duplicateOf: z.string().nullable(),
  signature: signatureCheckSchema.nullable().describe('For deliveries from Open Connectors.'),
  reason: z.string().nullable().describe('Why a delivery was rejected.'),
  httpStatus: z.int().describe('What the street door answered.'),
  notificationId: z.string().nullable(),
  forwardings: z.array(forwardingSchema),
});
export type EventRow = z.infer<typeof eventRowSchema>;

export const deliverySchema = z.object({
  id: z.string(),
  source: sourceSchema,
  status: z.enum(['accepted', 'test', 'rejected']),
  injected: z.boolean(),
  receivedAt: time,
  httpStatus: z.int(),
  reason: z.string().nullable(),
  list: z.string().nullable(),
  signature: signatureCheckSchema.nullable(),
  contentType: z.string().nullable(),
  bodyBytes: z.int().describe("The body's size as received, decompressed, in bytes."),
  truncated: z.boolean().describe('Only the first 64 KiB were kept.'),
  eventCount: z.int(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** Headers in the order they came; a name may repeat. Credentials are masked. */
export const headersSchema = z.array(z.tuple([z.string(), z.string()]));
export type Headers = z.infer<typeof headersSchema>;

export const attemptSchema = z.object({
  notificationId: z.string(),
  deliveryId: z.string(),
  destination: z.string(),
  number: z.int(),
  at: time,
  durationMs: z.number(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  outcome: z.enum(['sent', 'retrying', 'failed']),
  nextAttemptAt: time.nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const attemptDetailSchema = attemptSchema.extend({
  answerHeaders: headersSchema,
  answerBody: z.string().describe('The first 64 KiB, base64.'),
  answerTruncated: z.boolean(),
});
export type AttemptDetail = z.infer<typeof attemptDetailSchema>;

export const notificationSchema = z.object({
  id: z.string(),
  deliveryId: z.string(),
  kind: z.enum(['normalised', 'raw', 'platform']),
  part: z.int().describe('0 for the first.'),
  parts: z.int(),
  eventId: z.string().describe('message.eventId: the same on every retry and replay.'),
  createdAt: time,
  eventIds: z.array(z.string()).describe('The ids of the events that it holds.'),
  forwardings: z.array(forwardingSchema),
});
export type Notification = z.infer<typeof notificationSchema>;

export const countsSchema = z.object({
  deliveries: z.int(),
  events: z.int(),
  rejected: z.int(),
  tests: z.int(),
  waiting: z.int(),
  held: z.int(),
  sent: z.int(),
  failed: z.int(),
  discarded: z.int(),
  /** Requests that knew no secret, since the relay started: counted, never recorded. */
  strangers: z.int(),
  storedBytes: z.int(),
});
export type Counts = z.infer<typeof countsSchema>;

export const destinationStatusSchema = z.object({
  url: z.string(),
  mode: z.enum(['normalised', 'raw']),
  configured: z.boolean().describe('false: removed from the settings, with notifications that still wait for it.'),
  state: z.enum(['up', 'down', 'held']),
  detail: z.string().nullable(),
  waiting: z.int(),
});
export type DestinationStatus = z.infer<typeof destinationStatusSchema>;

export const statusSchema = z.object({
  protocolVersion: z.int(),
  version: z.string(),
  pid: z.int(),
  dataDir: z.string(),
  startedAt: time,
  campaignMonitorUrl: z.string().describe('The street door on loopback, secret included.'),
  openConnectorsUrl: z.string(),
  publicUrl: z.string().nullable().describe('The base of the public URL while it answers.'),
  publicCampaignMonitorUrl: z.string().nullable(),
  publicOpenConnectorsUrl: z.string().nullable(),
  tunnel: tunnelStatusSchema,
  settings: settingsSchema,
  destinations: z.array(destinationStatusSchema),
  counts: countsSchema,
  missingKeys: z.array(z.string()).describe('Names of keys and credentials that destinations use and no client gave.'),
  clients: z.int(),
  notices: z.array(z.string()).describe('What the user should know, such as a history that was set aside.'),
});
export type Status = z.infer<typeof statusSchema>;

// --- methods ----------------------------------------------------------------------------------------------------------

const anyId = z.string().regex(/^[den][1-9]\d*$/, 'expected an id such as d7, e12 or n9');
const nothing = z.strictObject({});

/** The bytes of a body: `text` as UTF-8, or `base64`. */
const bodySchema = z.union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })]);

/** Which notifications: by ids (a delivery or event id means its notifications), by filter, or all that failed. */
const selectionShape = {
  ids: z.array(anyId).min(1).max(100_000).optional(),
  filter: z.string().optional(),
  failed: z.literal(true).optional(),
};

/**
 * Every method of the house door. The filter language of `filter` is described in docs/history.md:
 * `type:subscribe list:… address:… state:failed since:2h until:… kind:rejected free text`.
 */
export const methods = {
  'relay/status': { params: nothing, result: statusSchema },
  /** Changes the settings given, each as a whole; keeps the others. Secrets given replace those of the same name. */
  'relay/configure': {
    params: z.strictObject({
      settings: settingsChangeSchema.optional(),
      secrets: secretsSchema.optional(),
    }),
    result: statusSchema,
  },
  'relay/stop': { params: nothing, result: z.object({ stopping: z.literal(true) }) },
  'tunnel/open': { params: z.strictObject({ tunnel: tunnelConfigSchema.optional() }), result: tunnelStatusSchema },
  'tunnel/close': { params: nothing, result: tunnelStatusSchema },
  /** Newest first. `before`: the `next` of the page before. */
  'events/query': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      limit: z.int().min(1).max(1000).default(50),
      before: z
        .string()
        .regex(/^e[1-9]\d*$/, 'expected the id of an event, such as e12')
        .optional(),
    }),
    result: z.object({ events: z.array(eventRowSchema), next: z.string().nullable() }),
  },
  /** `id`: an event's, a notification's or a delivery's (then its first event). */
  'events/get': {
    params: z.strictObject({ id: anyId }),
    result: z.object({
      event: eventRowSchema,
      delivery: deliverySchema,
      notifications: z.array(notificationSchema).describe('Those that hold the event, the raw ones included.'),
      attempts: z.array(attemptDetailSchema).describe('Of these notifications, oldest first.'),
    }),
  },
  /** Clears the history; deliveries with something waiting or held stay. */
  'events/clear': { params: nothing, result: z.object({ cleared: z.int(), kept: z.int() }) },
  'deliveries/get': {
    params: z.strictObject({ id: anyId }),
    result: z.object({
      delivery: deliverySchema,
      headers: headersSchema,
      body: z.string().describe('The bytes kept, base64.'),
      events: z.array(eventRowSchema),
      notifications: z.array(notificationSchema),
    }),
  },
  /** Takes a body the same way as one received at the street door; it gets new event ids. */
  'deliveries/inject': {
    params: z.strictObject({
      source: sourceSchema.default('campaign-monitor'),
      body: bodySchema,
      contentType: z.string().default('application/json; charset=utf-8'),
    }),
    result: z.object({
      delivery: deliverySchema,
      events: z.array(eventRowSchema),
      notifications: z.array(notificationSchema),
    }),
  },
  /** Sends again, the same bytes. `to`: another destination than the ones they went to. */
  'notifications/replay': {
    params: z.strictObject({ ...selectionShape, to: destinationSchema.optional() }),
    result: z.object({ replayed: z.int(), notificationIds: z.array(z.string()) }),
  },
  /** What is or would be sent, credentials masked. `url`: to which destination; the first it goes to when not given. */
  'notifications/render': {
    params: z.strictObject({ id: anyId, url: z.string().optional() }),
    result: z.object({
      notificationId: z.string(),
      url: z.string().nullable(),
      headers: headersSchema,
      body: z.string().describe('base64'),
    }),
  },
  'notifications/discard': {
    params: z.strictObject({ ids: selectionShape.ids, waiting: z.literal(true).optional() }),
    result: z.object({ discarded: z.int() }),
  },
} as const;
export type Methods = typeof methods;
export type Method = keyof Methods;
export type Params<M extends Method> = z.input<Methods[M]['params']>;
export type ParsedParams<M extends Method> = z.output<Methods[M]['params']>;
export type Result<M extends Method> = z.output<Methods[M]['result']>;

/**
 * What the relay says unasked. A client that reads too slowly misses some: `missed` then tells how many since the one
 * before, and `events/query` has them all.
 */
export const notifications = {
  'status/changed': z.object({ status: statusSchema }),
  'event/added': z.object({
    deliveries: z.array(z.object({ delivery: deliverySchema, events: z.array(eventRowSchema) })),
    missed: z.int(),
  }),
  'attempt/recorded': z.object({ attempts: z.array(attemptSchema), missed: z.int() }),
  'tunnel/changed': z.object({ tunnel: tunnelStatusSchema }),
  log: z.object({ level: z.enum(['error', 'warn', 'info', 'debug']), time, message: z.string() }),
} as const;
export type RelayNotification = keyof typeof notifications;
export type RelayNotificationParams<N extends RelayNotification> = z.output<(typeof notifications)[N]>;

/** JSON-RPC error codes of the relay's own; `data.next` says what to do. */
export const relayErrorCodes = { notFound: 1001, conflict: 1002, storeFailed: 1003 } as const;

/** JSON-RPC error code of a client's own: the relay is there and says nothing. */
export const noAnswerCode = 1100;

/** What the relay says to each client before it ends in order: on request, by a signal, or with nobody left. */
export const endingNotification = '$/ending';

// --- the connection ---------------------------------------------------------------------------------------------------

/** A request that the relay refused. `message` says why and `next` what to do. */
export class RelayRequestError extends Error {
  override readonly name = 'RelayRequestError';
  readonly code: number;
  readonly next: string | undefined;
  constructor(message: string, code: number, next?: string) {
    super(message);
    this.code = code;
    this.next = next;
  }
}

/** The relay's process is there and does not answer: it is held, or its machine is overloaded. */
class NoAnswerError extends RelayRequestError {
  constructor(dataDir: string) {
    super(
      `the relay of ${dataDir} runs and does not answer`,
      noAnswerCode,
      'Where its process was paused, let it go on; else end it, and start the relay again: what it acknowledged is kept.',
    );
  }
}

/** No relay runs for the data directory. */
export class NoRelayError extends Error {
  override readonly name = 'NoRelayError';
  readonly next = 'Start one with `cm-relay listen`.';
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay runs for ${dataDir}`, { cause });
  }
}

/** A connection to a running relay. */
export interface RelayClient {
  readonly dataDir: string;
  /** Sends a request; the result is checked against its schema. Rejects with RelayRequestError. */
  request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** Calls `listener` for each notification of that name, until the returned function is called. */
  on<N extends RelayNotification>(name: N, listener: (params: RelayNotificationParams<N>) => void): () => void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Whether the relay has said that it ends; false after `closed` where it broke off, as when it was killed. */
  endsInOrder(): boolean;
  close(): void;
}

/** Turns of the event loop without a message, after which none that was read before the end is left. */
const mostIdleTurns = 8;

/** How long a relay may say nothing at all before it is asked for a sign of life, and then again, in milliseconds. */
const defaultPatienceMs = 15_000;

/**
 * Connects to the relay that runs for a data directory.
 * @param dataDir the data directory
 * @param patienceMs a request fails where the relay says nothing for twice as long: a process may be there and held
 * @throws NoRelayError where none answers; UnsafeSocketFolderError
 */
export async function connectToRelay(dataDir: string, patienceMs = defaultPatienceMs): Promise<RelayClient> {
  const endpoint = endpointOf(dataDir);
  // Made by whoever comes first: one that is missing could be somebody else's by the time that it is used.
  prepareFolder(endpoint);
  const socket = connectSocket(endpoint.path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(new NoRelayError(dataDir, error)));
  });
  socket.setNoDelay(true);
  if (endpoint.proofNeeded) await proveToServer(socket, endpoint);
  let handled = 0;
  const connection: MessageConnection = createMessageConnection(socket, socket, undefined, {
    messageStrategy: {
      handleMessage(message, next) {
        handled += 1;
        return next(message);
      },
    },
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      // The library handles what was read in turns of the event loop to come; the last word is worth waiting for.
      const drain = (seen: number, idleTurns: number): void => {
        if (idleTurns === mostIdleTurns) {
          connection.dispose();
          resolve();
        } else setImmediate(() => drain(handled, handled === seen ? idleTurns + 1 : 0));
      };
      drain(handled, 0);
    });
  });
  socket.on('error', () => socket.destroy());
  /** Rejects where the relay says nothing: neither the answer, nor anything else, nor an answer to a question since. */
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      const watch = (seen: number, asked: boolean): void => {
        timer = setTimeout(() => {
          if (handled !== seen) watch(handled, false);
          else if (asked) reject(new NoAnswerError(dataDir));
          else {
            // A long task leaves the relay able to answer this.
            connection.sendRequest('relay/status', {}).catch(() => undefined);
            watch(handled, true);
          }
        }, patienceMs);
      };
      watch(handled, false);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  };
  let inOrder = false;
  connection.onNotification(endingNotification, () => void (inOrder = true));
  connection.listen();
  const listeners = new Map<RelayNotification, Set<(params: never) => void>>();
  return {
    dataDir,
    closed,
    async request(method, params) {
      try {
        const answer: unknown = await answered(connection.sendRequest(method, params));
        return methods[method].result.parse(answer) as never;
      } catch (error) {
        if (error instanceof ResponseError) {
          const data = z.object({ next: z.string() }).safeParse(error.data);
          throw new RelayRequestError(error.message, error.code, data.success ? data.data.next : undefined);
        }
        if (error instanceof z.ZodError) {
          throw new RelayRequestError(
            `the relay's answer to ${method} is not what this version expects: ${z.prettifyError(error)}`,
            ErrorCodes.InternalError,
            'Restart the relay so that both are of one version.',
          );
        }
        throw error;
      }
    },
    on(name, listener) {
      let group = listeners.get(name);
      if (group === undefined) {
        // The connection knows one handler a name.
        const all = (group = new Set<(params: never) => void>());
        listeners.set(name, all);
        connection.onNotification(name, (params: unknown) => {
          const parsed = notifications[name].safeParse(params);
          if (!parsed.success) return;
          for (const each of all) each(parsed.data as never);
        });
      }
      // A listener may be given twice.
      const own = (params: RelayNotificationParams<typeof name>): void => listener(params);
      group.add(own);
      return () => void group.delete(own);
    },
    endsInOrder: () => inOrder,
    close: () => socket.destroy(),
  };
}

/**
 * Compares two versions `major.minor.patch`; pre-release and build tags are ignored.
 * @returns negative where `a` is the older, 0 where they are the same, positive where it is the newer
 */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] =>
    version
      .replace(/[-+].*/, '')
      .split('.')
      .map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
