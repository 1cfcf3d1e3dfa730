import { say } from '../../common/say.ts';
import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import { placeOfUrl, type UrlContext, type VendorPath } from '../public-url/url-place.ts';

/**
 * - `heard`: by this window's relay
 * - `stopped`: by this window's relay once it runs
 * - `closed`: sent to a closed or former URL of this window's relay
 * - `elsewhere`: only by others
 * - `unsent`: by no receiver
 */
export type Hearing = 'heard' | 'stopped' | 'closed' | 'elsewhere' | 'unsent';

export interface EventSources {
  readonly listId: string;
  readonly hooks: readonly Webhook[];
  readonly instances: readonly Instance[];
}

/** In the URLs of webhooks that the sandbox's Open Connectors registers. */
const instanceHookPath = '/elements/api-v2/events/';

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

export function addedText(address: string, list: string, hearing: Hearing): string {
  switch (hearing) {
    case 'heard':
      return say('Added {0} to the list {1}. The event appears in the Events view.', address, list);
    case 'stopped':
      // The sandbox retries for a while.
      return say(
        'Added {0} to the list {1}. The relay isn’t running. To get the event, start the relay now.',
        address,
        list,
      );
    case 'closed':
      return say(
        'Added {0} to the list {1}. The instance sends the event to a URL of this relay that is closed or no longer in use, so the event won’t appear in the Events view.',
        address,
        list,
      );
    case 'elsewhere':
      return say(
        'Added {0} to the list {1}. No active webhook or instance sends the list’s events to this relay, so the event won’t appear in the Events view.',
        address,
        list,
      );
    case 'unsent':
      return say(
        'Added {0} to the list {1}. The list has no active webhook for Subscribe, so no event is sent.',
        address,
        list,
      );
  }
}
