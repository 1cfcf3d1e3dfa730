import { maskedValue } from '../common/masking.ts';
import { shellQuoted } from '../common/programs/shell-quote.ts';
import { present, type InstanceBody } from './instance-body.ts';
import { maskInstanceBody } from './instance-mask.ts';

export interface InstanceCurlOptions {
  /** `https://<host>/elements/api-v2`. */
  readonly baseUrl: string;
  /** Don't mask the body's secrets, and use those of the header if they are given. */
  readonly withSecrets: boolean;
  readonly userSecret?: string;
  readonly organizationSecret?: string;
}

/** For the secrets of a body in a command that is shared. */
const placeholders: Readonly<Record<string, string>> = {
  code: '<GRANT_CODE>',
  'oauth.api.key': '<OAUTH_API_KEY>',
  'oauth.api.secret': '<OAUTH_API_SECRET>',
  username: '<CAMPAIGN_MONITOR_API_KEY>',
  password: '<PASSWORD>',
  'event.notification.signature.key': '<SIGNATURE_KEY>',
  'event.notification.basic.username': '<CALLBACK_USERNAME>',
  'event.notification.basic.password': '<CALLBACK_PASSWORD>',
};

/**
 * A curl command for a POSIX shell that posts a body to `/instances`. Nothing in it is expanded by the shell or by curl.
 * Secrets are placeholders such as `<OAUTH_API_SECRET>` unless wanted.
 */
export function toInstanceCurl(body: InstanceBody, options: InstanceCurlOptions): string {
  const user = (options.withSecrets && present(options.userSecret)) || '<USER_SECRET>';
  const organization = (options.withSecrets && present(options.organizationSecret)) || '<ORGANIZATION_SECRET>';
  const shown = options.withSecrets ? body : withPlaceholders(body);
  return [
    `curl -sS -X POST --globoff ${shellQuoted(`${options.baseUrl}/instances`)}`,
    `-H ${shellQuoted(`Authorization: User ${user}, Organization ${organization}`)}`,
    `-H 'Content-Type: application/json'`,
    `--data-raw ${shellQuoted(JSON.stringify(shown, null, 2))}`,
  ].join(' \\\n  ');
}

function withPlaceholders(body: InstanceBody): InstanceBody {
  const safe = maskInstanceBody(body);
  const named = (key: string, value: string): string => (value === maskedValue ? (placeholders[key] ?? value) : value);
  return {
    ...safe,
    ...(safe.providerData && { providerData: { code: named('code', safe.providerData.code) } }),
    configuration: Object.fromEntries(
      Object.entries(safe.configuration).map(([key, value]) => [
        key,
        typeof value === 'string' ? named(key, value) : value,
      ]),
    ) as InstanceBody['configuration'],
  };
}
