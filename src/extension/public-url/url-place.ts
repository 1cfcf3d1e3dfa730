/**
 * What the URL of a webhook endpoint says, where it leads, as the views mark it, and where a vendor reaches a relay.
 * Nothing here keeps the secret of a URL.
 */
import { isSameUrl } from '../../common/same-url.ts';
import type { KnownRelay, KnownRelays } from '../session/known-relays.ts';
import type { Session } from '../session/session.ts';
import { readHookUrl } from '../../common/hook-path.ts';
import type { HookPlace } from '../../common/hook-path.ts';
import { nameOfSecret } from '../../common/secret-name.ts';

/**
 * - `current`: this window's relay now
 * - `asleep`: its last public URL; it has none now, and may get that one again
 * - `stopped`: its last URL; it isn't running now
 * - `old`: a former URL of a relay of this machine
 * - `other`: the last URL of another folder's relay on this machine
 * - `foreign`: someone else's
 */
export type Place = 'current' | 'asleep' | 'stopped' | 'old' | 'other' | 'foreign';

/** This window's relay for one vendor, as full URLs. */
export interface RelayUrls {
  /** Null if there is no public URL now. */
  readonly publicUrl: string | null;
  /** On this machine; null if it isn't running. */
  readonly localUrl: string | null;
}

export interface UrlContext extends RelayUrls {
  /** The path that the vendor posts to. */
  readonly path: VendorPath;
  /** This window's relay, if known. */
  readonly own: string | undefined;
  readonly relays: readonly KnownRelay[];
}

/** Whether a vendor reaches local URLs: the sandbox does, because it runs on this machine. */
export interface Reach {
  readonly reachesLocal: boolean;
}

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
 * The URL to give to a vendor: the public one, or for the sandbox the local one if none is open.
 * @returns null if the vendor can't reach the relay now
 */
export function urlFor({ reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): string | null {
  return publicUrl ?? (reachesLocal ? localUrl : null);
}

/** Whether a URL reaches the relay now. From the sandbox, the local URL always does. */
export function reachesRelay(url: string, { reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): boolean {
  return isSameUrl(url, publicUrl) || (reachesLocal && isSameUrl(url, localUrl));
}

/** @param vendor what it reaches */
export function placeOfUrl(url: string, vendor: Reach, around: UrlContext): Place {
  const { publicUrl, localUrl, own, relays, path } = around;
  if (reachesRelay(url, vendor, around)) return 'current';
  const read = readRelayUrl(url, path);
  if (read === undefined) return 'foreign';
  const known = relays.find(({ relay, former = [] }) => relay === read.relay || former.includes(read.relay));
  // This window's own may not have been recorded yet.
  if (known === undefined) return read.relay === own ? 'old' : 'foreign';
  // It has another secret now.
  if (known.relay !== read.relay) return 'old';
  const wasLocal = vendor.reachesLocal && known.localBase === read.base;
  if (known.base !== read.base && !wasLocal) return 'old';
  if (known.relay !== own) return 'other';
  if (localUrl === null) return 'stopped';
  return publicUrl === null && !wasLocal ? 'asleep' : 'old';
}

/** The vendors that post to a relay, each to its own path. */
export type VendorPath = Exclude<HookPlace, 'health'>;

export interface RelayUrl {
  /** What precedes the path, such as `https://name.localtunnel.me`. */
  readonly base: string;
  /** Identifies the relay without revealing its secret. A relay with another secret has another name. */
  readonly relay: string;
}

/**
 * @param path of the vendor that posts there
 * @returns undefined if it isn't that URL of a webhook endpoint
 */
export function readRelayUrl(url: string, path: VendorPath): RelayUrl | undefined {
  const address = readHookUrl(url);
  if (address?.place !== path) return undefined;
  return { base: address.base, relay: nameOfSecret(address.secret) };
}

/** The path of the webhook endpoint on another base, such as a former one. */
export function withBase(url: string, base: string): string {
  const begin = readHookUrl(url)?.base ?? '';
  return base + url.slice(begin.length);
}

/** Segments of this length may be secret. */
const shownSegment = 12;

/** A URL to show: secret segments are cut, because an unguessable URL is a webhook's only protection. */
export function maskUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return '…';
  }
  const path = parsed.pathname
    .split('/')
    .map((segment) =>
      segment.length > shownSegment && !/^[a-z]+(?:-[a-z]+)*$/.test(segment) ? `${segment.slice(0, 4)}…` : segment,
    )
    .join('/');
  return `${parsed.protocol}//${parsed.host}${path}${parsed.search === '' ? '' : '?…'}`;
}
