import { isSameUrl } from '../../common/same-url.ts';
import type { KnownRelay, KnownRelays } from '../session/known-relays.ts';
import type { Session } from '../session/session.ts';
import { readHookUrl, type HookPlace } from '../../common/hook-path.ts';
import { nameOfSecret } from '../../common/secret-name.ts';

/**
 * - `current`: this window's relay
 * - `asleep`: its last public URL, which it may get again; it has none now
 * - `stopped`: its last URL, while it isn't running
 * - `old`: a former URL of a relay on this machine
 * - `other`: the last URL of another folder's relay on this machine
 * - `foreign`: not a relay of this machine
 */
export type Place = 'current' | 'asleep' | 'stopped' | 'old' | 'other' | 'foreign';

export interface RelayUrls {
  readonly publicUrl: string | null;
  /** Null if the relay isn't running. */
  readonly localUrl: string | null;
}

export interface UrlContext extends RelayUrls {
  readonly path: VendorPath;
  readonly own: string | undefined;
  readonly relays: readonly KnownRelay[];
}

/** The sandbox reaches local URLs, because it runs on this machine. */
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

/** Null if the vendor can't reach the relay now. */
export function urlFor({ reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): string | null {
  return publicUrl ?? (reachesLocal ? localUrl : null);
}

export function reachesRelay(url: string, { reachesLocal }: Reach, { publicUrl, localUrl }: RelayUrls): boolean {
  return isSameUrl(url, publicUrl) || (reachesLocal && isSameUrl(url, localUrl));
}

export function placeOfUrl(url: string, vendor: Reach, around: UrlContext): Place {
  const { publicUrl, localUrl, own, relays, path } = around;
  if (reachesRelay(url, vendor, around)) return 'current';
  const read = readRelayUrl(url, path);
  if (read === undefined) return 'foreign';
  const known = relays.find(({ relay, former = [] }) => relay === read.relay || former.includes(read.relay));
  // This window's relay may not have been recorded yet.
  if (known === undefined) return read.relay === own ? 'old' : 'foreign';
  if (known.relay !== read.relay) return 'old';
  const wasLocal = vendor.reachesLocal && known.localBase === read.base;
  if (known.base !== read.base && !wasLocal) return 'old';
  if (known.relay !== own) return 'other';
  if (localUrl === null) return 'stopped';
  return publicUrl === null && !wasLocal ? 'asleep' : 'old';
}

export type VendorPath = Exclude<HookPlace, 'health'>;

export interface RelayUrl {
  /** What precedes the path, such as `https://name.localtunnel.me`. */
  readonly base: string;
  /** A hash of the relay's secret, so a new secret changes it. */
  readonly relay: string;
}

/** Undefined if `url` isn't a webhook endpoint's with this path. */
export function readRelayUrl(url: string, path: VendorPath): RelayUrl | undefined {
  const address = readHookUrl(url);
  if (address?.place !== path) return undefined;
  return { base: address.base, relay: nameOfSecret(address.secret) };
}

export function withBase(url: string, base: string): string {
  const begin = readHookUrl(url)?.base ?? '';
  return base + url.slice(begin.length);
}

/** Segments of this length or longer may be secret. */
const shownSegment = 12;

/** Masks secret segments: an unguessable URL is a webhook's only protection. */
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
