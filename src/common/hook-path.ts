/** The webhook endpoint's path, `/hooks/<secret>/<place>`: built, read and masked only here. */

export const hookPrefix = '/hooks/';

export const hookPlaces = ['campaign-monitor', 'open-connectors', 'health'] as const;
export type HookPlace = (typeof hookPlaces)[number];

export const hookSecretForm = /^[0-9a-f]{32}$/;

export function hookPath(secret: string, place: HookPlace): string {
  return `${hookPrefix}${secret}/${place}`;
}

/** @param base where the relay is reached, without a slash at the end, such as `http://127.0.0.1:8787` */
export function hookUrl(base: string, secret: string, place: HookPlace): string {
  return base + hookPath(secret, place);
}

export interface HookAddress {
  /** Includes any path that a proxy adds. */
  readonly base: string;
  readonly secret: string;
  readonly place: HookPlace;
}

/** @returns undefined if the text is not exactly what {@link hookUrl} returns */
export function readHookUrl(text: string): HookAddress | undefined {
  const [, base, secret, place] = /^([^?#]*)\/hooks\/([0-9a-f]{32})\/([a-z-]+)$/.exec(text) ?? [];
  const known = hookPlaces.find((each) => each === place);
  return base === undefined || secret === undefined || known === undefined ? undefined : { base, secret, place: known };
}

export function holdsHookSecret(text: string): boolean {
  return /\/hooks\/[0-9a-f]{32}(?:\/|$)/i.test(text);
}

/** Position of the secret in any text, also after a base whose own path ends like the prefix. */
export const hookSecret = { pattern: /(?:\/hooks)+\/(?<secret>[^/\s?#"']+)/dgi };
