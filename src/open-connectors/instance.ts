/**
 * The body of `POST /instances` that makes an instance of the Campaign Monitor connector with events: built, checked,
 * masked and written as a curl command.
 */
import { z } from 'zod';
import { ipv4Of, isLoopback } from '../common/loopback.ts';
import { maskedValue, maskPlaces, SecretMask } from '../common/masking.ts';
import { shellQuoted } from '../common/shell-quote.ts';
import { elementKey } from './notification.ts';

const optionalText = z.string().optional();

const grantCode = z.strictObject({ code: z.string().describe('The grant code of the consent; it works once.') });

/**
 * The body, every key as in the platform's page on the connector's events [docs]. With basic authentication those of
 * OAuth are not there [docs]. The optional keys of the notification belong to the platform's events in general [docs];
 * whether this connector has them is told by `GET /elements/campaignmonitor`.
 */
export const instanceBodySchema = z.strictObject({
  element: z.strictObject({ key: z.literal(elementKey) }),
  providerData: grantCode.optional(),
  configuration: z.strictObject({
    'oauth.callback.url': optionalText,
    'oauth.api.key': optionalText,
    'oauth.api.secret': optionalText,
    username: optionalText.describe("Basic authentication: Campaign Monitor's API key."),
    password: optionalText.describe('Basic authentication: in no sample for this connector.'),
    'company.name': optionalText.describe("Basic authentication: the account's name at Campaign Monitor."),
    'event.notification.enabled': z.boolean(),
    'event.notification.callback.url': z.string(),
    'events.list.ids': z.string().describe('List ids, separated by commas.'),
    'event.notification.signature.key': optionalText,
    'event.notification.basic.username': optionalText,
    'event.notification.basic.password': optionalText,
    'event.notification.callback.headers': optionalText.describe('A JSON object, as text.'),
  }),
  tags: z.array(z.string()),
  name: z.string(),
});

/** The body of `POST /instances`. */
export type InstanceBody = z.output<typeof instanceBodySchema>;

/** What a developer fills in. Text that is not given is empty. */
export interface InstanceInput {
  readonly name: string;
  readonly tags: readonly string[];
  readonly listIds: readonly string[];
  readonly eventsEnabled: boolean;
  /** Where the platform posts notifications to. */
  readonly callbackUrl: string;
  readonly authentication: 'oauth' | 'basic';
  /** Where the browser goes after the consent; the one that is registered at Campaign Monitor. */
  readonly oauthCallbackUrl: string;
  /** The client id of the OAuth app. */
  readonly apiKey: string;
  /** The client secret of the OAuth app. */
  readonly apiSecret: string;
  /** The grant code; empty until the consent has been given. */
  readonly code: string;
  /** Campaign Monitor's API key, for basic authentication. */
  readonly username?: string;
  /** For basic authentication, where the platform insists on one: Campaign Monitor does not look at it. */
  readonly password?: string;
  /** For basic authentication: in the samples of the platform, and not explained. */
  readonly companyName?: string;
  /** The key that the platform signs notifications with. */
  readonly signatureKey?: string;
  /** Basic authentication of the callback. */
  readonly basicUsername?: string;
  readonly basicPassword?: string;
  /** Headers that the platform sends with each notification. */
  readonly callbackHeaders?: Readonly<Record<string, string>>;
}

/** Nothing given: what {@link buildInstanceBody} makes of it is the sample of the platform's page. */
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
 * The body for what was filled in: every key of the platform's sample, with `""` where nothing is given (`[""]` for the
 * tags), and the optional keys that have a value. It is not checked: see {@link checkInstanceInput}.
 *
 * Basic authentication is documented without a grant code and with the API key as `username`; the documents differ on
 * `company.name` and `password`, which are left out unless given.
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

