import { z } from 'zod';
import { isWebhookUrl } from '../campaign-monitor/webhook-post.ts';
import { platformErrors } from './platform-error.ts';

/** Values are texts in responses, whatever they were in requests [live]. */
export type Configuration = Readonly<Record<string, string>>;

export const configurationSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? '' : String(value))),
);

/** Replaces a key, a secret or a password in responses [live]. */
export const masked = '********';

const secretKeys = new Set([
  'oauth.api.key',
  'oauth.api.secret',
  'oauth.user.refresh_token',
  'event.notification.signature.key',
  'event.notification.basic.password',
  // The API key, if an instance is authenticated by one [docs].
  'username',
  'password',
]);

/** `oauth.user.token` is not masked [live]. */
export function maskedConfiguration(configuration: Configuration): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [key, secretKeys.has(key) && value !== '' ? masked : value]),
  );
}

export interface EventSettings {
  readonly enabled: boolean;
  readonly callbackUrl: string;
  readonly listIds: readonly string[];
  readonly signatureKey: string;
  readonly basic: { readonly username: string; readonly password: string } | null;
  readonly headers: Readonly<Record<string, string>>;
}

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

/** The format is undocumented: this product writes a JSON object of texts. */
function callbackHeaders(text: string): Record<string, string> {
  if (text === '') return {};
  try {
    const headers = z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
      .safeParse(JSON.parse(text));
    if (headers.success) return headers.data;
  } catch {
    // Not JSON: reported below.
  }
  throw platformErrors.badRequest('event.notification.callback.headers is not a JSON object of headers');
}
