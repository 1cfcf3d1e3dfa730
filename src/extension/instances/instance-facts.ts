/** What the view and its commands need to know of an instance, read from the platform's answer. */
import type { Instance } from '../../open-connectors/api.ts';

/** Whether the callback URL leads to this window's relay. */
export type CallbackRelation =
  /** It is the URL that this relay has now. */
  | 'this-relay'
  /** It holds this relay's secret, at an address that it has no longer. */
  | 'old-address'
  /** To somebody else, or, while no relay runs, to whom is not known. */
  | 'elsewhere'
  | 'none';

export interface InstanceFacts {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly eventsOn: boolean;
  readonly callbackUrl: string | null;
  readonly relation: CallbackRelation;
  readonly listIds: readonly string[];
  /** False: the platform says that its sign-in does not work any more. */
  readonly valid: boolean;
  readonly disabled: boolean;
  /** As the platform says it; null where it does not. */
  readonly createdDate: string | null;
  readonly authentication: 'oauth' | 'basic';
  /** Made here, or its callback URL was set here: its URL may be kept true. */
  readonly managed: boolean;
}

/** The relay's URLs that notifications are posted to, secret included. */
export interface RelayUrls {
  /** The street door on this machine; null while no relay runs. */
  readonly local: string | null;
  /** Null while there is no public URL. */
  readonly public: string | null;
}

/** Reads the platform's answer, whose members come and go. */
export function factsOf(
  instance: Instance,
  around: { readonly relay: RelayUrls; readonly managed: boolean },
): InstanceFacts {
  const configuration = instance.configuration ?? {};
  const callbackUrl =
    textOf(configuration['event.notification.callback.url']) ?? textOf(instance.eventsNotificationCallbackUrl);
  return {
    id: instance.id,
    name: textOf(instance.name) ?? String(instance.id),
    tags: (instance.tags ?? []).filter((tag) => tag !== ''),
    eventsOn: flagOf(configuration['event.notification.enabled']) ?? flagOf(instance.eventsEnabled) ?? false,
    callbackUrl,
    relation: relationOf(callbackUrl, around.relay),
    listIds: listIdsOf(textOf(configuration['events.list.ids']) ?? ''),
    valid: flagOf(instance.valid) ?? true,
    disabled: flagOf(instance.disabled) ?? false,
    createdDate: dateOf(instance.createdDate),
    authentication: isBasic(configuration) ? 'basic' : 'oauth',
    managed: around.managed,
  };
}

/** Whether a callback URL leads to the relay: by the secret in its path, which no other relay has. */
export function relationOf(callbackUrl: string | null, relay: RelayUrls): CallbackRelation {
  if (callbackUrl === null) return 'none';
  if (sameUrl(callbackUrl, relay.public) || (relay.public === null && sameUrl(callbackUrl, relay.local)))
    return 'this-relay';
  const secret = relay.local === null ? undefined : secretOf(relay.local);
  return secret !== undefined && secretOf(callbackUrl) === secret ? 'old-address' : 'elsewhere';
}

/** The ids of a comma-separated list, as the platform keeps them. */
export function listIdsOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function secretOf(url: string): string | undefined {
  return /\/hooks\/([0-9a-f]{32})\/open-connectors\/?$/.exec(pathOf(url) ?? '')?.[1];
}

function pathOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined;
}

function sameUrl(a: string, b: string | null): boolean {
  if (b === null) return false;
  return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href);
}

function isBasic(configuration: Readonly<Record<string, unknown>>): boolean {
  return textOf(configuration['oauth.api.key']) === null && textOf(configuration['username']) !== null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Text as it came, or milliseconds since the epoch. */
function dateOf(value: string | number | undefined): string | null {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : textOf(value);
}

/** The platform says true, "true" and 1. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 1) return true;
  if (value === 'false' || value === 0) return false;
  return undefined;
}