function present(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return present(value) === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function headersText(headers: Readonly<Record<string, string>> | undefined): string | undefined {
  return headers === undefined || Object.keys(headers).length === 0 ? undefined : JSON.stringify(headers);
}

/** What is wrong with a field, as a code that whoever shows it puts into words. */
export type InstanceProblemCode =
  /** Needed and not given. */
  | 'missing'
  /** A space or line break before or after: copied along, most likely. */
  | 'surrounding-space'
  | 'not-a-url'
  /** A URL of another kind than http or https. */
  | 'not-http'
  /** The part behind `#` is never sent, and no callback may have one. */
  | 'url-with-fragment'
  /** The user and password in a URL are shown wherever it is. */
  | 'url-with-credentials'
  /** The platform cannot reach this machine's own address. */
  | 'loopback-url'
  /** The platform cannot reach an address of a private network. */
  | 'private-url'
  /** Notifications hold personal data, and http sends them in clear. */
  | 'unencrypted-url'
  | 'not-a-list-id'
  | 'duplicate-list-id'
  | 'empty-tag'
  | 'duplicate-tag'
  /** Anybody may guess it. */
  | 'short-key'
  | 'not-a-header-name'
  | 'not-a-header-value'
  | 'duplicate-header';

/** One thing that is wrong, or looks as if it were. */
export interface InstanceProblem {
  readonly field: keyof InstanceInput;
  /** An error would be refused or cannot work; a warning may be meant. */
  readonly severity: 'error' | 'warning';
  readonly code: InstanceProblemCode;
  /** The part that it is about, such as one list id of several; never a secret. */
  readonly value?: string;
}

/** Campaign Monitor's list ids: 32 hex digits [docs]. */
const listIdPattern = /^[0-9a-f]{32}$/i;

/** A key shorter than this, in characters, is worth a warning. */
const shortestKey = 16;

/**
 * Everything that is wrong with what was filled in, in the order of the fields. `code` is not looked for: it comes last,
 * with the consent.
 */
export function checkInstanceInput(input: InstanceInput): InstanceProblem[] {
  const oauth = input.authentication === 'oauth';
  return [
    ...checkText('name', input.name, true),
    ...checkTags(input.tags),
    ...(oauth
      ? [
          ...checkUrl('oauthCallbackUrl', input.oauthCallbackUrl, true),
          ...checkText('apiKey', input.apiKey, true),
          ...checkText('apiSecret', input.apiSecret, true),
          ...checkText('code', input.code, false),
        ]
      : checkText('username', input.username ?? '', true)),
    ...checkUrl('callbackUrl', input.callbackUrl, input.eventsEnabled),
    ...checkListIds(input.listIds, input.eventsEnabled),
    ...checkSignatureKey(input.signatureKey ?? ''),
    ...checkText('basicUsername', input.basicUsername ?? '', (input.basicPassword ?? '') !== ''),
    ...checkHeaders(input.callbackHeaders ?? {}),
  ];
}

function problem(
  field: keyof InstanceInput,
  code: InstanceProblemCode,
  severity: InstanceProblem['severity'] = 'error',
  value?: string,
): InstanceProblem {
  return { field, severity, code, ...(value !== undefined && { value }) };
}

function checkText(field: keyof InstanceInput, text: string, needed: boolean): InstanceProblem[] {
  if (text.trim() === '') return needed ? [problem(field, 'missing')] : [];
  return text === text.trim() ? [] : [problem(field, 'surrounding-space', 'warning')];
}

function checkTags(tags: readonly string[]): InstanceProblem[] {
  return tags.flatMap((tag, index) => {
    if (tag.trim() === '') return [problem('tags', 'empty-tag')];
    return tags.indexOf(tag) < index ? [problem('tags', 'duplicate-tag', 'warning', tag)] : [];
  });
}

function checkUrl(field: 'callbackUrl' | 'oauthCallbackUrl', text: string, needed: boolean): InstanceProblem[] {
  if (text.trim() === '') return needed ? [problem(field, 'missing')] : [];
  if (text !== text.trim()) return [problem(field, 'surrounding-space')];
  if (!URL.canParse(text)) return [problem(field, 'not-a-url')];
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    // A browser also goes to an application's own scheme, such as vscode:, and Campaign Monitor lets one register it.
    return field === 'oauthCallbackUrl' && text.includes('://') && !/^(javascript|data|file):/i.test(text)
      ? []
      : [problem(field, 'not-http')];
  }
  const problems: InstanceProblem[] = [];
  if (text.includes('#')) problems.push(problem(field, 'url-with-fragment'));
  if (url.username !== '' || url.password !== '') problems.push(problem(field, 'url-with-credentials', 'warning'));
  // The browser that comes back from the consent runs on the developer's machine and may well find it on loopback.
  if (field === 'oauthCallbackUrl') return problems;
  const reach = reachOf(url.hostname);
  if (reach !== 'public') problems.push(problem(field, `${reach}-url`, 'warning'));
  else if (url.protocol === 'http:') problems.push(problem(field, 'unencrypted-url', 'warning'));
  return problems;
}

