/** Where a URL that a vendor keeps leads to, as the views mark it, and where a vendor reaches a relay. */
import { isSameUrl } from '../../common/same-url.ts';
import type { KnownRelay, KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl } from './relay-url.ts';
import type { VendorPath } from './relay-url.ts';
import type { Session } from '../session/session.ts';

/**
 * - `current`: where this window's relay is reached now
 * - `asleep`: where it was public last; it has no public URL now, and may get that one again
 * - `stopped`: where it was reached last; it does not run now
 * - `old`: a URL at which a relay of this machine was reached and is no more
 * - `other`: where another relay of this machine was reached last, that of another folder
 * - `foreign`: somebody else's
 */
export type Place = 'current' | 'asleep' | 'stopped' | 'old' | 'other' | 'foreign';

/** Where this window's relay is for one vendor, each URL in full. */
export interface RelayUrls {
  /** Where it is public now; null: nowhere. */
  readonly publicUrl: string | null;
  /** Where this machine reaches it now; null: it does not run. */
  readonly localUrl: string | null;
}

/** What is known of the relays. */
export interface UrlContext extends RelayUrls {
  /** The path that the vendor posts to. */
  readonly path: VendorPath;
  /** This window's relay, where it is known. */
  readonly own: string | undefined;
  readonly relays: readonly KnownRelay[];
}

/** Whether a vendor reaches what is not public: the sandbox does, since it runs on this machine. */
export interface Reach {
  readonly reachesLocal: boolean;
}

/** Where this window's relay is for a vendor, and where relays of this machine were. */
export function urlContext(
  session: Pick<Session, 'status' | 'dataDir'>,
  known: Pick<KnownRelays, 'all'>,
  path: VendorPath,
): UrlContext {
  const { status } = session;
  const relays = known.all();
  const [publicUrl, localUrl] =
    path === 'campaign-monitor'
      ? [status?.publicCampaignMonitorUrl, status?.campaignMonitorUrl]
      : [status?.publicOpenConnectorsUrl, status?.openConnectorsUrl];
  return {
    path,
    publicUrl: publicUrl ?? null,
    localUrl: localUrl ?? null,
    own:
      localUrl === undefined
        ? relays.findLast(({ dataDir }) => dataDir === session.dataDir)?.relay
        : readRelayUrl(localUrl, path)?.relay,
    relays,
  };
}

/** Calls back when a vendor is to reach this window's relay elsewhere than before. */
export function followUrls(
  session: Pick<Session, 'status' | 'dataDir' | 'onDidChange'>,
  known: Pick<KnownRelays, 'all'>,
  path: VendorPath,
  changed: () => void,
): { dispose(): unknown } {
  let before = '';
  return session.onDidChange(() => {
    const { publicUrl, localUrl, own } = urlContext(session, known, path);
    const urls = `${publicUrl ?? ''} ${localUrl ?? ''} ${own ?? ''}`;
    if (urls === before) return;
    before = urls;
    changed();
  });
}

/**
 * The URL to give to a vendor: the public one, and to the sandbox the local one where none is open.
 * @returns null where the vendor cannot reach the relay now
 */
export function urlFor({ reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): string | null {
  return publicUrl ?? (reachesLocal ? localUrl : null);
}

/** Whether a URL reaches the relay now. From the sandbox the local URL goes on doing so. */
export function reachesRelay(url: string, { reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): boolean {
  return isSameUrl(url, publicUrl) || (reachesLocal && isSameUrl(url, localUrl));
}

/**
 * @param url what the vendor keeps
 * @param vendor what it reaches
 */
export function placeOfUrl(url: string, vendor: Reach, around: UrlContext): Place {
  const { publicUrl, localUrl, own, relays, path } = around;
  if (reachesRelay(url, vendor, around)) return 'current';
  const read = readRelayUrl(url, path);
  if (read === undefined) return 'foreign';
  const known = relays.find(({ relay, former = [] }) => relay === read.relay || former.includes(read.relay));
  // This window's own may not have been noted yet.
  if (known === undefined) return read.relay === own ? 'old' : 'foreign';
  // It has another secret now.
  if (known.relay !== read.relay) return 'old';
  const wasLocal = vendor.reachesLocal && known.localBase === read.base;
  if (known.base !== read.base && !wasLocal) return 'old';
  if (known.relay !== own) return 'other';
  if (localUrl === null) return 'stopped';
  return publicUrl === null && !wasLocal ? 'asleep' : 'old';
}
