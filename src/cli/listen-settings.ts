import { isDeepStrictEqual } from 'node:util';
import { destinationSchema, settingsSchema, tunnelConfigSchema } from '../protocol/settings.ts';
import type { Secrets, Settings, TunnelConfig } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';

/** The flags of `listen` that say how the relay works. */
export interface ListenFlags {
  forwardTo?: string[];
  port?: number;
  tunnel?: string;
  tunnelHost?: string;
  subdomain?: string;
  signatureKeyEnv?: string;
  verifyKeyEnv?: string;
  retry?: Settings['retry'];
  timeZone?: string;
  concurrency?: number;
  retain?: number;
}

/** The name of the key that --signature-key-env and --verify-key-env give. */
const flagKeyName = 'default';

/** What flags and configuration file ask for, together. */
export interface ListenSettings {
  readonly settings: Partial<Settings>;
  readonly secrets: Secrets;
  readonly port: number | undefined;
}

/**
 * Puts flags and configuration file together; flags win.
 * @param environment as in process.env: the variables that --signature-key-env and --verify-key-env name
 * @throws UsageError naming the flag
 */
export function listenSettings(flags: ListenFlags, config: Config, environment: NodeJS.ProcessEnv): ListenSettings {
  const settings: Partial<Settings> = { ...config.settings };
  const signatureKey = keyFrom('--signature-key-env', flags.signatureKeyEnv, environment);
  const verifyKey = keyFrom('--verify-key-env', flags.verifyKeyEnv, environment);
  if (flags.forwardTo !== undefined) {
    settings.destinations = flags.forwardTo.map((url) =>
      destinationSchema.parse({ url, ...(signatureKey !== undefined && { signatureKeyName: flagKeyName }) }),
    );
  }
  const tunnel = tunnelFrom(flags, config.settings.tunnel);
  if (tunnel !== undefined) settings.tunnel = tunnel;
  if (flags.retry !== undefined) settings.retry = flags.retry;
  if (flags.timeZone !== undefined) settings.timeZone = flags.timeZone;
  if (flags.concurrency !== undefined) settings.concurrency = flags.concurrency;
  if (flags.retain !== undefined) {
    const retention = settings.retention ?? settingsSchema.shape.retention.parse(undefined);
    settings.retention = { ...retention, maxDeliveries: flags.retain };
  }
  const { signatureKeys, verifyKeys, credentials } = config.secrets;
  const named = <T>(
    kind: string,
    given: Record<string, T> | undefined,
    key: T | undefined,
  ): Record<string, Record<string, T>> => {
    if (given === undefined && key === undefined) return {};
    return { [kind]: { ...given, ...(key !== undefined && { [flagKeyName]: key }) } };
  };
  return {
    settings,
    secrets: {
      ...named('signatureKeys', signatureKeys, signatureKey),
      ...named('verifyKeys', verifyKeys, verifyKey),
      ...(credentials && { credentials }),
    },
    port: flags.port,
  };
}

function keyFrom(flag: string, variable: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  if (variable === undefined) return undefined;
  const key = environment[variable];
  if (key !== undefined && key !== '') return key;
  throw new UsageError(
    `${flag} ${variable}: the environment variable ${variable} is not set`,
    `The flag takes a variable's name, so that the key is in no command line: ${variable}=… cm-relay listen ${flag} ${variable}`,
  );
}

const tunnelKinds = ['none', 'localtunnel', 'cloudflared', 'ngrok'] as const;

/** What --tunnel means: a kind of tunnel, or a public URL of the user's own. */
export function parseTunnel(value: string): string | undefined {
  if ((tunnelKinds as readonly string[]).includes(value)) return undefined;
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value))
    return `expected ${tunnelKinds.join(', ')} or a URL that begins with https://`;
  const result = tunnelConfigSchema.safeParse({ kind: 'fixed', url: value });
  return result.success ? undefined : result.error.issues.map(({ message }) => message).join('; ');
}

