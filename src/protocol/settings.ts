/**
 * Everything that a client may set about a relay, and the secrets that it gives. What is said of each here is said of it
 * everywhere: in docs/cm-relay.config.schema.json, and by src/extension/settings.ts in VS Code.
 */
import { z } from 'zod';
import type { RetryPolicy } from '../common/retry-policies.ts';
import { isCredentialHeader } from './credential-headers.ts';
import type { destinationModes } from './history.ts';

const httpUrl = z.url({
  protocol: /^https?$/,
  // What refines it below reads it as a URL.
  abort: true,
  error: 'expected a URL that begins with http:// or https://',
});

/** A URL without user name and password. @param instead what to do about one, as an error says it */
export function urlWithoutUser(instead = 'leave it out'): z.ZodType<string, string> {
  return httpUrl.refine((text) => {
    const url = new URL(text);
    return url.username === '' && url.password === '';
  }, `a user name or password in the URL would be stored: ${instead}`);
}

/** The name of a header of HTTP. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a header name')
  .meta({ patternErrorMessage: 'This is not the name of a header.' });
/** What a header may hold: no end of a line, nothing beyond Latin-1. */
export const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'not a header value')
  .meta({ patternErrorMessage: 'This is not what a header can hold.' });
const keyName = z.string().min(1).max(100);

/** One of a few values, each with what it means, as editors tell it. */
export function choice<const T extends string>(meanings: Readonly<Record<T, string>>): z.ZodEnum<{ [K in T]: K }> {
  return z.enum(Object.keys(meanings) as T[]).meta({ enumDescriptions: Object.values(meanings) });
}

/** A destination's id, as its user gives it. What the relay gives to one without an id is `t` and a number. */
const destinationId = z.string().regex(/^(?!t\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'an id has at most 64 letters, digits, ".", "_" and "-", and is not "t" and a number',
});

const destinationMode = choice({
  normalised: 'As Open Connectors posts them.',
  raw: 'The delivery’s bytes as they came.',
} satisfies Record<(typeof destinationModes)[number], string>);

/** What the relay's own receiver answers. */
const sampleAnswer = choice({
  ok: 'With 200.',
  error: 'With 500, so that the relay tries again.',
  slow: 'With 200, after five seconds.',
});
export type SampleAnswer = z.infer<typeof sampleAnswer>;

/** One callback of the developer's. See docs/forwarding.md for each field. */
export const destinationSchema = z.strictObject({
  id: destinationId
    .optional()
    .describe(
      'A name of your own that tells it from others, whatever else of it you change: what waits for it then goes where it is now. Without it, it stays the same while URL, mode and key do.',
    ),
  url: urlWithoutUser('name credentials by "credentialsName" instead').describe('Where notifications are posted.'),
  types: z
    .array(z.string())
    .optional()
    .describe('Only notifications with an event of one of these types, such as Subscribe.'),
  lists: z.array(z.string()).optional().describe('Only notifications about one of these list IDs.'),
  mode: destinationMode.default('normalised').describe('What is sent.'),
  signatureKeyName: keyName.optional().describe('The name of the signature key that signs what is sent.'),
  credentialsName: keyName.optional().describe('The name of the credentials whose headers are added.'),
  headers: z
    .record(
      headerName.refine((name) => !isCredentialHeader(name), 'carries a credential: use "credentialsName" instead'),
      headerValue,
    )
    .optional()
    .describe('Further headers; never credentials.'),
  timeoutMs: z.int().min(1).max(600_000).default(10_000).describe('How long to wait for an answer, in milliseconds.'),
  insecureTls: z.boolean().optional().describe('Accept a self-signed certificate.'),
  strictOrder: z.boolean().optional().describe('Hold later notifications back while one is being retried.'),
  held: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe('Why nothing is sent there yet: what goes there is kept until this is taken away.'),
  sample: sampleAnswer
    .optional()
    .describe(
      'It is a receiver of the relay’s own, which answers so: the relay puts its URL in place of the one given.',
    ),
});
export type Destination = z.infer<typeof destinationSchema>;

const retryPolicySchema = choice({
  fast: 'After 1, 2, 4, 8 and 16 s; a destination that cannot be reached is waited for.',
  sap: 'After 8, 64, 512, 4096 and 32768 s, as SAP documents.',
  'cloud-elements': 'After 4, 16, 64 s and so on, nine times.',
  none: 'Never.',
} satisfies Record<RetryPolicy, string>);

