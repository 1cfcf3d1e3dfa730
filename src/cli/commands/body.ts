import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { baseUrlOf, OpenConnectorsHostError, regions } from '../../open-connectors/host.ts';
import { buildInstanceBody, emptyInstanceInput, parseListIds } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput } from '../../open-connectors/instance-check.ts';
import { toInstanceCurl } from '../../open-connectors/instance-curl.ts';
import type { InstanceInput } from '../../open-connectors/instance-body.ts';
import type { InstanceProblem, InstanceProblemCode } from '../../open-connectors/instance-check.ts';
import { UsageError } from '../errors.ts';
import { checkedBy, collectedBy, newCommand, notEmpty } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { note, print } from '../output.ts';
import { printable } from '../text.ts';

interface BodyOptions extends CommonOptions {
  name?: string;
  list?: string[];
  callbackUrl?: string;
  /** False with --no-events. */
  events: boolean;
  oauthCallbackUrl?: string;
  tag?: string[];
  code?: string;
  curl?: boolean;
  host?: string;
  withSecrets?: boolean;
}

/** The platform's host where none is given: the one of its documents. */
const defaultHost = regions[0]?.host ?? '';

/** `cm-relay body`. */
export function bodyCommand(): Command {
  return newCommand(
    'body',
    'print the body that creates an instance in Open Connectors',
    'Prints the JSON body of POST /instances, which creates an instance of the Campaign Monitor connector with events. What is given is checked, and what is not given is "", to be filled in. The client id and the client secret of the OAuth app come from the environment variables OAUTH_API_KEY and OAUTH_API_SECRET.',
    [
      'Examples:',
      '  cm-relay body                                             every key, nothing filled in',
      '  cm-relay body --name "My lists" --list 4fe1… --callback-url https://…/open-connectors > body.json',
      '  cm-relay body --name "My lists" --curl                    a command with placeholders for secrets',
      '',
      'Next: post it with your user and organization secret; --curl prints the command. Keep the id and the token of',
      'the answer.',
    ],
  )
    .addOption(new Option('--name <name>', "the instance's name").argParser(checkedBy(notEmpty('a name'))))
    .addOption(
      new Option('--list <id>', 'a list to watch, 32 hex digits; may be given several times').argParser(
        collectedBy(z.string().refine((text) => parseListIds(text).length > 0, 'expected a list id, 32 hex digits')),
      ),
    )
    .addOption(
      new Option('--callback-url <url>', 'where Open Connectors posts notifications').argParser(
        checkedBy(notEmpty('a URL')),
      ),
    )
    .addOption(new Option('--no-events', 'an instance without events'))
    .addOption(
      new Option('--oauth-callback-url <url>', 'the callback that is registered for the OAuth app').argParser(
        checkedBy(notEmpty('a URL')),
      ),
    )
    .addOption(new Option('--tag <tag>', 'a tag; may be given several times').argParser(collectedBy(notEmpty('a tag'))))
    .addOption(
      new Option('--code <code>', 'the grant code that the consent ended with; it works once').argParser(
        checkedBy(notEmpty('a code')),
      ),
    )
    .addOption(new Option('--curl', 'a curl command that posts it, with placeholders for secrets'))
    .addOption(
      new Option('--host <host>', `the host of your Open Connectors, for --curl (default: ${defaultHost})`).argParser(
        checkedBy(notEmpty('a host')),
      ),
    )
    .addOption(new Option('--with-secrets', 'leave secrets in clear in the curl command'))
    .action(body);
}

async function body(options: BodyOptions): Promise<void> {
  if (options.curl !== true) {
    if (options.host !== undefined) throw new UsageError('--host goes with --curl');
    if (options.withSecrets === true) throw new UsageError('--with-secrets goes with --curl: JSON has them in clear');
  }
  const { OAUTH_API_KEY, OAUTH_API_SECRET } = process.env;
  const input: InstanceInput = {
    ...emptyInstanceInput,
    name: options.name ?? '',
    tags: options.tag ?? [],
    listIds: (options.list ?? []).flatMap(parseListIds),
    eventsEnabled: options.events,
    callbackUrl: options.callbackUrl ?? '',
    oauthCallbackUrl: options.oauthCallbackUrl ?? '',
    apiKey: OAUTH_API_KEY ?? '',
    apiSecret: OAUTH_API_SECRET ?? '',
    code: options.code ?? '',
  };
  // What is missing is there as "", to be filled in.
  const problems = checkInstanceInput(input).filter(({ code }) => code !== 'missing');
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new UsageError(sentence(error));
  const built = buildInstanceBody(input);
  const text =
    options.curl === true
      ? toInstanceCurl(built, { baseUrl: baseUrl(options.host), withSecrets: options.withSecrets === true })
      : JSON.stringify(built, null, 2);
  for (const warning of problems) note(`warning: ${sentence(warning)}`);
  await print(`${text}\n`);
}

function baseUrl(host = defaultHost): string {
  try {
    return baseUrlOf(host);
  } catch (error) {
    if (!(error instanceof OpenConnectorsHostError)) throw error;
    throw new UsageError(`--host: ${error.message}`, error.next);
  }
}

/** Where each field comes from. */
const sources: Partial<Record<keyof InstanceInput, string>> = {
  name: '--name',
  tags: '--tag',
  listIds: '--list',
  callbackUrl: '--callback-url',
  oauthCallbackUrl: '--oauth-callback-url',
  code: '--code',
  apiKey: 'OAUTH_API_KEY',
  apiSecret: 'OAUTH_API_SECRET',
};

const sentences: Record<InstanceProblemCode, string> = {
  missing: 'is missing',
  'surrounding-space': 'has a space or line break before or after it',
  'not-a-url': 'is not a URL: expected one that begins with http:// or https://',
  'not-http': 'is not a URL that begins with http:// or https://',
  'url-with-fragment': 'holds a #: what comes after it is never sent',
  'url-with-credentials': 'holds a user or password, which is shown wherever the URL is',
  'loopback-url': 'leads to this machine, which Open Connectors cannot reach: give the public URL of a tunnel',
  'private-url': 'leads into a private network, which Open Connectors cannot reach: give a public URL',
  'unencrypted-url': 'is not encrypted, and notifications hold personal data: use https://',
  'not-a-list-id': 'is not a list id: expected 32 hex digits',
  'duplicate-list-id': 'was given twice',
  'empty-tag': 'is empty',
  'duplicate-tag': 'was given twice',
  'short-key': 'is short enough to be guessed',
  'not-a-header-name': "is not a header's name",
  'not-a-header-value': 'has a value that no header can have',
  'duplicate-header': 'was given twice',
};

function sentence({ field, code, value }: InstanceProblem): string {
  const what = value === undefined ? '' : ` ${printable(value)}`;
  return `${sources[field] ?? field}${what} ${sentences[code]}`;
}
