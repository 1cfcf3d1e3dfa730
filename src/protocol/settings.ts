/** The source of docs/cm-relay.config.schema.json and of VS Code's settings (src/extension/settings.ts). */
import { z } from 'zod';
import type { RetryPolicy } from '../common/retry-policies.ts';
import { isCredentialHeader } from './credential-headers.ts';
import type { destinationModes } from './history.ts';
import { tunnelPresetNames } from './tunnel-presets.ts';
import { tunnelProgramSchema } from './tunnel-program.ts';

const httpUrl = z.url({
  protocol: /^https?$/,
  // The refinements below parse it as a URL.
  abort: true,
  error: 'expected a URL that starts with http:// or https://',
});

/** @param instead what to do about a user name, in an error */
export function urlWithoutUser(instead = 'leave it out'): z.ZodType<string, string> {
  return httpUrl.refine((text) => {
    const url = new URL(text);
    return url.username === '' && url.password === '';
  }, `a user name or password in the URL would be stored; ${instead}`);
}

const ownHeader =
  /^(?:connection|content-(?:encoding|length)|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

export const environmentVariable = z
  .strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not a valid environment variable name')
      .describe('Environment variable that holds the secret.'),
  })
  .describe('Where the secret is. Never put the secret in this file.');

export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a valid header name')
  .refine((name) => !ownHeader.test(name), 'the relay sets this header itself; leave it out')
  .meta({ patternErrorMessage: 'Not a valid header name. Use only letters, digits, and hyphens.' });
export const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'not a valid header value')
  .meta({ patternErrorMessage: 'Not a valid header value. Remove line breaks and characters outside Latin-1.' });
const keyName = z.string().min(1).max(100);

export function choice<const T extends string>(meanings: Readonly<Record<T, string>>): z.ZodEnum<{ [K in T]: K }> {
  return z.enum(Object.keys(meanings) as T[]).meta({ enumDescriptions: Object.values(meanings) });
}

/** The relay's own IDs are `t` and a number. */
const destinationId = z.string().regex(/^(?!t\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error:
    'an ID has at most 64 letters, digits, ".", "_", or "-", starts with a letter or digit, and is not "t" plus a number',
});

const destinationMode = choice({
  normalized: 'Notifications, as posted by Open Connectors.',
  raw: 'The exact bytes of each delivery.',
} satisfies Record<(typeof destinationModes)[number], string>);

const sampleAnswer = choice({
  ok: 'With 200.',
  error: 'With 500, so the relay retries.',
  slow: 'With 200, after five seconds.',
});
export type SampleAnswer = z.infer<typeof sampleAnswer>;

/** See docs/forwarding.md. */
export const destinationSchema = z.strictObject({
  id: destinationId
    .optional()
    .describe(
      'A name that identifies this destination; keep it when you change its URL. Waiting notifications then go to the new URL. Without a name, the URL and mode identify the destination.',
    ),
  url: urlWithoutUser('use "credentialsName" instead').describe('Callback URL to post notifications to.'),
  types: z
    .array(z.string())
    .optional()
    .describe('Send only notifications with an event of one of these types, such as Subscribe.'),
  lists: z.array(z.string()).optional().describe('Send only notifications for these list IDs.'),
  mode: destinationMode.default('normalized').describe('What to send.'),
  signatureKeyName: keyName.optional().describe('Name of the key for signing notifications.'),
  credentialsName: keyName.optional().describe('Name of the credentials whose headers are added.'),
  headers: z
    .record(
      headerName.refine((name) => !isCredentialHeader(name), 'contains a credential; use "credentialsName" instead'),
      headerValue,
    )
    .optional()
    .describe('Additional headers. Don’t put credentials here.'),
  timeoutMs: z.int().min(1).max(600_000).default(10_000).describe('How long to wait for an answer, in milliseconds.'),
  insecureTls: z.boolean().optional().describe('Accept any certificate, such as a self-signed one.'),
  strictOrder: z.boolean().optional().describe('Hold later notifications while an earlier one is being retried.'),
  held: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe('Why nothing is sent to this destination yet. Its notifications are held until you remove this text.'),
  sample: sampleAnswer
    .optional()
    .describe(
      'Uses the relay’s own sample receiver with this answer. The relay replaces the given URL with the receiver’s.',
    ),
});
export type Destination = z.infer<typeof destinationSchema>;

/** Without a mode: raw for a delivery that only raw destinations got, otherwise normalized. */
export const resendDestinationSchema = destinationSchema.extend({ mode: destinationMode.optional() });
export type ResendDestination = z.infer<typeof resendDestinationSchema>;

