/** The webhook endpoint's path, `/hooks/<secret>/<place>`: built, read and masked only here. */

export const hookPrefix = '/hooks/';

export const hookPlaces = ['campaign-monitor', 'open-connectors', 'health'] as const;
export type HookPlace = (typeof hookPlaces)[number];

/** 32 lower-case hex digits. */
export const hookSecretForm = /^[0-9a-f]{32}$/;

export function hookPath(secret: string, place: HookPlace): string {
  return `${hookPrefix}${secret}/${place}`;
}

/** @param base where the relay is reached, without a slash at the end, such as `http://127.0.0.1:8787` */
export function hookUrl(base: string, secret: string, place: HookPlace): string {
  return base + hookPath(secret, place);
}

export interface HookAddress {
  /** What is before the path, such as `https://name.localtunnel.me`, including any path that a proxy adds. */
  readonly base: string;
  readonly secret: string;
  readonly place: HookPlace;
}

/**
 * Reads what {@link hookUrl} returns, and nothing else: no slash at the end, no query.
 * @returns undefined if it is no such URL or path
 */
export function readHookUrl(text: string): HookAddress | undefined {
  const [, base, secret, place] = /^([^?#]*)\/hooks\/([0-9a-f]{32})\/([a-z-]+)$/.exec(text) ?? [];
  const known = hookPlaces.find((each) => each === place);
  return base === undefined || secret === undefined || known === undefined ? undefined : { base, secret, place: known };
}

/** Whether a text, which may be half typed, contains a relay's secret. */
export function holdsHookSecret(text: string): boolean {
  return /\/hooks\/[0-9a-f]{32}(?:\/|$)/i.test(text);
}

/** Position of the secret in any text, also after a base whose own path ends like the prefix. */
export const hookSecret = { pattern: /(?:\/hooks)+\/(?<secret>[^/\s?#"']+)/dgi };