/** What each kind of tunnel is told. */
export const tunnelSchemas = {
  none: z.strictObject({ kind: z.literal('none') }),
  fixed: z.strictObject({
    kind: z.literal('fixed'),
    url: urlWithoutUser().describe('A public URL of your own that leads here.'),
  }),
  localtunnel: z.strictObject({
    kind: z.literal('localtunnel'),
    host: urlWithoutUser().default('https://localtunnel.me').describe('The localtunnel server.'),
    otherHosts: z
      .array(z.string().regex(/^[a-z0-9_.:-]+$/, 'expected a host in lower case, or an address'))
      .optional()
      .describe('Hosts, with those below them, and addresses that this server may name beside its own.'),
    subdomain: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{2,61})[a-z0-9]$/, 'a subdomain is 4 to 63 lower-case letters, digits and hyphens')
      .optional()
      .describe('The subdomain to ask for; without it a random one, made once.'),
  }),
  cloudflared: z.strictObject({
    kind: z.literal('cloudflared'),
    path: z.string().min(1).default('cloudflared').describe('The cloudflared program.'),
  }),
  ngrok: z.strictObject({
    kind: z.literal('ngrok'),
    path: z.string().min(1).default('ngrok').describe('The ngrok program.'),
    domain: z.string().min(1).optional().describe('The ngrok domain to ask for; without it whichever ngrok gives.'),
  }),
} as const;

/** Which tunnel exposes the webhook endpoint. */
export const tunnelConfigSchema = z.discriminatedUnion('kind', [
  tunnelSchemas.none,
  tunnelSchemas.fixed,
  tunnelSchemas.localtunnel,
  tunnelSchemas.cloudflared,
  tunnelSchemas.ngrok,
]);
export type TunnelConfig = z.infer<typeof tunnelConfigSchema>;

/** How a vendor event becomes an Open Connectors event object: assumptions, see docs/assumptions.md. */
const mappingSchema = z.strictObject({
  eventTypes: z
    .record(z.string(), z.string().min(1))
    .default({ Subscribe: 'CREATED', Update: 'UPDATED', Deactivate: 'DELETED' })
    .describe(
      'Campaign Monitor’s event types and the `eventType` that each becomes. An assumption: neither vendor documents it.',
    ),
  otherEventType: z.string().min(1).default('UNKNOWN').describe('The `eventType` of any other type.'),
  objectType: z.string().min(1).default('contacts').describe('The `objectType` of every event object.'),
  objectIdField: z
    .string()
    .min(1)
    .default('EmailAddress')
    .describe('The field of the event that becomes its `objectId`.'),
});
export type Mapping = z.infer<typeof mappingSchema>;

/** Whom a notification names as its instance. */
const identitySchema = z.strictObject({
  instanceId: z.int().min(0).default(0).describe('The ID of the instance that notifications name.'),
  instanceName: z.string().default('').describe('The name of the instance that notifications name.'),
  instanceTags: z.array(z.string()).default([]).describe('The tags of the instance that notifications name.'),
  accountId: z.int().min(0).default(0),
  companyId: z.int().min(0).default(0),
  userId: z.int().min(0).default(0),
});
export type Identity = z.infer<typeof identitySchema>;

const retentionSchema = z.strictObject({
  maxDeliveries: z
    .int()
    .min(1)
    .default(50_000)
    .describe('How many deliveries the history keeps. What still waits is never removed.'),
  maxBytes: z.int().min(1).default(500_000_000).describe('How much the history keeps, in bytes.'),
});

/** In the settings. */
export const mostDestinations = 50;

function repeatedId(destinations: readonly Destination[]): string | undefined {
  const ids = destinations.map(({ id }) => id).filter((id) => id !== undefined);
  return ids.find((id, index) => ids.indexOf(id) !== index);
}

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
  destinations: z
    .array(destinationSchema)
    .max(mostDestinations)
    .refine((all) => repeatedId(all) === undefined, {
      error: ({ input }) => `two destinations have the id "${repeatedId(input as Destination[]) ?? ''}"`,
    })
    .default([]),
  retry: retryPolicySchema.default('fast').describe('When a notification that was not taken is sent again.'),
  concurrency: z.int().min(1).max(256).default(1).describe('Notifications under way at once for one destination.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'not an IANA time zone, such as Europe/Berlin')
    .default('UTC')
    .describe(
      'The time zone of the client account at Campaign Monitor, such as `Europe/Berlin`: events carry local times. An assumption, see the documentation.',
    ),
  partSize: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe('Event objects in one notification, at most. Open Connectors splits at 20.'),
  mapping: mappingSchema.prefault({}),
  identity: identitySchema.prefault({}),
  retention: retentionSchema.prefault({}),
  maxBodyBytes: z.int().min(1024).max(268_435_456).default(5_242_880),
  maxEvents: z
    .int()
    .min(1000)
    .max(100_000)
    .default(10_000)
    .describe('Events in one delivery, at most. Campaign Monitor sends up to 1,000.'),
  maxBodiesBytes: z
    .int()
    .min(1_048_576)
    .default(268_435_456)
    .describe('Bodies under way or not yet on disk, in bytes; a quarter is kept for bodies up to 64 KiB.'),
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

/**
 * What a client changes about the secrets: a value is given in place of one of the same name, `null` takes it away, and
 * what is not named stays, since another client may have given it.
 */
export const secretsChangeSchema = z.strictObject({
  signatureKeys: z.record(keyName, z.string().min(1).nullable()).optional(),
  verifyKeys: z.record(keyName, z.string().min(1).nullable()).optional(),
  credentials: z.record(keyName, z.record(headerName, headerValue).nullable()).optional(),
});
export type SecretsChange = z.infer<typeof secretsChangeSchema>;