/**
 * From where a host can be reached, as far as its name or address tells.
 * @param hostname as `URL.hostname` writes it: lower case, IPv6 in brackets
 */
export function reachOf(hostname: string): 'loopback' | 'private' | 'public' {
  if (isLoopback(hostname)) return 'loopback';
  const host = hostname.replace(/\.$/, '');
  if (/\.(local|internal|lan|home|intranet|corp|test|invalid)$/.test(host) || !/[.:]/.test(host)) return 'private';
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const ipv4 = ipv4Of(address);
  const isPrivate = ipv4 === undefined ? /^(?:f[cd]|fe[89ab]).*:/.test(address) : isPrivateIpv4(ipv4);
  return isPrivate ? 'private' : 'public';
}

function isPrivateIpv4(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 0 ||
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  );
}

function checkListIds(ids: readonly string[], needed: boolean): InstanceProblem[] {
  if (ids.length === 0) return needed ? [problem('listIds', 'missing')] : [];
  const lower = ids.map((id) => id.toLowerCase());
  return ids.flatMap((id, index) => {
    if (!listIdPattern.test(id)) return [problem('listIds', 'not-a-list-id', 'error', id)];
    return lower.indexOf(id.toLowerCase()) < index ? [problem('listIds', 'duplicate-list-id', 'error', id)] : [];
  });
}

function checkSignatureKey(key: string): InstanceProblem[] {
  if (key !== '' && key.trim().length < shortestKey) return [problem('signatureKey', 'short-key', 'warning')];
  return checkText('signatureKey', key, false);
}

function checkHeaders(headers: Readonly<Record<string, string>>): InstanceProblem[] {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return Object.entries(headers).flatMap(([name, value], index) => {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
      return [problem('callbackHeaders', 'not-a-header-name', 'error', name)];
    }
    if (names.indexOf(name.toLowerCase()) < index)
      return [problem('callbackHeaders', 'duplicate-header', 'error', name)];
    return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
      ? []
      : [problem('callbackHeaders', 'not-a-header-value', 'error', name)];
  });
}

/**
 * The list ids in a text as somebody types or pastes it: separated by commas, spaces, lines or semicolons, perhaps in
 * quotes or brackets. What is no list id stays, so that {@link checkInstanceInput} can name it.
 */
