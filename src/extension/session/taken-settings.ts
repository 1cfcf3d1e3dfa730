/**
 * Which settings the relay takes, and what each is among its own. It knows no schema, so that a window knows at its start
 * which changes concern the relay.
 */
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { SettingName } from '../settings.ts';

interface Taken {
  /** Where it stands among the relay's settings; without it by its own name. */
  readonly at?: string;
  /** The kind of tunnel that alone takes it. */
  readonly of?: TunnelConfig['kind'];
  /** What the relay is given for what it says. What is of another type is left to the relay's check. */
  readonly as?: (said: unknown) => unknown;
}

const trimmed = (said: unknown): unknown => (typeof said === 'string' ? said.trim() : said);
const trimmedOrNone = (said: unknown): unknown => (trimmed(said) === '' ? undefined : trimmed(said));
const bytesOfMegabytes = (said: unknown): unknown => (typeof said === 'number' ? Math.round(said * 1_000_000) : said);

export const takenSettings = {
  destinations: {},
  retryPolicy: { at: 'retry' },
  concurrency: {},
  timeZone: {},
  partSize: {},
  'mapping.eventTypes': {},
  'mapping.otherEventType': {},
  'mapping.objectType': {},
  'mapping.objectIdField': {},
  'identity.instanceId': {},
  'identity.instanceName': {},
  'identity.instanceTags': {},
  'retention.maxDeliveries': {},
  'retention.maxMegabytes': { at: 'retention.maxBytes', as: bytesOfMegabytes },
  keepAliveMinutes: {},
  'tunnel.kind': { as: trimmed },
  'tunnel.url': { of: 'fixed', as: trimmed },
  'tunnel.host': { of: 'localtunnel', as: trimmed },
  'tunnel.subdomain': { of: 'localtunnel', as: trimmedOrNone },
  'tunnel.cloudflaredPath': { at: 'tunnel.path', of: 'cloudflared', as: trimmed },
  'tunnel.ngrokPath': { at: 'tunnel.path', of: 'ngrok', as: trimmed },
  'tunnel.ngrokDomain': { at: 'tunnel.domain', of: 'ngrok', as: trimmedOrNone },
} as const satisfies Partial<Record<SettingName, Taken>>;
export type TakenSetting = keyof typeof takenSettings;

/** Those that are taken under a kind of tunnel, each with its place. */
function takenUnder(kind: unknown): (Required<Omit<Taken, 'of'>> & { readonly name: TakenSetting })[] {
  return Object.entries<Taken>(takenSettings)
    .filter(([, { of }]) => of === undefined || of === kind)
    .map(([name, { at = name, as = (said: unknown) => said }]) => ({ name: name as TakenSetting, at, as }));
}

/**
 * The settings as the relay takes them, before they are checked.
 * @param read gives what a setting says
 */
export function relaySettings(read: (name: TakenSetting) => unknown): Readonly<Record<string, unknown>> {
  const made: Record<string, unknown> = {};
  for (const { name, at, as } of takenUnder(trimmed(read('tunnel.kind')))) {
    const [member = '', field] = at.split('.');
    const value = as(read(name));
    if (value === undefined) continue;
    made[member] = field === undefined ? value : { ...(made[member] as object | undefined), [field]: value };
  }
  return made;
}

/**
 * Which setting says what stands at a path of the relay's settings.
 * @param kind the kind of tunnel
 * @returns its name, and what of the path is within it; the whole path where no setting does
 */
export function settingAt(path: readonly string[], kind: unknown): { name: TakenSetting | null; rest: string } {
  const whole = path.join('.');
  const found = takenUnder(trimmed(kind)).find(({ at }) => whole === at || whole.startsWith(`${at}.`));
  return found === undefined
    ? { name: null, rest: whole }
    : { name: found.name, rest: whole.slice(found.at.length + 1) };
}
