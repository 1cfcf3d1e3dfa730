/** Whose a webhook is, as the view marks it. */
import { readRelayUrl } from './hook-url.ts';
import type { KnownRelay } from './journal.ts';

/**
 * - `current`: where this window's relay is public now
 * - `asleep`: where it was public last; it has no public URL now, and may get that one again
 * - `old`: a URL at which a relay of this machine was public and is no more
 * - `other`: where another relay of this machine was public last, that of another folder
 * - `foreign`: somebody else's
 */
export type Place = 'current' | 'asleep' | 'old' | 'other' | 'foreign';

/** What is known of the relays. */
export interface Whereabouts {
  /** Where this window's relay is public now, in full; null: nowhere. */
  readonly publicUrl: string | null;
  /** This window's relay, where it is known. */
  readonly own: string | undefined;
  readonly relays: readonly KnownRelay[];
}

/** @param url a webhook's */
export function placeOfHook(url: string, { publicUrl, own, relays }: Whereabouts): Place {
  if (publicUrl !== null && url === publicUrl) return 'current';
  const read = readRelayUrl(url);
  const known = relays.find(({ relay }) => relay === read?.relay);
  if (read === undefined || known === undefined) return 'foreign';
  if (known.base !== read.base) return 'old';
  if (known.relay !== own) return 'other';
  return publicUrl === null ? 'asleep' : 'old';
}
