import type { InstanceInput } from './instance-body.ts';
import { ipv4Of, isLoopback } from '../common/loopback.ts';

/** The caller has the texts. */
export type InstanceProblemCode =
  | 'missing'
  /** A space or line break before or after, probably copied by mistake. */
  | 'surrounding-space'
  | 'not-a-url'
  | 'not-http'
  /** The part after `#` is never sent, and a callback must not have one. */
  | 'url-with-fragment'
  /** The user and password in a URL are shown wherever the URL is. */
  | 'url-with-credentials'
  /** Open Connectors cannot reach this machine's own address. */
  | 'loopback-url'
  /** Open Connectors cannot reach an address of a private network. */
  | 'private-url'
  /** Notifications contain personal data, and http is not encrypted. */
  | 'unencrypted-url'
  | 'not-a-list-id'
  | 'duplicate-list-id'
  | 'empty-tag'
  | 'duplicate-tag'
  /** Easy to guess. */
  | 'short-key'
  | 'not-a-header-name'
  | 'not-a-header-value'
  | 'duplicate-header';

export interface InstanceProblem {
  readonly field: keyof InstanceInput;
  /** An error would be refused or cannot work; a warning may be intended. */
  readonly severity: 'error' | 'warning';
  readonly code: InstanceProblemCode;
  /** The part with the problem, such as one of several list IDs; never a secret. */
  readonly value?: string;
}

/** Campaign Monitor's list IDs: 32 hex digits [docs]. */
const listIdPattern = /^[0-9a-f]{32}$/i;

const shortestKey = 16;

/** All problems, in the order of the fields. `code` may be missing: it comes last, with the consent. */
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
    // A browser also opens an application's own scheme, such as vscode:, which can be registered at Campaign Monitor.
    return field === 'oauthCallbackUrl' && text.includes('://') && !/^(javascript|data|file):/i.test(text)
      ? []
      : [problem(field, 'not-http')];
  }
  const problems: InstanceProblem[] = [];
  if (text.includes('#')) problems.push(problem(field, 'url-with-fragment'));
  if (url.username !== '' || url.password !== '') problems.push(problem(field, 'url-with-credentials', 'warning'));
  // The browser that returns from the consent runs on the developer's machine and can reach loopback.
  if (field === 'oauthCallbackUrl') return problems;
  const reach = reachOf(url.hostname);
  if (reach !== 'public') problems.push(problem(field, `${reach}-url`, 'warning'));
  else if (url.protocol === 'http:') problems.push(problem(field, 'unencrypted-url', 'warning'));
  return problems;
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

/** @param hostname as `URL.hostname` writes it: lower case, IPv6 in brackets */
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
