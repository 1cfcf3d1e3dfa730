import { isDeepStrictEqual } from 'node:util';
import { flagKeyName } from './missing-keys.ts';
import {
  destinationSchema,
  settingsSchema,
  tunnelConfigSchema,
  tunnelName,
  tunnelSchemas,
} from '../protocol/settings.ts';
import { tunnelPresetNames } from '../protocol/tunnel-presets.ts';
import type { Destination, Secrets, Settings, TunnelConfig } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import { maskSecrets } from '../export/item.ts';
import type { Config } from './config.ts';
import { UsageError } from './errors.ts';
import { secretIn } from './secret-variable.ts';
import { differingFlags, flagName, isSafeTunnelUrl, programFields, settingsOfFlags } from './listen-flags.ts';
import type { ListenFlags } from './listen-flags.ts';

export interface ListenSettings {
  readonly settings: Partial<Settings>;
  readonly secrets: Secrets;
  readonly port: number | undefined;
}

export function listenSettings(flags: ListenFlags, config: Config, environment: NodeJS.ProcessEnv): ListenSettings {
  const settings: Partial<Settings> = { ...config.settings };
  const signatureKey = keyFrom('signatureKeyEnv', flags, environment);
  const verifyKey = keyFrom('verifyKeyEnv', flags, environment);
  if (flags.raw === true && signatureKey !== undefined) {
    throw new UsageError(
      `${flagName('signatureKeyEnv')} ${flags.signatureKeyEnv} has no effect with ${flagName('raw')}: only notifications are signed`,
      'Leave out one of the two.',
    );
  }
  if (flags.forwardTo !== undefined) {
    settings.destinations = flags.forwardTo.map((url) =>
      destinationSchema.parse({
        url,
        ...(flags.raw === true && { mode: 'raw' }),
        ...(signatureKey !== undefined && { signatureKeyName: flagKeyName }),
        ...(flags.insecure === true && { insecureTls: true }),
        ...(flags.header !== undefined && { headers: Object.fromEntries(flags.header) }),
      }),
    );
  } else {
    for (const name of ['raw', 'insecure', 'header'] as const) {
      if (flags[name] === undefined) continue;
      throw new UsageError(
        `${flagName(name)} requires a callback on the command line`,
        `Add the callback: cm-relay listen 3000 ${flagName(name)}. For other destinations, use the --config file.`,
      );
    }
  }
  const configured = config.settings.tunnel;
  if (flags.tunnel === undefined && configured?.kind === 'fixed' && !isSafeTunnelUrl(configured.url)) {
    throw new UsageError(
      `${flagName('config')}: tunnel.url is not encrypted: ${configured.url}`,
      'Use a URL that starts with https://, or with http:// on this machine.',
    );
  }
  const tunnel = tunnelFrom(flags, configured);
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
  const secrets = {
    ...named('signatureKeys', signatureKeys, signatureKey),
    ...named('verifyKeys', verifyKeys, verifyKey),
    ...(credentials && { credentials }),
  };
  checkNamed(settings.destinations ?? [], secrets);
  return { settings, secrets, port: flags.port };
}

/** Hosts that get the secret of the webhook URLs, or that decide where it is sent. */
export function tunnelHosts(tunnel: TunnelConfig | undefined): string[] {
  const fields = ['url', 'host', 'otherHosts', 'server', 'name'];
  const named = Object.entries(tunnel ?? {}).filter(([field]) => fields.includes(field));
  const usual = tunnelSchemas.localtunnel.shape.host.parse(undefined);
  return named.flatMap(([, hosts]) => hosts as string | string[]).filter((host) => host !== usual);
}

/** If a file didn't define a key that its destinations name, events would be held forever. @throws UsageError */
function checkNamed(
  destinations: readonly Destination[],
  { signatureKeys = {}, credentials = {} }: Pick<Secrets, 'signatureKeys' | 'credentials'>,
): void {
  const check = (name: string | undefined, held: object, what: string, place: string, there: string): void => {
    if (name === undefined || Object.hasOwn(held, name)) return;
    throw new UsageError(
      `${flagName('config')}: ${place}: no ${what} named "${name}"`,
      `Define "${name}" under ${there}, or correct the name.`,
    );
  };
  for (const [at, { signatureKeyName, credentialsName }] of destinations.entries()) {
    check(signatureKeyName, signatureKeys, 'key', `destinations[${at}].signatureKeyName`, 'signatureKeys');
    check(credentialsName, credentials, 'credentials', `destinations[${at}].credentialsName`, 'credentials');
  }
}

