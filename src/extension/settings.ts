/**
 * Every setting of the extension, as zod describes it: its type and bounds, its default and what it means. Where the
 * relay takes one, all of that is the relay's own. package.json, its English texts and docs/settings.md are made from
 * this by `node scripts/check-manifest.ts --write`; code takes the types alone.
 */
import { z } from 'zod';
import { campaignMonitorHost } from '../campaign-monitor/service.ts';
import { defaultCallbackPort } from '../oauth/ways.ts';
import { regions } from '../open-connectors/host.ts';
import {
  choice,
  defaultSettings,
  destinationSchema,
  mostDestinations,
  settingsSchema,
  tunnelSchemas,
} from '../protocol/settings.ts';

interface SettingDescription {
  /** With its default, and with what editors say where a pattern of it does not match. */
  readonly schema: z.ZodType;
  /** In Markdown; without it, what the schema says of itself. */
  readonly means?: string;
  readonly advanced?: true;
}
type Descriptions = Readonly<Record<string, SettingDescription>>;

const { shape } = settingsSchema;
const { mapping, identity, retention } = defaultSettings();
const { localtunnel, cloudflared, ngrok } = tunnelSchemas;

const firstHost = regions[0]?.host ?? '';

const urlPattern = String.raw`^https?://(?![^/?#]*@)[^\s/?#]+`;
const url = {
  pattern: urlPattern,
  patternErrorMessage: 'A URL that begins with http:// or https://, without user name and password.',
};

/** A text of a form that may be left empty. @param wrong what is said of any other */
function emptyOr(pattern: string | undefined, wrong: string): z.ZodDefault<z.ZodString> {
  return z
    .string()
    .meta({ pattern: `^$|${pattern ?? ''}`, patternErrorMessage: wrong })
    .default('');
}

/** A destination as it is written by hand; `held` and `sample` are the extension's own to say. */
const destination = destinationSchema.omit({ held: true, sample: true }).extend({
  id: destinationSchema.shape.id.meta({
    patternErrorMessage: 'At most 64 letters, digits, dots, underscores and hyphens, and not t and a number.',
  }),
  url: destinationSchema.shape.url.meta({
    pattern: urlPattern,
    patternErrorMessage:
      'Begin with http:// or https://, and leave user name and password out: name credentials by credentialsName.',
  }),
  signatureKeyName: destinationSchema.shape.signatureKeyName.describe(
    'The name of the signature key that signs what is sent. Give the key itself with the command Manage Keys and Secrets…',
  ),
  credentialsName: destinationSchema.shape.credentialsName.describe(
    'The name of the credentials whose headers are added. Give them with the command Manage Keys and Secrets…',
  ),
});
export type DestinationSetting = Readonly<z.input<typeof destination>>;

const forwarding = {
  destinations: {
    schema: z.array(destination).max(mostDestinations).default([]),
    means:
      'Your callbacks, in order. Each notification goes to every destination whose filters it matches. Without any, a built-in sample receiver answers.',
  },
  retryPolicy: { schema: shape.retry },
  'debugHandler.everyEvent': {
    schema: z.boolean().default(false),
    means:
      'Whenever a handler is debugged by the configuration that **Debug My Handler** has remembered for its destination, no event that is sent there runs out of time while the program stands at a breakpoint. Else this is so for debug sessions alone that the command has started or found.',
  },
} as const satisfies Descriptions;

const receiving = {
  port: {
    schema: z.int().min(0).max(65_535).default(0),
    means: 'The port on this machine at which deliveries arrive. `0`: the one used last if it is free, else any.',
    advanced: true,
  },
  'tunnel.kind': {
    schema: choice({
      none: 'Only this machine reaches the relay.',
      fixed: 'A URL of your own, from the setting Tunnel: Url.',
      localtunnel: 'A localtunnel server, from the setting Tunnel: Host.',
      cloudflared: 'A quick tunnel of Cloudflare, by the installed cloudflared.',
      ngrok: 'ngrok, by the installed ngrok.',
    } satisfies Record<keyof typeof tunnelSchemas, string>).default('localtunnel'),
    means: 'How the relay gets a public URL.',
  },
  'tunnel.host': { schema: localtunnel.shape.host.meta(url) },
  'tunnel.subdomain': {
    schema: emptyOr(
      z.toJSONSchema(localtunnel.shape.subdomain).pattern,
      '4 to 63 lower-case letters, digits and hyphens.',
    ),
    means: 'The subdomain to ask for. Empty: a random one, made once.',
    advanced: true,
  },
  'tunnel.url': {
    schema: emptyOr(urlPattern, url.patternErrorMessage),
    means: 'A public URL of your own that leads to the relay’s port, for kind `fixed`.',
  },
  'tunnel.programs': {
    schema: z
      .strictObject({
        cloudflaredPath: cloudflared.shape.path,
        ngrokPath: ngrok.shape.path,
        ngrokDomain: emptyOr('^[A-Za-z0-9.-]+$', 'A domain alone, such as example.ngrok.app, or nothing.').describe(
          'The ngrok domain to ask for. Empty: whichever ngrok gives.',
        ),
      })
      .default({ cloudflaredPath: 'cloudflared', ngrokPath: 'ngrok', ngrokDomain: '' }),
    means: 'The installed programs that open a tunnel, by their paths, and the domain of your ngrok account.',
    advanced: true,
  },
} as const satisfies Descriptions;

