/** What comes of an event of the sandbox's, in words. */
import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl } from '../public-url/url-place.ts';
import type { UrlContext } from '../public-url/url-place.ts';
import type { VendorPath } from '../public-url/relay-url.ts';
import type { Localiser } from '../ui/localiser.ts';

/**
 * Who hears of what happens on a list:
 * - `heard`: this window's relay
 * - `stopped`: this window's relay, once it runs
 * - `closed`: a URL of this window's relay that is closed or no longer in use, by an instance
 * - `elsewhere`: others alone
 * - `unsent`: nobody
 */
export type Hearing = 'heard' | 'stopped' | 'closed' | 'elsewhere' | 'unsent';

/** What may send the events of a list, at the sandbox. */
export interface EventSources {
  readonly listId: string;
  /** The list's. */
  readonly hooks: readonly Webhook[];
  /** All of Open Connectors. */
  readonly instances: readonly Instance[];
}

/** In the URL of each webhook that the sandbox's Open Connectors registers for an instance. */
const instanceHookPath = '/elements/api-v2/events/';

/** @param around the relays, as the vendor with this path reaches them */
export function hearingOf(
  { listId, hooks, instances }: EventSources,
  around: (path: VendorPath) => UrlContext,
): Hearing {
  const active = hooks.filter((each) => each.active && each.events.includes('Subscribe'));
  if (active.length === 0) return 'unsent';
  const hearsOfInstance = active.some(({ url }) => url.includes(instanceHookPath));
  const callbacks = (hearsOfInstance ? instances : [])
    .map(factsOf)
    .filter(({ eventsEnabled, disabled, listIds }) => eventsEnabled && !disabled && listIds.includes(listId));
  const sandbox = { reachesLocal: true };
  const called = callbacks.map(({ callbackUrl }) => placeOfUrl(callbackUrl, sandbox, around('open-connectors')));
  const places = [...active.map(({ url }) => placeOfUrl(url, sandbox, around('campaign-monitor'))), ...called];
  if (places.includes('current')) return 'heard';
  if (places.includes('stopped')) return 'stopped';
  return called.includes('asleep') || called.includes('old') ? 'closed' : 'elsewhere';
}

/**
 * That somebody was added to a list, and what comes of that.
 * @param address made printable, as the list's name is
 */
export function addedText(address: string, list: string, hearing: Hearing, l10n: Localiser): string {
  switch (hearing) {
    case 'heard':
      return l10n.t('Added {0} to the list {1}. The event appears in the Events view.', address, list);
    case 'stopped':
      // The sandbox tries again for a while.
      return l10n.t(
        'Added {0} to the list {1}. The relay isn’t running. To get the event, start the relay now.',
        address,
        list,
      );
    case 'closed':
      return l10n.t(
        'Added {0} to the list {1}. The instance sends the event to a URL of this relay that is closed or no longer in use, so the event won’t appear in the Events view.',
        address,
        list,
      );
    case 'elsewhere':
      return l10n.t(
        'Added {0} to the list {1}. No active webhook or instance sends the list’s events to this relay, so the event won’t appear in the Events view.',
        address,
        list,
      );
    case 'unsent':
      return l10n.t(
        'Added {0} to the list {1}. The list has no active webhook for Subscribe, so no event is sent.',
        address,
        list,
      );
  }
}
