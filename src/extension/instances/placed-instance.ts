/** An instance as seen from this window: the API's response, and whether its notifications arrive here. */
import type { Instance } from '../../open-connectors/answers.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl, reachesRelay } from '../public-url/url-place.ts';
import type { Place, UrlContext } from '../public-url/url-place.ts';

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