export function checkKeysSign(
  flags: ListenFlags,
  { secrets }: ListenSettings,
  destinations: readonly Pick<Destination, 'url' | 'signatureKeyName'>[],
): void {
  const used = new Set(destinations.map(({ signatureKeyName }) => signatureKeyName));
  const unused = Object.keys(secrets.signatureKeys ?? {}).find((name) => !used.has(name));
  if (unused === undefined) return;
  const flag = flagName('signatureKeyEnv');
  if (unused === flagKeyName && flags.signatureKeyEnv !== undefined) {
    const url = maskSecrets(destinations[0]?.url ?? 'http://localhost:3000/callback');
    throw new UsageError(
      `${flag} ${flags.signatureKeyEnv} has no effect: no destination uses it`,
      `Add the callback: ${flagName('forwardTo')} ${url} ${flag} ${flags.signatureKeyEnv}`,
    );
  }
  throw new UsageError(
    `${flagName('config')} ${flags.config ?? ''}: signatureKeys.${unused} has no effect: no destination uses it as signatureKeyName`,
    flags.forwardTo === undefined
      ? "Set it as a destination's signatureKeyName, or remove the key from the file."
      : `${flagName('forwardTo')} replaces the file's destinations. To sign notifications, remove the key from the file and use ${flag}.`,
  );
}

function keyFrom(
  name: 'signatureKeyEnv' | 'verifyKeyEnv',
  flags: ListenFlags,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const [flag, variable] = [flagName(name), flags[name]];
  if (variable === undefined) return undefined;
  return secretIn(variable, flag, environment);
}

const tunnelFields = {
  localtunnel: { tunnelHost: 'host', tunnelAllow: 'otherHosts', subdomain: 'subdomain' },
  command: programFields,
} as const;

function tunnelFrom(flags: ListenFlags, configured: TunnelConfig | undefined): TunnelConfig | undefined {
  const { tunnel } = flags;
  const chosen =
    tunnel === undefined
      ? configured
      : /^https?:/i.test(tunnel)
        ? { kind: 'fixed' as const, url: tunnel }
        : baseOf(tunnel, configured);
  const fields: [name: keyof ListenFlags, field: string][] = [];
  for (const [kind, names] of Object.entries(tunnelFields)) {
    for (const [name, field] of Object.entries(names) as [keyof ListenFlags, string][]) {
      if (flags[name] === undefined) continue;
      const isPreset = chosen !== undefined && 'preset' in chosen;
      if (chosen?.kind !== kind || (name === 'tunnelCommand' && isPreset)) throw needsTunnel(name, kind);
      fields.push([name, field]);
    }
  }
  if (tunnel === undefined && fields.length === 0) return undefined;
  const result = tunnelConfigSchema.safeParse({
    ...chosen,
    ...Object.fromEntries(fields.map(([name, field]) => [field, flags[name]])),
  });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = String(issue?.path[0]);
  if (at === 'program') {
    throw new UsageError(
      `${flagName('tunnel')} command requires ${flagName('tunnelCommand')}`,
      `Add ${flagName('tunnelCommand')} with your program as JSON, or choose another tunnel: cm-relay tunnels.`,
    );
  }
  const name = fields.find(([, field]) => field === at)?.[0] ?? 'tunnel';
  throw new UsageError(`${flagName(name)}: ${issue?.message ?? 'not a valid tunnel'}`);
}

function baseOf(
  name: string,
  configured: TunnelConfig | undefined,
): Partial<TunnelConfig> & { kind: TunnelConfig['kind'] } {
  if (configured !== undefined && tunnelName(configured) === name) return configured;
  const preset = tunnelPresetNames.find((each) => each === name);
  return preset === undefined ? { kind: name as TunnelConfig['kind'] } : { kind: 'command', preset };
}

function needsTunnel(name: keyof ListenFlags, kind: string): UsageError {
  const isAny = kind === 'command' && name !== 'tunnelCommand';
  const wanted = isAny ? 'a tunnel program' : `${flagName('tunnel')} ${kind}`;
  const add = isAny ? `Choose one: cm-relay tunnels lists them` : `Add ${wanted}`;
  return new UsageError(`${flagName(name)} requires ${wanted}`, `${add}, or leave out ${flagName(name)}.`);
}

/** Keys and a proxy's password are not compared: a relay reveals only whether they are used. */
export function differences(flags: ListenFlags, config: Config, status: Status): string[] {
  const byFlags = settingsOfFlags(flags);
  const inFile = (Object.keys(config.settings) as (keyof Settings)[]).filter((key) => {
    if (byFlags.has(key)) return false;
    const [given, actual] = [config.settings, status.settings].map((settings) =>
      key === 'proxy' ? comparable(settings.proxy) : settings[key],
    );
    return given !== undefined && !isDeepStrictEqual(given, actual);
  });
  return [...differingFlags(flags, status), ...inFile.map((key) => `${flagName('config')} (${key})`)];
}

/** Leaves out the user and password, which the status masks; compares only whether there are any. */
function comparable(proxy: Settings['proxy']): unknown {
  if (proxy === undefined || !URL.canParse(proxy.url)) return proxy;
  const url = new URL(proxy.url);
  const hasUser = url.username !== '' || url.password !== '';
  url.username = '';
  url.password = '';
  return { ...proxy, url: url.href, hasUser };
}
