import { Option } from 'commander';
import { z } from 'zod';
import { emptyInstanceInput, parseListIds, type InstanceInput } from '../../open-connectors/instance-body.ts';
import type { InstanceProblem, InstanceProblemCode } from '../../open-connectors/instance-check.ts';
import { checkedBy, collectedBy, notEmpty } from '../flags.ts';
import { printable } from '../terminal/text.ts';

export interface InstanceFlags {
  name?: string;
  list?: string[];
  callbackUrl?: string;
  events: boolean;
  oauthCallbackUrl?: string;
  tag?: string[];
}

export const appVariables = { apiKey: 'OAUTH_API_KEY', apiSecret: 'OAUTH_API_SECRET' } as const;

export function listFlag(description: string): Option {
  return new Option('--list <id>', `${description}, 32 hex digits; repeatable`).argParser(
    collectedBy(z.string().refine((text) => parseListIds(text).length > 0, 'expected a list ID, 32 hex digits')),
  );
}

export function instanceFlags(): Option[] {
  return [
    new Option('--name <name>', 'instance name').argParser(checkedBy(notEmpty('a name'))),
    listFlag('list to watch'),
    new Option('--callback-url <url>', 'where Open Connectors posts notifications').argParser(
      checkedBy(notEmpty('a URL')),
    ),
    new Option('--no-events', 'create an instance without events'),
    new Option('--oauth-callback-url <url>', 'callback registered for the OAuth app').argParser(
      checkedBy(notEmpty('a URL')),
    ),
    new Option('--tag <tag>', 'tag; repeatable').argParser(collectedBy(notEmpty('a tag'))),
  ];
}

export function instanceOfFlags(flags: InstanceFlags): InstanceInput {
  return {
    ...emptyInstanceInput,
    name: flags.name ?? '',
    tags: flags.tag ?? [],
    listIds: (flags.list ?? []).flatMap(parseListIds),
    eventsEnabled: flags.events,
    callbackUrl: flags.callbackUrl ?? '',
    oauthCallbackUrl: flags.oauthCallbackUrl ?? '',
  };
}

type FieldSources = Readonly<Partial<Record<keyof InstanceInput, string>>>;

const sources: FieldSources = {
  name: '--name',
  tags: '--tag',
  listIds: '--list',
  callbackUrl: '--callback-url',
  oauthCallbackUrl: '--oauth-callback-url',
  code: '--code',
  apiKey: appVariables.apiKey,
  apiSecret: appVariables.apiSecret,
  username: 'CAMPAIGN_MONITOR_API_KEY',
  signatureKey: '--signature-key-env',
  basicUsername: '--callback-user',
  basicPassword: '--callback-password-env',
  callbackHeaders: '--callback-headers-env',
};

const sentences: Record<InstanceProblemCode, string> = {
  missing: 'is missing',
  'surrounding-space': 'starts or ends with a space or line break',
  'not-a-url': 'is not a URL: it must start with http:// or https://',
  'not-http': 'is not a URL that starts with http:// or https://',
  'url-with-fragment': 'contains a #, and the part after it is never sent',
  'url-with-credentials': 'contains a user name or password, which is visible wherever the URL is shown',
  'loopback-url': "is on this machine, which Open Connectors cannot reach: use a tunnel's public URL",
  'private-url': 'is on a private network, which Open Connectors cannot reach: use a public URL',
  'unencrypted-url': 'is not encrypted, and notifications contain personal data: use https://',
  'not-a-list-id': 'is not a list ID: expected 32 hex digits',
  'duplicate-list-id': 'appears twice',
  'empty-tag': 'is empty',
  'duplicate-tag': 'appears twice',
  'short-key': 'gives a short key that could be guessed',
  'not-a-header-name': 'is not a valid header name',
  'not-a-header-value': 'has a value that is not allowed in a header',
  'duplicate-header': 'appears twice',
};

export function problemSentence({ field, code, value }: InstanceProblem, others: FieldSources = {}): string {
  const what = value === undefined ? '' : ` ${printable(value)}`;
  return `${others[field] ?? sources[field] ?? field}${what} ${sentences[code]}`;
}
