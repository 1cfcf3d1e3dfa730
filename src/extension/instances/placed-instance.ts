/** An instance as this window sees it: what the platform says of it, and whether its notifications come here. */
import type { Instance } from '../../open-connectors/answers.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl, reachesRelay } from '../public-url/url-place.ts';
import type { Place, UrlContext } from '../public-url/url-place.ts';

/** Where the callback URL leads to; `none`: there is none. */
export type CallbackPlace = Place | 'none';

export interface PlacedInstance extends InstanceFacts {
  readonly place: CallbackPlace;
  /** Made here, or its callback URL was set here: its URL may be kept true. */
  readonly managed: boolean;
}

/** What a window knows around an instance. */
export interface AroundInstance {
  readonly urlContext: UrlContext;
  /** The platform is the sandbox, which reaches this machine. */
  readonly isSandbox: boolean;
  readonly managed: boolean;
}

/** Reads the platform's answer, and compares it with the relays' URLs. */
export function placedInstance(instance: Instance, around: AroundInstance): PlacedInstance {
  const facts = factsOf(instance);
  return {
    ...facts,
    // Something must stand in a row.
    name: facts.name === '' ? String(facts.id) : facts.name,
    place: placeOfCallback(facts.callbackUrl, around),
    managed: around.managed,
  };
}

/**
 * Where a callback URL leads to: a relay's is told by the secret in its path, which no other relay has.
 * @param callbackUrl empty where there is none
 */
export function placeOfCallback(
  callbackUrl: string,
  { urlContext, isSandbox }: Pick<AroundInstance, 'urlContext' | 'isSandbox'>,
): CallbackPlace {
  if (callbackUrl === '') return 'none';
  // A platform elsewhere may have been given the local URL while there was no other.
  const reach = { reachesLocal: isSandbox || urlContext.publicUrl === null };
  if (reachesRelay(callbackUrl, reach, urlContext)) return 'current';
  const place = placeOfUrl(bare(callbackUrl), reach, urlContext);
  return place === 'current' ? 'old' : place;
}

/** Without what a person may have written behind the path: it holds the relay's secret all the same. */
function bare(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '');
}
