/** Whose a webhook is, as the view marks it, and where an account's Campaign Monitor reaches a relay. */
import type { Account } from '../accounts/account-store.ts';
import { readRelayUrl } from './hook-url.ts';
import type { KnownRelay } from './journal.ts';

/**
 * - `current`: where this window's relay is reached now
 * - `asleep`: where it was public last; it has no public URL now, and may get that one again
 * - `stopped`: where the sandbox reached it on this machine; it does not run now
 * - `old`: a URL at which a relay of this machine was reached and is no more
 * - `other`: where another relay of this machine was reached last, that of another folder
 * - `foreign`: somebody else's
 */
export type Place = 'current' | 'asleep' | 'stopped' | 'old' | 'other' | 'foreign';

/** Where this window's relay is, each URL in full. */
export interface RelayHookUrls {
  /** Where it is public now; null: nowhere. */
  readonly publicUrl: string | null;
  /** Where this machine reaches it now; null: it does not run. */
  readonly localUrl: string | null;
}

/** What is known of the relays. */
export interface Whereabouts extends RelayHookUrls {
  /** This window's relay, where it is known. */
  readonly own: string | undefined;
  readonly relays: readonly KnownRelay[];
}

/** Whose webhooks: the sandbox runs on this machine, and so reaches what is not public. */
export type Vendor = Pick<Account, 'kind'>;

/**
 * The URL to register with an account: the public one, and for the sandbox's account the local one where none is open.
 * @returns null where the account's Campaign Monitor cannot reach the relay now
 */
export function hookUrlFor({ kind }: Vendor, { publicUrl, localUrl }: RelayHookUrls): string | null {
  return publicUrl ?? (kind === 'sandbox' ? localUrl : null);
}

/** Whether a webhook at a URL reaches the relay now. For the sandbox's account the local URL goes on doing so. */
export function reachesRelay(url: string, { kind }: Vendor, { publicUrl, localUrl }: RelayHookUrls): boolean {
  return url === publicUrl || (kind === 'sandbox' && url === localUrl);
}

/**
 * @param url a webhook's
 * @param vendor whose it is
 */
export function placeOfHook(url: string, vendor: Vendor, whereabouts: Whereabouts): Place {
  const { publicUrl, localUrl, own, relays } = whereabouts;
  if (reachesRelay(url, vendor, whereabouts)) return 'current';
  const read = readRelayUrl(url);
  const known = relays.find(({ relay }) => relay === read?.relay);
  if (read === undefined || known === undefined) return 'foreign';
  const wasLocal = vendor.kind === 'sandbox' && known.localBase === read.base;
  if (known.base !== read.base && !wasLocal) return 'old';
  if (known.relay !== own) return 'other';
  if (wasLocal) return localUrl === null ? 'stopped' : 'old';
  return publicUrl === null ? 'asleep' : 'old';
}
