import { heldCount, pauserOf } from '../../protocol/event-row.ts';
import { maskSecrets } from '../../export/item.ts';
import type { Result } from '../../protocol/methods.ts';
import type { HeldForwarding, Sending } from '../../protocol/debug.ts';
import { localTime, printable } from './text.ts';

export function heldNumbers({ held }: Sending): string {
  const { missingKey, destination } = held;
  const forKey = missingKey === 0 ? '' : `, plus ${missingKey} with a missing key`;
  return `Held: ${heldCount(held)}${forKey}${destination === 0 ? '' : `, plus ${destination} whose destination is on hold`}.`;
}

export const toSendHeld = 'To send held events, run cm-relay debug continue.';

export function heldText(sending: Sending): string {
  const { missingKey } = sending.held;
  if (sending.state === 'flowing') {
    return missingKey === 0 ? 'Sending is on.' : `Sending is on. Held for a missing key: ${missingKey}.`;
  }
  const since = localTime(sending.since);
  return `Sending has been paused since ${since} by ${pauserOf(sending.by)}. ${heldNumbers(sending)}`;
}

export function releasedText(released: readonly HeldForwarding[]): string {
  return released
    .map(({ notificationId, destination }) => `${notificationId} to ${printable(shortUrl(destination))}`)
    .join(', ');
}

export function retriedLines({ tried, tunnel }: Result<'relay/retry'>): string[] {
  const lines = tried.map(({ url, waiting }) => `${printable(maskSecrets(url))}: trying now, ${waiting} queued`);
  if (tunnel !== null) lines.push('Reopening the tunnel.');
  return lines.length === 0 ? ['Nothing to retry.'] : lines;
}

export function heldLine({ notificationId, destination, detail }: HeldForwarding): string {
  return `${notificationId} to ${printable(`${shortUrl(destination)}: ${detail ?? 'held'}`)}`;
}

function shortUrl(url: string): string {
  return maskSecrets(url).replace(/^https?:\/\//, '');
}
