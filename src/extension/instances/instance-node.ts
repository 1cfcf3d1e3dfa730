import type { Instance } from '../../open-connectors/answers.ts';
import type { StoredInstance } from './instance-store.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl, reachesRelay } from '../public-url/url-place.ts';
import type { Place, UrlContext } from '../public-url/url-place.ts';

export interface InstanceNode {
  readonly kind: 'instance';
  readonly facts: PlacedInstance;
  /** `Platform.host` when it was read. */
  readonly host: string;
  /** The API's response, including the token: never shown. */
  readonly instance: Instance;
}

export interface FactNode {
  readonly kind: 'fact';
  readonly of: InstanceNode;
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** An instance created here that no longer exists in Open Connectors: its stored data can be removed. */
export interface GoneNode {
  readonly kind: 'gone';
  readonly stored: StoredInstance;
}

/**
 * The instances could not be read; clicking it retries. What to do has a separate row, so that a narrow side bar
 * doesn't cut it off.
 */
export interface FailureNode {
  readonly kind: 'failure';
  readonly row: 'what' | 'next';
  readonly text: string;
}

export type InstancesNode = InstanceNode | FactNode | GoneNode | FailureNode;

/** Where the callback URL points to; `none`: there is none. */
export type CallbackPlace = Place | 'none';

export interface PlacedInstance extends InstanceFacts {
  readonly place: CallbackPlace;
  /** Created here, or its callback URL was set here: its URL may be updated. */
  readonly managed: boolean;
}

export interface AroundInstance {
  readonly urlContext: UrlContext;
  /** Open Connectors is the sandbox, which can use local URLs. */
  readonly isSandbox: boolean;
  readonly managed: boolean;
}

export function placedInstance(instance: Instance, around: AroundInstance): PlacedInstance {
  const facts = factsOf(instance);
  return {
    ...facts,
    // A row needs a label.
    name: facts.name === '' ? String(facts.id) : facts.name,
    place: placeOfCallback(facts.callbackUrl, around),
    managed: around.managed,
  };
}

/**
 * Where a callback URL points to: a relay is identified by the secret in its path, which no other relay has.
 * @param callbackUrl empty if there is none
 */
export function placeOfCallback(
  callbackUrl: string,
  { urlContext, isSandbox }: Pick<AroundInstance, 'urlContext' | 'isSandbox'>,
): CallbackPlace {
  if (callbackUrl === '') return 'none';
  // An instance elsewhere may have got the local URL while there was no other.
  const reach = { reachesLocal: isSandbox || urlContext.publicUrl === null };
  if (reachesRelay(callbackUrl, reach, urlContext)) return 'current';
  const place = placeOfUrl(bare(callbackUrl), reach, urlContext);
  return place === 'current' ? 'old' : place;
}

/** Without a suffix that a user may have added: the URL still contains the relay's secret. */
function bare(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '');
}