const retryPolicySchema = choice({
  fast: 'After 1, 2, 4, 8, and 16 s. While a destination can’t be reached, notifications wait for it.',
  sap: 'After 8, 64, 512, 4096, and 32768 s, as SAP documents.',
  'cloud-elements': 'After 4, 16, 64 s, and so on, nine times.',
  none: 'Never.',
} satisfies Record<RetryPolicy, string>);

const programFacts = {
  path: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('Path of the program. If missing, the relay looks in the PATH.'),
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::\d{1,5})?$/,
      'expected a name, or a host name without https://',
    )
    .optional()
    .describe('Your own name or host name with the service. If missing, the service chooses.'),
  server: z
    .string()
    .regex(/^(?:[A-Za-z0-9_][\w.-]{0,63}@)?[A-Za-z0-9][\w.-]{0,252}(?::\d{1,5})?$/, 'expected [user@]host[:port]')
    .optional()
    .describe('Your SSH server: [user@]host[:port].'),
  remotePort: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port on your SSH server’s loopback interface that leads to the relay. If missing: 8025.'),
  notBelow: z
    .array(z.string().min(1))
    .max(200)
    .optional()
    .describe('Folders from which no program is started, such as those of the workspace.'),
} as const;

export const tunnelSchemas = {
  none: z.strictObject({ kind: z.literal('none') }),
  fixed: z.strictObject({
    kind: z.literal('fixed'),
    url: urlWithoutUser().describe('Your own public URL that forwards to this relay.'),
  }),
  localtunnel: z.strictObject({
    kind: z.literal('localtunnel'),
    host: urlWithoutUser().default('https://localtunnel.me').describe('URL of the localtunnel server.'),
    otherHosts: z
      .array(z.string().regex(/^[a-z0-9_.:-]+$/, 'expected a lowercase host name or an address'))
      .optional()
      .describe('Hosts (with their subdomains) and addresses that the localtunnel server may use besides its own.'),
    subdomain: z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9-]{2,61})[a-z0-9]$/,
        'a subdomain has 4 to 63 lowercase letters, digits, or hyphens, and starts and ends with a letter or digit',
      )
      .optional()
      .describe('The subdomain to request. If missing, the relay requests a random subdomain that stays the same.'),
  }),
  command: z
    .strictObject({
      kind: z.literal('command'),
      preset: z.enum(tunnelPresetNames).optional(),
      program: tunnelProgramSchema.optional().describe('A program of your own, instead of a preset.'),
      ...programFacts,
    })
    .refine(({ preset, program }) => (preset === undefined) !== (program === undefined), {
      path: ['program'],
      error: 'expected a program of your own, or a preset',
    }),
} as const;

/** A file from another author must not set what is started. */
const neverOfFiles = {
  path: z
    .never({ error: 'a file can’t name a program; use "--tunnel-program" on the command line' })
    .optional()
    .describe('Never in a file: it says what is started.'),
  notBelow: z.never().optional().describe('Never in a file.'),
};

/** `{"kind":"ngrok","domain":"…"}`. */
export const presetTunnel = z.strictObject({
  kind: z.enum(tunnelPresetNames),
  ...programFacts,
  domain: programFacts.name.describe('The ngrok domain to request; the same as "name".'),
});

export const tunnelConfigSchema = z.discriminatedUnion('kind', [
  tunnelSchemas.none,
  tunnelSchemas.fixed,
  tunnelSchemas.localtunnel,
  tunnelSchemas.command,
  presetTunnel.transform(asCommand),
]);
export type TunnelConfig = z.infer<typeof tunnelConfigSchema>;

/** Presets, but no other programs. */
export const fileTunnelSchema = z.discriminatedUnion(
  'kind',
  [
    tunnelSchemas.none,
    tunnelSchemas.fixed,
    tunnelSchemas.localtunnel,
    presetTunnel.extend(neverOfFiles).transform(asCommand),
  ],
  {
    error: ({ input }) =>
      (input as { readonly kind?: unknown } | undefined)?.kind === 'command'
        ? 'a file can’t name a program; use "--tunnel-command" on the command line'
        : undefined,
  },
);

export function asCommand({
  kind,
  domain,
  name = domain,
  ...facts
}: z.infer<typeof presetTunnel>): z.infer<typeof tunnelSchemas.command> {
  return { kind: 'command', preset: kind, ...facts, ...(name !== undefined && { name }) };
}

export function tunnelName(tunnel: TunnelConfig): string {
  return tunnel.kind === 'command' ? (tunnel.preset ?? tunnel.kind) : tunnel.kind;
}

export const tunnelNames: readonly string[] = ['none', 'localtunnel', ...tunnelPresetNames, 'command'];

