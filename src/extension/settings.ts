/** The source of package.json's settings and docs/settings.md (`node scripts/check-manifest.ts --write`). */
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
import type { TunnelPreset } from '../protocol/tunnel-presets.ts';
import { tunnelProgramSchema } from '../protocol/tunnel-program.ts';

interface SettingDescription {
  readonly schema: z.ZodType;
  /** Markdown; default: the schema's description. */
  readonly means?: string;
  readonly advanced?: true;
}
type Descriptions = Readonly<Record<string, SettingDescription>>;

const { shape } = settingsSchema;
const { mapping, identity, retention } = defaultSettings();
const { localtunnel, command } = tunnelSchemas;
const { name: ownName, server, remotePort } = command.shape;
const program = tunnelProgramSchema.shape;

const firstHost = regions[0]?.host ?? '';

const urlPattern = String.raw`^https?://(?![^/?#]*@)[^\s/?#]+`;
const url = {
  pattern: urlPattern,
  patternErrorMessage: 'Enter an http:// or https:// URL without a user name or password.',
};

function emptyOr(pattern: string | undefined, wrong: string): z.ZodDefault<z.ZodString> {
  return z
    .string()
    .meta({ pattern: `^$|${pattern ?? ''}`, patternErrorMessage: wrong })
    .default('');
}

function programPath(name: string): z.ZodDefault<z.ZodString> {
  return command.shape.path.unwrap().default(name).describe(`Path of ${name}.`);
}

function programName(means: string): z.ZodDefault<z.ZodString> {
  const wrong = 'Enter only a name or a domain, such as example.ngrok.app, or leave this empty.';
  return emptyOr(z.toJSONSchema(ownName).pattern, wrong).describe(means);
}

/** Checked only as far as an editor can help; the relay checks the rest. */
const ownCommand = z
  .looseObject({
    program: program.program,
    args: program.args,
    url: z.looseObject({ from: z.enum(['output', 'json', 'name']) }).describe(program.url.description ?? ''),
  })
  .partial()
  .default({})
  .describe('Your own tunnel program, for the tunnel `command`. See docs/tunnels.md.');

/** Flat members, because the settings editor shows each as a row. */
const programs = z.strictObject({
  cloudflaredPath: programPath('cloudflared'),
  ngrokPath: programPath('ngrok'),
  devtunnelPath: programPath('devtunnel'),
  tailscalePath: programPath('tailscale'),
  zrok2Path: programPath('zrok2'),
  sshPath: programPath('ssh'),
  ngrokDomain: programName('ngrok domain to request. If empty, ngrok chooses one.'),
  cloudflaredHostname: programName(
    'Host name of your Cloudflare tunnel, which runs with the token in TUNNEL_TOKEN or TUNNEL_TOKEN_FILE. If empty, a quick tunnel is opened.',
  ),
  devtunnelName: programName('ID of your dev tunnel. If empty, each start creates another one.'),
  zrok2Name: programName('Your name in zrok’s namespace “public”. If empty, zrok chooses one.'),
  localhostRunDomain: programName('Your own domain at localhost.run. If empty, localhost.run chooses one.'),
  sshServer: emptyOr(z.toJSONSchema(server).pattern, 'Enter [user@]host[:port], or leave this empty.').describe(
    'Your SSH server: [user@]host[:port].',
  ),
  sshHostname: programName('Host name of the public URL that leads to that server.'),
  sshRemotePort: remotePort
    .unwrap()
    .default(8025)
    .describe('Port on the server’s loopback interface that leads to the relay.'),
  command: ownCommand,
});

