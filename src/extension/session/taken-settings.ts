import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelPreset } from '../../protocol/tunnel-presets.ts';
import type { SettingName } from '../settings.ts';

interface Taken {
  readonly name: SettingName;
  readonly member?: string;
  /** The path in the relay's settings; default: `name`. */
  readonly at?: string;
  readonly of?: TunnelPreset | TunnelConfig['kind'];
  /** Leaves a value of an unexpected type for the relay's check. */
  readonly as?: (said: unknown) => unknown;
}

const trimmed = (said: unknown): unknown => (typeof said === 'string' ? said.trim() : said);
const trimmedOrNone = (said: unknown): unknown => (trimmed(said) === '' ? undefined : trimmed(said));
const bytesOfMegabytes = (said: unknown): unknown => (typeof said === 'number' ? Math.round(said * 1_000_000) : said);

function ofProgram(of: TunnelPreset, members: Readonly<Record<string, string>>): Taken[] {
  return Object.entries(members).map(([field, member]) => {
    const as = field === 'path' ? trimmed : trimmedOrNone;
    return { name: 'tunnel.programs', member, at: `tunnel.${field}`, of, as };
  });
}

const taken: readonly Taken[] = [
  { name: 'destinations' },
  { name: 'retryPolicy', at: 'retry' },
  { name: 'timeZone' },
  { name: 'partSize' },
  { name: 'mapping' },
  { name: 'identity' },
  { name: 'limits', member: 'concurrency', at: 'concurrency' },
  { name: 'limits', member: 'maxDeliveries', at: 'retention.maxDeliveries' },
  { name: 'limits', member: 'maxMegabytes', at: 'retention.maxBytes', as: bytesOfMegabytes },
  { name: 'keepAliveMinutes' },
  { name: 'tunnel.kind', as: trimmed },
  { name: 'tunnel.url', of: 'fixed', as: trimmed },
  { name: 'tunnel.host', of: 'localtunnel', as: trimmed },
  { name: 'tunnel.subdomain', of: 'localtunnel', as: trimmedOrNone },
  ...ofProgram('cloudflared', { path: 'cloudflaredPath', name: 'cloudflaredHostname' }),
  ...ofProgram('ngrok', { path: 'ngrokPath', domain: 'ngrokDomain' }),
  ...ofProgram('devtunnel', { path: 'devtunnelPath', name: 'devtunnelName' }),
  ...ofProgram('tailscale', { path: 'tailscalePath' }),
  ...ofProgram('zrok2', { path: 'zrok2Path', name: 'zrok2Name' }),
  ...ofProgram('pinggy', { path: 'sshPath' }),
  ...ofProgram('localhost.run', { path: 'sshPath', name: 'localhostRunDomain' }),
  ...ofProgram('ssh', { path: 'sshPath', server: 'sshServer', name: 'sshHostname', remotePort: 'sshRemotePort' }),
  { name: 'tunnel.programs', member: 'command', at: 'tunnel.program', of: 'command' },
];

export const takenSettings: ReadonlySet<SettingName> = new Set(taken.map(({ name }) => name));

function takenUnder(kind: unknown): (Taken & { readonly at: string })[] {
  return taken
    .filter(({ of }) => of === undefined || of === kind)
    .map((each) => ({ ...each, at: each.at ?? each.name }));
}

/** If `said` isn't an object, null, which is never valid. */
function memberOf(said: unknown, member: string): unknown {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return null;
  return (said as Readonly<Record<string, unknown>>)[member];
}

export function relaySettings(read: (name: SettingName) => unknown): Readonly<Record<string, unknown>> {
  const made: Record<string, unknown> = {};
  for (const { name, member, at, as = (said: unknown) => said } of takenUnder(trimmed(read('tunnel.kind')))) {
    const [place = '', field] = at.split('.');
    const value = as(member === undefined ? read(name) : memberOf(read(name), member));
    if (value === undefined) continue;
    made[place] = field === undefined ? value : { ...(made[place] as object | undefined), [field]: value };
  }
  return made;
}

/**
 * The setting that a path in the relay's settings is from, and the rest of the path.
 * @returns a name of null with the full path if it is from none
 */
export function settingAt(path: readonly string[], kind: unknown): { name: SettingName | null; rest: string } {
  const whole = path.join('.');
  const found = takenUnder(trimmed(kind)).find(({ at }) => whole === at || whole.startsWith(`${at}.`));
  if (found === undefined) return { name: null, rest: whole };
  const within = whole.slice(found.at.length + 1);
  return {
    name: found.name,
    rest: [found.member, within].filter((each) => each !== undefined && each !== '').join('.'),
  };
}