/** Assumptions: docs/assumptions.md. */
const mappingSchema = z.strictObject({
  eventTypes: z
    .record(z.string(), z.string().min(1))
    .default({ Subscribe: 'CREATED', Update: 'UPDATED', Deactivate: 'DELETED' })
    .describe(
      'Maps Campaign Monitor’s event types to `eventType` values. The default mapping is an assumption; neither vendor documents it.',
    ),
  otherEventType: z
    .string()
    .min(1)
    .default('UNKNOWN')
    .describe('The `eventType` for any event type that isn’t in `eventTypes`.'),
  objectType: z.string().min(1).default('contacts').describe('The `objectType` of every event object.'),
  objectIdField: z.string().min(1).default('EmailAddress').describe('The event field to use as `objectId`.'),
});
export type Mapping = z.infer<typeof mappingSchema>;

const identitySchema = z.strictObject({
  instanceId: z.int().min(0).default(0).describe('Instance ID in notifications.'),
  instanceName: z.string().default('').describe('Instance name in notifications.'),
  instanceTags: z.array(z.string()).default([]).describe('Instance tags in notifications.'),
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
    .describe('How many deliveries to keep in the history. Deliveries with waiting notifications are never removed.'),
  maxBytes: z.int().min(1).default(500_000_000).describe('Maximum size of the history, in bytes.'),
});

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

export const settingsSchema = z.strictObject({
  destinations: z
    .array(destinationSchema)
    .max(mostDestinations)
    .refine((all) => repeatedId(all) === undefined, {
      error: ({ input }) => `two destinations have the ID "${repeatedId(input as Destination[]) ?? ''}"`,
    })
    .default([]),
  retry: retryPolicySchema
    .default('fast')
    .describe(
      'When to retry a notification after a timeout, a broken connection, or the answer 408, 425, 429, or 5xx.',
    ),
  concurrency: z.int().min(1).max(256).default(1).describe('How many notifications to send to a destination at once.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'expected an IANA time zone, such as Europe/Berlin')
    .default('UTC')
    .describe(
      'Time zone of your Campaign Monitor client account, such as `Europe/Berlin`. The relay assumes that events contain local times; see the documentation.',
    ),
  partSize: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe('Maximum number of event objects in a notification. Open Connectors uses 20.'),
  mapping: mappingSchema.prefault({}),
  identity: identitySchema.prefault({}),
  retention: retentionSchema.prefault({}),
  maxBodyBytes: z.int().min(1024).max(268_435_456).default(5_242_880),
  maxEvents: z
    .int()
    .min(1000)
    .max(100_000)
    .default(10_000)
    .describe('Maximum events in one delivery. Campaign Monitor sends up to 1,000.'),
  maxBodiesBytes: z
    .int()
    .min(1_048_576)
    .default(268_435_456)
    .describe(
      'Maximum total size, in bytes, of bodies being received or not yet on disk. A quarter is reserved for bodies up to 64 KiB.',
    ),
  maxUncommitted: z.int().min(1).max(100_000).default(1000),
  tunnel: tunnelConfigSchema.default({ kind: 'none' }),
  keepAliveMinutes: z.number().min(0).max(10_080).default(5),
  proxy: z
    .strictObject({ url: httpUrl.or(z.literal('')), noProxy: z.string().default('') })
    .optional()
    .describe(
      'The proxy for destinations that are not on this machine. If missing, the relay uses HTTP_PROXY and HTTPS_PROXY from the environment.',
    ),
});
export type Settings = z.infer<typeof settingsSchema>;

/** `partial()` of the schema would fill in defaults for the others. */
export const settingsChangeSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(settingsSchema.shape).map(([name, field]) => [
      name,
      (field instanceof z.ZodDefault || field instanceof z.ZodPrefault ? field.unwrap() : field).optional(),
    ]),
  ),
) as unknown as ReturnType<typeof settingsSchema.partial>;

export function defaultSettings(): Settings {
  return settingsSchema.parse({});
}

/** They stay in the relay's memory. */
export const secretsSchema = z.strictObject({
  signatureKeys: z.record(keyName, z.string().min(1)).optional(),
  verifyKeys: z.record(keyName, z.string().min(1)).optional(),
  credentials: z.record(keyName, z.record(headerName, headerValue)).optional(),
});
export type Secrets = z.infer<typeof secretsSchema>;

/** `null` removes a secret, and others stay, because another client may have given them. */
export const secretsChangeSchema = z.strictObject({
  signatureKeys: z.record(keyName, z.string().min(1).nullable()).optional(),
  verifyKeys: z.record(keyName, z.string().min(1).nullable()).optional(),
  credentials: z.record(keyName, z.record(headerName, headerValue).nullable()).optional(),
});
export type SecretsChange = z.infer<typeof secretsChangeSchema>;
