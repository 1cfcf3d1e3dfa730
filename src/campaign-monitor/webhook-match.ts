/** Whose a webhook is: told by the secret in its URL's path, which only this machine's relay knows. */
import { hookSecretForm, readHookUrl } from '../common/hook-path.ts';
import { nameOfSecret } from '../common/secret-name.ts';

/**
 * - `current`: it points to the running relay
 * - `old`: it points to a relay of this machine, at an address that is no longer the running one's
 * - `foreign`: somebody else's
 */
export type WebhookMatch = 'current' | 'old' | 'foreign';

export interface OwnAddresses {
  /** Where the running relay is reached; several where it has more than one address; null where none runs. */
  readonly current: string | readonly string[] | null;
  /** Secrets of this machine's data directories, or paths or URLs that hold them. */
  readonly ours: readonly string[];
  /** The names of secrets that these had before. */
  readonly former?: readonly string[];
}

/** Whose a webhook with this URL is. */
export function matchWebhook(url: string, { current, ours, former = [] }: OwnAddresses): WebhookMatch {
  const addresses = current === null ? [] : typeof current === 'string' ? [current] : current;
  if (addresses.some((address) => sameAddress(url, address))) return 'current';
  const secret = pathSecret(url);
  if (secret === null) return 'foreign';
  const known = [...ours, ...addresses].some(
    (own) => (hookSecretForm.test(own.toLowerCase()) ? own.toLowerCase() : pathSecret(own)) === secret,
  );
  return known || former.includes(nameOfSecret(secret)) ? 'old' : 'foreign';
}

/** The webhook endpoint's secret in a URL or path, `/hooks/<32 hex digits>/…`; null where there is none. */
export function pathSecret(urlOrPath: string): string | null {
  const path = URL.canParse(urlOrPath) ? new URL(urlOrPath).pathname : urlOrPath;
  const address = readHookUrl(path.toLowerCase().replace(/\/$/, ''));
  return address?.place === 'campaign-monitor' ? address.secret : null;
}

/** Whether two URLs are the same address: capitals of the host, a default port and a final slash do not count. */
export function sameAddress(a: string, b: string): boolean {
  const normal = normalised(a);
  return normal !== null && normal === normalised(b);
}

/** null where it is no URL. */
function normalised(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}${url.search}`;
}
