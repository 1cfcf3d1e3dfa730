import type { Instance } from '../../open-connectors/answers.ts';
import type { StoredInstance } from './instance-store.ts';
import { factsOf, type InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl, reachesRelay, type Place, type UrlContext } from '../public-url/url-place.ts';

export interface InstanceNode {
  readonly kind: 'instance';
  readonly facts: PlacedInstance;
  /** `Platform.host` at the time of reading. */
  readonly host: string;
  /** Includes the token: never shown. */
  readonly instance: Instance;
}

export interface FactNode {
  readonly kind: 'fact';
  readonly of: InstanceNode;
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

export interface GoneNode {
  readonly kind: 'gone';
  readonly stored: StoredInstance;
}

/** What to do is in a separate row, so that a narrow side bar doesn't cut it off. */
export interface FailureNode {
  readonly kind: 'failure';
  readonly row: 'what' | 'next';
  readonly text: string;
}

export type InstancesNode = InstanceNode | FactNode | GoneNode | FailureNode;

export type CallbackPlace = Place | 'none';

export interface PlacedInstance extends InstanceFacts {
  readonly place: CallbackPlace;
  /** Created here, or its callback URL was set here: the URL may be updated. */
  readonly managed: boolean;
}

export interface AroundInstance {
  readonly urlContext: UrlContext;
  readonly isSandbox: boolean;
  readonly managed: boolean;
}

export function placedInstance(instance: Instance, around: AroundInstance): PlacedInstance {
  const facts = factsOf(instance);
  return {
    ...facts,
    name: facts.name === '' ? String(facts.id) : facts.name,
    place: placeOfCallback(facts.callbackUrl, around),
    managed: around.managed,
  };
}

/** A relay is identified by the secret in its path. @param callbackUrl empty if there is none */
export function placeOfCallback(
  callbackUrl: string,
  { urlContext, isSandbox }: Pick<AroundInstance, 'urlContext' | 'isSandbox'>,
): CallbackPlace {
  if (callbackUrl === '') return 'none';
  // Without a public URL, an instance may have been given the local one.
  const reach = { reachesLocal: isSandbox || urlContext.publicUrl === null };
  if (reachesRelay(callbackUrl, reach, urlContext)) return 'current';
  const place = placeOfUrl(bare(callbackUrl), reach, urlContext);
  return place === 'current' ? 'old' : place;
}

function bare(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '');
}