function tunnelFrom(flags: ListenFlags, configured: TunnelConfig | undefined): TunnelConfig | undefined {
  const { tunnel, tunnelHost, subdomain } = flags;
  const kind = tunnel === undefined ? configured?.kind : /^https?:/i.test(tunnel) ? 'fixed' : tunnel;
  for (const [flag, value] of [
    ['--tunnel-host', tunnelHost],
    ['--subdomain', subdomain],
  ] as const) {
    if (value !== undefined && kind !== 'localtunnel') {
      throw new UsageError(`${flag} goes with --tunnel localtunnel`, `Add --tunnel localtunnel, or leave ${flag} out.`);
    }
  }
  if (tunnel === undefined && tunnelHost === undefined && subdomain === undefined) return undefined;
  // What the file says about the same kind of tunnel holds where no flag does.
  const base = configured !== undefined && configured.kind === kind ? configured : { kind };
  const result = tunnelConfigSchema.safeParse({
    ...base,
    ...(kind === 'fixed' && { url: tunnel }),
    ...(tunnelHost !== undefined && { host: tunnelHost }),
    ...(subdomain !== undefined && { subdomain }),
  });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const flag = { host: '--tunnel-host', subdomain: '--subdomain' }[String(issue?.path[0])] ?? '--tunnel';
  throw new UsageError(`${flag}: ${issue?.message ?? 'not a tunnel'}`);
}

/**
 * The flags, or settings of the configuration file, that ask for something else than a running relay does.
 * Keys and a proxy's password cannot be compared, since no relay tells them; whether they are used can.
 */
export function differences(flags: ListenFlags, config: Config, status: Status): string[] {
  const found: string[] = [];
  const running = status.settings;
  const differs = (flag: string, given: unknown, actual: unknown): void => {
    if (given !== undefined && !isDeepStrictEqual(given, actual)) found.push(flag);
  };
  differs(
    '--forward-to',
    flags.forwardTo,
    running.destinations.map(({ url }) => url),
  );
  if (flags.forwardTo !== undefined && flags.signatureKeyEnv !== undefined) {
    if (running.destinations.some(({ signatureKeyName }) => signatureKeyName !== flagKeyName)) {
      found.push('--signature-key-env');
    }
  }
  if (flags.port !== 0) differs('--port', flags.port, Number(new URL(status.campaignMonitorUrl).port || 80));
  differs('--retry', flags.retry, running.retry);
  differs('--time-zone', flags.timeZone, running.timeZone);
  differs('--concurrency', flags.concurrency, running.concurrency);
  differs('--retain', flags.retain, running.retention.maxDeliveries);
  const { tunnel } = running;
  if (flags.tunnel !== undefined) {
    differs('--tunnel', flags.tunnel, tunnel.kind === 'fixed' ? tunnel.url : tunnel.kind);
  }
  const local = tunnel.kind === 'localtunnel' ? tunnel : undefined;
  differs('--tunnel-host', flags.tunnelHost, local?.host);
  differs('--subdomain', flags.subdomain, local?.subdomain);
  const byFlag: Partial<Record<keyof Settings, unknown>> = {
    destinations: flags.forwardTo,
    retry: flags.retry,
    timeZone: flags.timeZone,
    concurrency: flags.concurrency,
    retention: flags.retain,
    tunnel: flags.tunnel ?? flags.tunnelHost ?? flags.subdomain,
  };
  for (const [name, value] of Object.entries(config.settings)) {
    const key = name as keyof Settings;
    if (byFlag[key] !== undefined) continue;
    if (key === 'proxy') differs('--config (proxy)', comparable(config.settings.proxy), comparable(running.proxy));
    else differs(`--config (${name})`, value, running[key]);
  }
  return found;
}

/** A proxy without its user and password, which the status masks: whether there are any can be compared, they cannot. */
function comparable(proxy: Settings['proxy']): unknown {
  if (proxy === undefined || !URL.canParse(proxy.url)) return proxy;
  const url = new URL(proxy.url);
  const hasUser = url.username !== '' || url.password !== '';
  url.username = '';
  url.password = '';
  return { ...proxy, url: url.href, hasUser };
}