/** Without `held` and `sample`, which only the extension sets. */
const destination = destinationSchema.omit({ held: true, sample: true }).extend({
  id: destinationSchema.shape.id.meta({
    patternErrorMessage:
      'Use up to 64 letters, digits, dots, underscores, or hyphens, and start with a letter or digit. IDs such as t1 are reserved.',
  }),
  url: destinationSchema.shape.url.meta({
    pattern: urlPattern,
    patternErrorMessage:
      'Start with http:// or https://, and leave out the user name and password: use credentialsName instead.',
  }),
  signatureKeyName: destinationSchema.shape.signatureKeyName.describe(
    'Name of the signature key to sign with. Add the key itself with Manage Keys and Secrets…',
  ),
  credentialsName: destinationSchema.shape.credentialsName.describe(
    'Name of the credentials to send as headers. Add the credentials with Manage Keys and Secrets…',
  ),
});
export type DestinationSetting = Readonly<z.input<typeof destination>>;

const forwarding = {
  destinations: {
    schema: z.array(destination).max(mostDestinations).default([]),
    means:
      'Your destinations, in the order shown in the Destinations view. Each notification goes to every destination whose filters match. Without destinations, a sample receiver answers.',
  },
  retryPolicy: { schema: shape.retry },
} as const satisfies Descriptions;

const receiving = {
  port: {
    schema: z.int().min(0).max(65_535).default(0),
    means:
      'Port on this machine for incoming deliveries. `0`: the last port used if it’s free, otherwise any free port.',
    advanced: true,
  },
  'tunnel.kind': {
    schema: choice({
      none: 'Reachable from this machine only.',
      fixed: 'Your own URL, from the setting “Tunnel: Url”.',
      localtunnel: 'A localtunnel server, from the setting “Tunnel: Host”.',
      devtunnel: 'A Microsoft dev tunnel, using the installed devtunnel.',
      tailscale: 'A Tailscale funnel, using the installed tailscale.',
      zrok2: 'A zrok share, using the installed zrok2.',
      cloudflared: 'A Cloudflare tunnel, using the installed cloudflared.',
      ngrok: 'An ngrok tunnel, using the installed ngrok.',
      pinggy: 'A tunnel at pinggy.io, using the installed ssh.',
      'localhost.run': 'A localhost.run tunnel, using the installed ssh.',
      ssh: 'Your own SSH server, from the setting “Tunnel: Programs”.',
      command: 'Your own command, from the setting “Tunnel: Programs”.',
    } satisfies Record<keyof typeof tunnelSchemas | TunnelPreset, string>).default('none'),
    means: 'How the relay gets a public URL. Run “Choose Tunnel…” to see which programs are installed.',
  },
  'tunnel.host': { schema: localtunnel.shape.host.meta(url) },
  'tunnel.subdomain': {
    schema: emptyOr(
      z.toJSONSchema(localtunnel.shape.subdomain).pattern,
      'Use 4 to 63 lowercase letters, digits, or hyphens. Start and end with a letter or digit.',
    ),
    means: 'Subdomain to request from the localtunnel server. If empty, a random one is created once and reused.',
    advanced: true,
  },
  'tunnel.url': {
    schema: emptyOr(urlPattern, url.patternErrorMessage),
    means: 'Your own public URL that forwards to the relay’s port. Used only if “Tunnel: Kind” is `fixed`.',
  },
  'tunnel.programs': {
    schema: programs.default(programs.parse({})),
    means: 'The installed programs that open a tunnel, your names with their services, and your own command.',
    advanced: true,
  },
} as const satisfies Descriptions;

const notifications = {
  timeZone: {
    schema: shape.timeZone.meta({
      pattern: '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$',
      patternErrorMessage: 'Enter an IANA time zone, such as Europe/Berlin.',
    }),
  },
  partSize: { schema: shape.partSize, advanced: true },
  mapping: {
    schema: shape.mapping.unwrap().default(mapping),
    means: 'How Campaign Monitor events are mapped to Open Connectors event objects.',
    advanced: true,
  },
  identity: {
    schema: shape.identity.unwrap().pick({ instanceId: true, instanceName: true, instanceTags: true }).default({
      instanceId: identity.instanceId,
      instanceName: identity.instanceName,
      instanceTags: identity.instanceTags,
    }),
    means: 'Instance details in notifications.',
    advanced: true,
  },
} as const satisfies Descriptions;