const notifications = {
  timeZone: {
    schema: shape.timeZone.meta({
      pattern: '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$',
      patternErrorMessage: 'An IANA time zone, such as Europe/Berlin.',
    }),
  },
  partSize: { schema: shape.partSize, advanced: true },
  mapping: {
    schema: shape.mapping.unwrap().default(mapping),
    means: 'How an event of Campaign Monitor becomes an event object of Open Connectors.',
    advanced: true,
  },
  identity: {
    schema: shape.identity.unwrap().pick({ instanceId: true, instanceName: true, instanceTags: true }).default({
      instanceId: identity.instanceId,
      instanceName: identity.instanceName,
      instanceTags: identity.instanceTags,
    }),
    means: 'The instance that notifications name.',
    advanced: true,
  },
} as const satisfies Descriptions;

const vendors = {
  'openConnectors.host': {
    schema: z.string().default(firstHost),
    means: `Where Open Connectors is: the host of your region, such as \`${firstHost}\`, a URL, or \`sandbox\` for the sandbox on this machine.`,
  },
  'openConnectors.timeoutSeconds': {
    schema: z.number().min(1).max(600).default(60),
    means:
      'How long Open Connectors may take to answer, in seconds. Creating an instance asks Campaign Monitor on the way.',
    advanced: true,
  },
  'oauth.port': {
    schema: z.int().min(1).max(65_535).default(defaultCallbackPort),
    means:
      'The port of `http://localhost:<port>/oauth/callback`, to which the browser comes back after access was granted. Register that URL with the app in Campaign Monitor.',
    advanced: true,
  },
  'tunnel.updateVendors': {
    schema: choice({
      ask: 'Ask.',
      always: 'Update them, and say so. A webhook’s new one is created first, then the old one deleted.',
      never: 'Leave them where they are.',
    }).default('ask'),
    means: 'What happens to the webhooks and instances that point to this relay when its public URL changes.',
  },
  'campaignMonitor.host': {
    schema: z.string().default(campaignMonitorHost),
    means: 'Where Campaign Monitor’s API is, used when you sign in. An API key and tokens go there and nowhere else.',
    advanced: true,
  },
  'webhooks.onStop': {
    schema: choice({
      ask: 'Ask.',
      leave: 'Leave them: what comes meanwhile is lost.',
      deactivate: 'Deactivate them, and offer to bring them back at the next start.',
      delete: 'Delete them.',
    }).default('ask'),
    means: 'What happens to the webhooks that this tool registered when you stop the relay.',
  },
} as const satisfies Descriptions;

const relay = {
  limits: {
    schema: z
      .strictObject({
        maxDeliveries: shape.retention.unwrap().shape.maxDeliveries,
        maxMegabytes: z
          .number()
          .min(1)
          .default(retention.maxBytes / 1_000_000)
          .describe('How much the history keeps, in MB (a million bytes).'),
        concurrency: shape.concurrency,
      })
      .default({
        maxDeliveries: retention.maxDeliveries,
        maxMegabytes: retention.maxBytes / 1_000_000,
        concurrency: shape.concurrency.parse(undefined),
      }),
    means: 'How much the history keeps, and how many notifications are under way at once.',
    advanced: true,
  },
  keepAliveMinutes: {
    schema: shape.keepAliveMinutes,
    means: 'How long the relay goes on, in minutes, after its last window was closed.',
    advanced: true,
  },
  assistants: {
    schema: choice({
      off: 'No assistant is offered anything.',
      read: 'They may read the history.',
      send: 'They may also send again, send, and run scenarios, to destinations of the settings alone.',
    }).default('off'),
    means:
      'Whether assistants of VS Code may ask this window’s relay, by the Model Context Protocol: what came in, what was sent, and why it failed. E-mail addresses and secrets are masked, and other values of a delivery are told by their shape. VS Code asks before it starts the server.',
  },
} as const satisfies Descriptions;

/** The settings by their names after the prefix, in the sections of the settings editor and in their order. */
export const settingSections = {
  forwarding: { title: 'Forwarding', settings: forwarding },
  receiving: { title: 'Receiving', settings: receiving },
  notifications: { title: 'Notifications', settings: notifications },
  vendors: { title: 'Open Connectors and Campaign Monitor', settings: vendors },
  relay: { title: 'History and Process', settings: relay },
} as const;

type Settings = typeof forwarding & typeof receiving & typeof notifications & typeof vendors & typeof relay;

export type SettingName = keyof Settings;
/** What somebody may write as a setting, without the defaults within that. */
export type SettingValue<N extends SettingName> = Exclude<z.input<Settings[N]['schema']>, undefined>;
type Whole<T> = T extends readonly unknown[] ? T : T extends object ? Required<T> : T;
/** What a setting says: its default or what somebody wrote; an object has all members, those of its default included. */
export type ReadSetting<N extends SettingName> = Whole<SettingValue<N>>;
