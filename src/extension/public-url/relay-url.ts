/** What a URL of a relay's webhook endpoint says: which relay it is for, and where that was reached. Nothing here keeps its secret. */
import { readHookUrl } from '../../common/hook-path.ts';
import type { HookPlace } from '../../common/hook-path.ts';
import { nameOfSecret } from '../../common/secret-name.ts';

/** The vendors that post to a relay, each to a path of its own. */
export type VendorPath = Exclude<HookPlace, 'health'>;

/** A URL of a relay's webhook endpoint, taken apart. */
export interface RelayUrl {
  /** What is before the path, such as `https://name.localtunnel.me`. */
  readonly base: string;
  /** Names the relay without giving its secret away. A relay that is given another secret has another name. */
  readonly relay: string;
}

/**
 * @param path the vendor's that posts there
 * @returns undefined where it is not that URL of a relay's webhook endpoint
 */
export function readRelayUrl(url: string, path: VendorPath): RelayUrl | undefined {
  const address = readHookUrl(url);
  if (address?.place !== path) return undefined;
  return { base: address.base, relay: nameOfSecret(address.secret) };
}

/** The webhook endpoint's path on another base: where the same relay is or was reached. */
export function withBase(url: string, base: string): string {
  const begin = readHookUrl(url)?.base ?? '';
  return base + url.slice(begin.length);
}

/** Segments of this length may be what protects the URL. */
const shownSegment = 12;

/** A URL for the eye: what may be a secret is cut, since an unguessable URL is a webhook's only protection. */
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
