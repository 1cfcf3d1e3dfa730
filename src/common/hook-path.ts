/** The webhook endpoint's path, `/hooks/<secret>/<place>`: made, read and masked here alone. */

/** What stands before the secret. */
export const hookPrefix = '/hooks/';

/** What a path under the right secret leads to. */
export const hookPlaces = ['campaign-monitor', 'open-connectors', 'health'] as const;
export type HookPlace = (typeof hookPlaces)[number];

/** 32 hex digits in lower case, as a data directory remembers them. */
export const hookSecretForm = /^[0-9a-f]{32}$/;

/** The path of a place under a relay's secret. */
export function hookPath(secret: string, place: HookPlace): string {
  return `${hookPrefix}${secret}/${place}`;
}

/**
 * The URL of a place.
 * @param base where the relay is reached, without a slash at the end, such as `http://127.0.0.1:8787`
 */
export function hookUrl(base: string, secret: string, place: HookPlace): string {
  return base + hookPath(secret, place);
}

/** A URL of a relay's webhook endpoint, or its path, taken apart. */
export interface HookAddress {
  /** What is before the path, such as `https://name.localtunnel.me`, with whatever path a proxy adds. */
  readonly base: string;
  readonly secret: string;
  readonly place: HookPlace;
}

/**
 * Reads what {@link hookUrl} makes, and nothing else: neither a slash behind it nor a query.
 * @returns undefined where it is no such URL or path
 */
export function readHookUrl(text: string): HookAddress | undefined {
  const [, base, secret, place] = /^([^?#]*)\/hooks\/([0-9a-f]{32})\/([a-z-]+)$/.exec(text) ?? [];
  const known = hookPlaces.find((each) => each === place);
  return base === undefined || secret === undefined || known === undefined ? undefined : { base, secret, place: known };
}

/** Whether a relay's secret stands in a text that may be half typed. */
export function holdsHookSecret(text: string): boolean {
  return /\/hooks\/[0-9a-f]{32}(?:\/|$)/i.test(text);
}

/** Where the secret stands in any text, also behind a base whose own path ends like the prefix. */
export const hookSecret = { pattern: /(?:\/hooks)+\/(?<secret>[^/\s?#"']+)/dgi };
