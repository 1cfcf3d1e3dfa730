/** What the URL of a webhook endpoint says: which relay it is for, and its base. Nothing here keeps its secret. */
import { readHookUrl } from '../../common/hook-path.ts';
import type { HookPlace } from '../../common/hook-path.ts';
import { nameOfSecret } from '../../common/secret-name.ts';

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
