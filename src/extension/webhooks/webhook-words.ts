import { say } from '../../common/say.ts';
import type { Webhook } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { printable } from '../ui/printable.ts';
import { maskUrl, type Place } from '../public-url/url-place.ts';

export function labelOf(url: string, place: Place): string {
  switch (place) {
    case 'current':
      return say('This relay');
    case 'asleep':
      return say('This relay (no public URL)');
    case 'stopped':
      return say('This relay (not running)');
    case 'old':
      return say('Old URL of this machine');
    case 'other':
      return say('Another folder’s relay');
    case 'foreign':
      return URL.canParse(url) ? printable(new URL(url).host) : say('Invalid URL');
  }
}

/** An unusual state first; without the URL's secret. */
export function descriptionOf(hook: Webhook): string {
  return [...(hook.active ? [] : [stateOf(hook)]), eventsOf(hook), formatOf(hook), shownUrl(hook)]
    .filter((part) => part !== '')
    .join(' · ');
}

export function spokenOf(hook: Webhook, place: Place): string {
  return [labelOf(hook.url, place), stateOf(hook), eventsOf(hook), formatOf(hook), shownUrl(hook)]
    .filter((part) => part !== '')
    .join(', ');
}

/** The vendor's word for an inactive webhook is unknown, so show it if it differs from ours. */
export function stateOf({ active, status }: Webhook): string {
  if (active) return say('active');
  return /^(?:inactive|deactivated|)$/i.test(status) ? say('inactive') : printable(status, 40);
}

export function eventsOf({ events }: Webhook): string {
  if (events.length === webhookEventTypes.length && webhookEventTypes.every((each) => events.includes(each)))
    return say('all events');
  return events.map((event) => printable(event, 40)).join(', ');
}

function formatOf({ format }: Webhook): string {
  return format === null ? '' : format.toUpperCase();
}

function shownUrl({ url }: Webhook): string {
  return printable(maskUrl(url));
}
