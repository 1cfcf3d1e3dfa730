/** A webhook in words. Makes text from outside printable. */
import type { Webhook } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { printable } from '../ui/printable.ts';
import type { Localiser } from '../ui/localiser.ts';
import { maskUrl } from '../public-url/relay-url.ts';
import type { Place } from '../public-url/url-place.ts';

/** Where it points to: the relay by name, anything else by its host. */
export function labelOf(url: string, place: Place, l10n: Localiser): string {
  switch (place) {
    case 'current':
      return l10n.t('This relay');
    case 'asleep':
      return l10n.t('This relay (no public URL)');
    case 'stopped':
      return l10n.t('This relay (not running)');
    case 'old':
      return l10n.t('Old URL of this machine');
    case 'other':
      return l10n.t('Another folder’s relay');
    case 'foreign':
      return URL.canParse(url) ? printable(new URL(url).host) : l10n.t('Invalid URL');
  }
}

/** Its state first if it is unusual, then its events, and the URL without its secret. */
export function descriptionOf(hook: Webhook, l10n: Localiser): string {
  return [...(hook.active ? [] : [stateOf(hook, l10n)]), eventsOf(hook, l10n), formatOf(hook), shownUrl(hook)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** The same for a screen reader, always with the state. */
export function spokenOf(hook: Webhook, place: Place, l10n: Localiser): string {
  return [labelOf(hook.url, place, l10n), stateOf(hook, l10n), eventsOf(hook, l10n), formatOf(hook), shownUrl(hook)]
    .filter((part) => part !== '')
    .join(', ');
}

/** The vendor's word for an inactive one is unknown: it is shown if it differs from ours. */
export function stateOf({ active, status }: Webhook, l10n: Localiser): string {
  if (active) return l10n.t('active');
  return /^(?:inactive|deactivated|)$/i.test(status) ? l10n.t('inactive') : printable(status, 40);
}

/** Its events, with the vendor's names. */
export function eventsOf({ events }: Webhook, l10n: Localiser): string {
  if (events.length === webhookEventTypes.length && webhookEventTypes.every((each) => events.includes(each)))
    return l10n.t('all events');
  return events.map((event) => printable(event, 40)).join(', ');
}

function formatOf({ format }: Webhook): string {
  return format === null ? '' : format.toUpperCase();
}

function shownUrl({ url }: Webhook): string {
  return printable(maskUrl(url));
}