export function parseListIds(text: string): string[] {
  return text.split(/[\s,;'"[\]]+/).filter((id) => id !== '');
}

/** Keys of a configuration whose values are secrets, in the platform's spelling or a provider's. */
const secretKey =
  /(?:^|[._-])(?:secret|password|token|code|username|credentials?|authorization|api\.?key|signature\.?key|access\.?key)$/i;

/** A shorter secret would be found where it is not meant. */
const shortestSecret = 6;

/**
 * A body, or an instance as the platform answers with it, with every secret masked: by its key (grant code, client id
 * and secret, tokens, passwords, signature key), the values of callback headers, user and password in URLs, and wherever
 * else one of those values stands, plainly or encoded. Whatever is empty stays empty.
 */
export function maskInstanceBody<T>(body: T): T {
  const secrets = new Set<string>();
  collectSecrets(body, '', secrets);
  return maskValue(body, '', maskOf(secrets)) as T;
}

/**
 * What must not be seen where somebody quotes a body or a part of it: the values that {@link maskInstanceBody} masks,
 * and what in its callback URL may be a secret, such as a relay's.
 */
export function secretsIn(part: {
  readonly providerData?: { readonly code: string } | undefined;
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}): string[] {
  const secrets = new Set<string>();
  collectSecrets(part, '', secrets);
  const callbackUrl = part.configuration?.['event.notification.callback.url'];
  return [...secrets, ...(typeof callbackUrl === 'string' ? secretsInUrl(callbackUrl) : [])];
}

/** Long hex in the path and the values of the query; user and password are masked in any URL. */
function secretsInUrl(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { pathname, searchParams } = new URL(text);
  return [...(pathname.match(/[0-9a-f]{32,}/gi) ?? []), ...searchParams.values()];
}

/** What is nested deeper than this is masked whole: the walks below call themselves. No body nests deeper than five. */
const deepestShown = 100;

function collectSecrets(value: unknown, key: string, secrets: Set<string>, depth = 0): void {
  if (typeof value === 'string') {
    if (secretKey.test(key) && value !== '') secrets.add(value);
    else if (key.endsWith('callback.headers')) for (const each of headerValues(value)) secrets.add(each);
  } else if (typeof value === 'object' && value !== null && depth < deepestShown) {
    for (const [name, each] of Object.entries(value)) collectSecrets(each, name, secrets, depth + 1);
  }
}

function maskValue(value: unknown, key: string, mask: SecretMask, depth = 0): unknown {
  if (typeof value === 'string') {
    if (value === '') return value;
    if (secretKey.test(key)) return maskedValue;
    if (key.endsWith('callback.headers')) return maskHeadersText(value);
    return maskPlaces(mask.in(value), [userInfo]);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepestShown) return maskedValue;
  if (Array.isArray(value)) return value.map((each) => maskValue(each, key, mask, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, maskValue(each, name, mask, depth + 1)]),
  );
}

function parsedHeaders(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function headerValues(text: string): string[] {
  return Object.values(parsedHeaders(text) ?? {}).filter((value) => typeof value === 'string');
}

function maskHeadersText(text: string): string {
  const headers = parsedHeaders(text);
  if (headers === undefined) return maskedValue;
  return JSON.stringify(Object.fromEntries(Object.keys(headers).map((name) => [name, maskedValue])));
}

/** User and password in a URL. */
const userInfo = { pattern: /\w:\/\/(?<secret>[^\s/?#@"']+)@/dg };

/** A text in which each of the secrets is masked, however it is written, and so are user and password in a URL. */
export function maskText(text: string, secrets: Iterable<string>): string {
  return maskPlaces(maskOf(secrets).in(text), [userInfo]);
}

function maskOf(secrets: Iterable<string>): SecretMask {
  return new SecretMask([...secrets].filter((secret) => secret.length >= shortestSecret));
}

/** What {@link toInstanceCurl} takes beside the body. */
export interface InstanceCurlOptions {
  /** The base of the platform's API, `https://<host>/elements/api-v2`. */
  readonly baseUrl: string;
  /** Leave the body's secrets in clear, and put those of the header there if they are given. */
  readonly withSecrets: boolean;
  readonly userSecret?: string;
  readonly organizationSecret?: string;
}

/** What stands for each secret of a body in a command that is shared. */
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
 * Secrets are placeholders such as `<OAUTH_API_SECRET>` unless asked for.
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
