/** An instance as this window sees it: what the platform says of it, and whether its notifications come here. */
import { readHookUrl } from '../../common/hook-path.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';

/** Whether the callback URL leads to this window's relay. */
export type CallbackRelation =
  /** It is the URL that this relay has now. */
  | 'this-relay'
  /** It holds this relay's secret, at an address that it has no longer. */
  | 'old-address'
  /** To somebody else, or, while no relay runs, to whom is not known. */
  | 'elsewhere'
  | 'none';

export interface PlacedInstance extends InstanceFacts {
  readonly relation: CallbackRelation;
  /** Made here, or its callback URL was set here: its URL may be kept true. */
  readonly managed: boolean;
}

/** The relay's URLs that notifications are posted to, secret included. */
export interface RelayUrls {
  /** The webhook endpoint on this machine; null while no relay runs. */
  readonly local: string | null;
  /** Null while there is no public URL. */
  readonly public: string | null;
  /** Whether the platform reaches the local one, as the sandbox does. Else it is this relay's only while none is public. */
  readonly localIsReached?: boolean;
}

/** Reads the platform's answer, and compares it with the relay's URLs. */
export function placedInstance(
  instance: Instance,
  around: { readonly relay: RelayUrls; readonly managed: boolean },
): PlacedInstance {
  const facts = factsOf(instance);
  return {
    ...facts,
    // Something must stand in a row.
    name: facts.name === '' ? String(facts.id) : facts.name,
    relation: relationOf(facts.callbackUrl, around.relay),
    managed: around.managed,
  };
}

/**
 * Whether a callback URL leads to the relay: by the secret in its path, which no other relay has.
 * @param callbackUrl empty where there is none
 */
export function relationOf(callbackUrl: string, relay: RelayUrls): CallbackRelation {
  if (callbackUrl === '') return 'none';
  if (sameUrl(callbackUrl, relay.public)) return 'this-relay';
  const localCounts = relay.public === null || relay.localIsReached === true;
  if (localCounts && sameUrl(callbackUrl, relay.local)) return 'this-relay';
  const secret = relay.local === null ? undefined : secretOf(relay.local);
  return secret !== undefined && secretOf(callbackUrl) === secret ? 'old-address' : 'elsewhere';
}

function secretOf(url: string): string | undefined {
  const address = URL.canParse(url) ? readHookUrl(new URL(url).pathname.replace(/\/$/, '')) : undefined;
  return address?.place === 'open-connectors' ? address.secret : undefined;
}

function sameUrl(a: string, b: string | null): boolean {
  if (b === null) return false;
  return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href);
}
