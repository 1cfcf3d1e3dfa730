/** An instance's configuration: the keys that the platform knows, what they mean, and what it shows of them. */
import { z } from 'zod';
import { isWebhookUrl } from '../campaign-monitor/webhook-post.ts';
import { platformErrors } from './platform-error.ts';

/** Values are text on the way out, whatever they were on the way in [live]. */
export type Configuration = Readonly<Record<string, string>>;

export const configurationSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? '' : String(value))),
);

/** What stands for a key, a secret or a password on the way out [live]. */
export const masked = '********';

const secretKeys = new Set([
  'oauth.api.key',
  'oauth.api.secret',
  'oauth.user.refresh_token',
  'event.notification.signature.key',
  'event.notification.basic.password',
  // The API key, where an instance is authenticated by one [docs].
  'username',
  'password',
]);

/** The configuration as an answer shows it: `oauth.user.token` stays in clear [live]. */
export function maskedConfiguration(configuration: Configuration): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [key, secretKeys.has(key) && value !== '' ? masked : value]),
  );
}

/** What of a configuration decides where notifications go, and from which lists they come. */
export interface EventSettings {
  readonly enabled: boolean;
  readonly callbackUrl: string;
  readonly listIds: readonly string[];
  readonly signatureKey: string;
  readonly basic: { readonly username: string; readonly password: string } | null;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads the event settings.
 * @throws PlatformError 400 for events without a usable callback URL, or for unreadable callback headers
 */
export function eventSettings(configuration: Configuration): EventSettings {
  const value = (key: string): string => configuration[`event.notification.${key}`]?.trim() ?? '';
  const enabled = value('enabled').toLowerCase() === 'true';
  const callbackUrl = value('callback.url');
  if (enabled && callbackUrl === '') {
    throw platformErrors.badRequest('event.notification.callback.url is required when events are enabled');
  }
  if (callbackUrl !== '' && !isWebhookUrl(callbackUrl)) {
    throw platformErrors.badRequest('event.notification.callback.url is not a valid URL');
  }
  const username = value('basic.username');
  return {
    enabled,
    callbackUrl,
    listIds: [...new Set((configuration['events.list.ids'] ?? '').split(/[\s,]+/).filter((id) => id !== ''))],
    signatureKey: configuration['event.notification.signature.key'] ?? '',
    basic: username === '' ? null : { username, password: configuration['event.notification.basic.password'] ?? '' },
    headers: callbackHeaders(value('callback.headers')),
  };
}

/** The form of this value is documented nowhere: a JSON object of texts is what this product writes. */
function callbackHeaders(text: string): Record<string, string> {
  if (text === '') return {};
  try {
    const headers = z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
      .safeParse(JSON.parse(text));
    if (headers.success) return headers.data;
  } catch {
    // Not JSON: said below.
  }
  throw platformErrors.badRequest('event.notification.callback.headers is not a JSON object of headers');
}
