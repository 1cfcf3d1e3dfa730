/** The body of `POST /instances` for an instance of the Campaign Monitor connector with events. */
import { z } from 'zod';
import { elementKey } from './notification.ts';

const optionalText = z.string().optional();

const grantCode = z.strictObject({ code: z.string().describe('The grant code from the consent page. It works once.') });

/**
 * Keys as on the page about the connector's events [docs]. With basic authentication, those of OAuth are missing
 * [docs]. The optional keys of the notification are those of events in general [docs]; whether this connector has them
 * is in `GET /elements/campaignmonitor`.
 */
export const instanceBodySchema = z.strictObject({
  element: z.strictObject({ key: z.literal(elementKey) }),
  providerData: grantCode.optional(),
  configuration: z.strictObject({
    'oauth.callback.url': optionalText,
    'oauth.api.key': optionalText,
    'oauth.api.secret': optionalText,
    username: optionalText.describe("Basic authentication: Campaign Monitor's API key."),
    password: optionalText.describe('Basic authentication; not in any sample for this connector.'),
    'company.name': optionalText.describe("Basic authentication: the Campaign Monitor account's name."),
    'event.notification.enabled': z.boolean(),
    'event.notification.callback.url': z.string(),
    'events.list.ids': z.string().describe('Comma-separated list IDs.'),
    'event.notification.signature.key': optionalText,
    'event.notification.basic.username': optionalText,
    'event.notification.basic.password': optionalText,
    'event.notification.callback.headers': optionalText.describe('A JSON object as text.'),
  }),
  tags: z.array(z.string()),
  name: z.string(),
});

export type InstanceBody = z.output<typeof instanceBodySchema>;

/** Missing text is empty. */
export interface InstanceInput {
  readonly name: string;
  readonly tags: readonly string[];
  readonly listIds: readonly string[];
  readonly eventsEnabled: boolean;
  readonly callbackUrl: string;
  readonly authentication: 'oauth' | 'basic';
  /** Where the browser goes after the consent; as registered at Campaign Monitor. */
  readonly oauthCallbackUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The grant code; empty until the consent has been given. */
  readonly code: string;
  readonly username?: string;
  /** For basic authentication, if Open Connectors requires one: Campaign Monitor ignores it. */
  readonly password?: string;
  /** For basic authentication: in Open Connectors' samples, and not explained. */
  readonly companyName?: string;
  readonly signatureKey?: string;
  readonly basicUsername?: string;
  readonly basicPassword?: string;
  readonly callbackHeaders?: Readonly<Record<string, string>>;
}

/** {@link buildInstanceBody} makes the sample of the documentation of this. */
export const emptyInstanceInput: InstanceInput = {
  name: '',
  tags: [],
  listIds: [],
  eventsEnabled: true,
  callbackUrl: '',
  authentication: 'oauth',
  oauthCallbackUrl: '',
  apiKey: '',
  apiSecret: '',
  code: '',
};

/**
 * Writes every key of the documented sample, `""` if it is not filled in (`[""]` for the tags). Basic authentication is
 * documented without a grant code and with the API key as `username`; the documents differ on `company.name` and
 * `password`, which are left out unless given.
 */
export function buildInstanceBody(input: InstanceInput): InstanceBody {
  const oauth = input.authentication === 'oauth';
  return {
    element: { key: elementKey },
    ...(oauth && { providerData: { code: input.code } }),
    configuration: {
      ...(oauth
        ? {
            'oauth.callback.url': input.oauthCallbackUrl,
            'oauth.api.key': input.apiKey,
            'oauth.api.secret': input.apiSecret,
          }
        : {
            username: input.username ?? '',
            ...given('password', input.password),
            ...given('company.name', input.companyName),
          }),
      'event.notification.enabled': input.eventsEnabled,
      'event.notification.callback.url': input.callbackUrl,
      'events.list.ids': input.listIds.join(','),
      ...given('event.notification.signature.key', input.signatureKey),
      ...given('event.notification.basic.username', input.basicUsername),
      ...given('event.notification.basic.password', input.basicPassword),
      ...given('event.notification.callback.headers', headersText(input.callbackHeaders)),
    },
    tags: input.tags.length > 0 ? [...input.tags] : [''],
    name: input.name,
  };
}

export function present(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return present(value) === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function headersText(headers: Readonly<Record<string, string>> | undefined): string | undefined {
  return headers === undefined || Object.keys(headers).length === 0 ? undefined : JSON.stringify(headers);
}

/**
 * Separated by commas, spaces, lines or semicolons, perhaps in quotes or brackets. Other text stays, so that
 * `checkInstanceInput` can report it.
 */
export function parseListIds(text: string): string[] {
  return text.split(/[\s,;'"[\]]+/).filter((id) => id !== '');
}
