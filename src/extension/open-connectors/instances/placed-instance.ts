/** An instance as this window sees it: what the platform says of it, and whether its notifications come here. */
import { readHookUrl } from '../../../common/hook-path.ts';
import type { Instance } from '../../../open-connectors/answers.ts';
import { factsOf } from '../../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../../open-connectors/instance-facts.ts';
import type { CallbackUrls } from '../../relay/urls.ts';

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

/** Reads the platform's answer, and compares it with the relay's URLs. */
export function placedInstance(
  instance: Instance,
  around: { readonly relay: CallbackUrls; readonly managed: boolean },
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
export function relationOf(callbackUrl: string, relay: CallbackUrls): CallbackRelation {
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