const vendors = {
  'openConnectors.host': {
    schema: z.string().default(firstHost),
    means: `Open Connectors host of your region, such as \`${firstHost}\`, a URL, or \`sandbox\` for the sandbox on this machine.`,
  },
  'openConnectors.timeoutSeconds': {
    schema: z.number().min(1).max(600).default(60),
    means:
      'How long to wait for Open Connectors, in seconds. Creating an instance takes longer because Open Connectors also calls Campaign Monitor.',
    advanced: true,
  },
  'oauth.port': {
    schema: z.int().min(1).max(65_535).default(defaultCallbackPort),
    means:
      'Port of `http://localhost:<port>/oauth/callback`, the URL that the browser returns to after you grant access. Register that URL for your OAuth app in Campaign Monitor.',
    advanced: true,
  },
  'tunnel.updateVendors': {
    schema: choice({
      ask: 'Ask.',
      always:
        'Update the webhooks and instances, and notify you. A new webhook is created before the old one is deleted.',
      never: 'Leave the webhooks and instances as they are.',
    }).default('ask'),
    means: 'Whether webhooks and instances that you set up in VS Code are updated when the relay’s public URL changes.',
  },
  'campaignMonitor.host': {
    schema: z.string().default(campaignMonitorHost),
    means: 'Campaign Monitor API host for signing in. Your API key and tokens are sent only there.',
    advanced: true,
  },
  'webhooks.onStop': {
    schema: choice({
      ask: 'Ask.',
      leave: 'Leave the webhooks active. Events may be lost while the relay is stopped.',
      deactivate:
        'Deactivate the webhooks. The setting “Tunnel: Update Vendors” decides whether they’re reactivated at the next start.',
      delete: 'Delete the webhooks.',
    }).default('ask'),
    means: 'What happens to webhooks registered in VS Code when you stop the relay.',
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
          .describe('Maximum size of the history, in MB (a million bytes).'),
        concurrency: shape.concurrency,
      })
      .default({
        maxDeliveries: retention.maxDeliveries,
        maxMegabytes: retention.maxBytes / 1_000_000,
        concurrency: shape.concurrency.parse(undefined),
      }),
    means: 'Limits of the history, and how many notifications to send at once.',
    advanced: true,
  },
  keepAliveMinutes: {
    schema: shape.keepAliveMinutes,
    means: 'How long the relay keeps running after the last VS Code window that uses it closes, in minutes.',
    advanced: true,
  },
  assistants: {
    schema: choice({
      off: 'No access.',
      read: 'Assistants can read the history.',
      send: 'Assistants can also send events, resend notifications, and run scenarios, but only with destinations in your settings.',
    }).default('off'),
    means:
      'Whether VS Code assistants can ask this window’s relay, through the Model Context Protocol (MCP), what it received and sent, and why sending failed. Email addresses and secrets are masked, and bodies are left out. VS Code asks you before it starts the MCP server.',
  },
} as const satisfies Descriptions;

export const settingSections = {
  forwarding: { title: 'Forwarding', settings: forwarding },
  receiving: { title: 'Receiving', settings: receiving },
  notifications: { title: 'Notifications', settings: notifications },
  vendors: { title: 'Open Connectors and Campaign Monitor', settings: vendors },
  relay: { title: 'History and Process', settings: relay },
} as const;

type Settings = typeof forwarding & typeof receiving & typeof notifications & typeof vendors & typeof relay;

export type SettingName = keyof Settings;
export type SettingValue<N extends SettingName> = Exclude<z.input<Settings[N]['schema']>, undefined>;
type Whole<T> = T extends readonly unknown[] ? T : T extends object ? Required<T> : T;
export type ReadSetting<N extends SettingName> = Whole<SettingValue<N>>;
