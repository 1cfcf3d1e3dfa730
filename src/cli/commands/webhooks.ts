import { Argument, Option, type Command } from 'commander';
import { z } from 'zod';
import { CampaignMonitorError } from '../../campaign-monitor/api-error.ts';
import { webhookFormats } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorList, Webhook, WebhookFormat } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { registerWebhook } from '../../campaign-monitor/registration.ts';
import { webhookEventTypes, type WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { campaignMonitorHost, serviceAt, type CampaignMonitorService } from '../../campaign-monitor/service.ts';
import { explainTestFailure, testFailureText } from '../../campaign-monitor/test-failure.ts';
import { isLoopback } from '../../common/loopback.ts';
import { maskSecrets } from '../../export/item.ts';
import { apiKeyVariable, serviceOfHost, vendorId, withCampaignMonitor } from '../vendors/campaign-monitor.ts';
import { CommandError, UsageError } from '../errors.ts';
import { checkedBy, collectedBy, commandGroup, jsonFlag, newCommand } from '../flags.ts';
import type { Below, CommonOptions } from '../flags.ts';
import { print, printJson } from '../terminal/output.ts';
import { matchUrl, ownAddresses, urlToGive, type Reachable, type UrlMatch } from '../own-addresses.ts';
import { count, pad, printable } from '../terminal/text.ts';
import { styleText } from '../terminal/command-process.ts';

interface WebhooksOptions extends CommonOptions {
  list?: string[];
  client?: string[];
  url?: string;
  events?: WebhookEventType[];
  format?: WebhookFormat;
  old?: boolean;
  yes?: boolean;
  host: CampaignMonitorService;
  json?: boolean;
}

const webhookUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^/]/i.test(text) && URL.canParse(text),
    'expected a URL that starts with https:// or http://',
  );
const eventList = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const events = webhookEventTypes.filter((type) => names.includes(type.toLowerCase()));
  if (events.length === new Set(names).size) return events;
  context.addIssue(`expected one or more of ${webhookEventTypes.join(',').toLowerCase()}`);
  return z.NEVER;
});

export function webhooksCommand(): Command {
  const command = commandGroup(
    'webhooks',
    "list, register, test, and remove a list's webhooks in Campaign Monitor",
    `Manages webhooks in Campaign Monitor, which has no page for them. The API key comes from the environment variable ${apiKeyVariable}.`,
    [
      'cm-relay webhooks list                            webhooks of all lists',
      'cm-relay webhooks register --list ID              points a list at the running relay (safe to repeat)',
      'cm-relay webhooks test --list ID                  asks Campaign Monitor for a test call',
      'cm-relay webhooks remove --old                    removes webhooks with old URLs of this machine',
    ],
    'cm-relay events lists the events that arrive.',
  );
  for (const each of [listCommand(), registerCommand(), testCommand(), removeCommand()]) command.addCommand(each);
  return command.helpCommand('help [command]', 'show help for a command, with examples');
}

function onWebhooks(name: string, summary: string, description: string, ...below: Below): Command {
  return newCommand(name, summary, description, ...below)
    .option('--list <id>', 'list ID; repeatable', collectedBy(vendorId))
    .option('--client <id>', 'all lists of a client; repeatable', collectedBy(vendorId))
    .addOption(
      new Option('--host <url>', "another host, such as the sandbox's")
        .argParser(checkedBy(serviceOfHost))
        .default(serviceAt(campaignMonitorHost), campaignMonitorHost),
    )
    .addOption(jsonFlag('print one JSON object per line'));
}

async function withSession(options: WebhooksOptions, use: (session: Session) => Promise<void>): Promise<void> {
  const own = await ownAddresses(options);
  await withCampaignMonitor(options.host, (api) => use({ api, own, options }));
}

const idsArgument = (byDefault: string): Argument =>
  new Argument('[webhooks...]', `webhook IDs (default: ${byDefault})`).argParser(collectedBy(vendorId));

function listCommand(): Command {
  return onWebhooks(
    'list',
    'list webhooks and where they point',
    'Shows each list with its webhooks. For each webhook, says whether it points to this relay, to an old URL of this machine, or elsewhere.',
    ['cm-relay webhooks list               webhooks of all lists', 'cm-relay webhooks list --list ID --json'],
    'cm-relay webhooks register --list ID points a list at the running relay.',
  ).action((options: WebhooksOptions) => withSession(options, listAll));
}

function registerCommand(): Command {
  return onWebhooks(
    'register',
    'point lists at the running relay',
    "On each list, creates a webhook for the running relay's public URL, or keeps, activates, or replaces the existing one.",
    [
      'cm-relay webhooks register --list ID',
      'cm-relay webhooks register --client ID --events subscribe,update --format xml',
    ],
    'cm-relay webhooks test --list ID sends a test call.',
  )
    .option('--url <url>', "a URL other than the running relay's", checkedBy(webhookUrl))
    .option('--events <names>', 'any of subscribe,update,deactivate (default: all)', checkedBy(eventList))
    .addOption(new Option('--format <format>', 'format of posted events (default: json)').choices(webhookFormats))
    .action(async (options: WebhooksOptions) => {
      if (options.list === undefined && options.client === undefined) {
        throw new UsageError(
          'webhooks register needs --list or --client',
          `To see your account's lists and their IDs, run cm-relay webhooks list${hostFlag(options.host)}.`,
        );
      }
      await withSession(options, register);
    });
}

function testCommand(): Command {
  return onWebhooks(
    'test',
    'ask Campaign Monitor to send a test call',
    'Asks Campaign Monitor to send a test call to the webhooks you name or, without IDs, to those of the running relay. Explains each failure.',
    ['cm-relay webhooks test --list ID', 'cm-relay webhooks test WEBHOOK'],
    'cm-relay events --limit 5 shows whether the call arrived.',
  )
    .addArgument(idsArgument('webhooks of the running relay'))
    .action((ids: string[], options: WebhooksOptions) => withSession(options, (session) => test(session, ids)));
}

function removeCommand(): Command {
  return onWebhooks(
    'remove',
    'remove webhooks',
    'Deletes the webhooks you name or, without IDs, those of this machine.',
    [
      'cm-relay webhooks remove --old                    removes webhooks with old URLs of this machine',
      "cm-relay webhooks remove WEBHOOK --list ID --yes  removes one that is not this machine's",
    ],
    'cm-relay webhooks list shows the remaining webhooks.',
  )
    .addArgument(idsArgument("this machine's webhooks"))
    .option('--old', 'only webhooks with old URLs of this machine')
    .option('--yes', "also the webhooks you name that are not this machine's")
    .action(async (ids: string[], options: WebhooksOptions) => {
      if (options.old === true && ids.length > 0) throw new UsageError('use either --old or webhook IDs, not both');
      if (options.yes === true && ids.length === 0) {
        throw new UsageError('--yes requires webhook IDs', 'Give the IDs of the webhooks to remove.');
      }
      await withSession(options, (session) => remove(session, ids));
    });
}

interface Session {
  readonly api: CampaignMonitorApi;
  readonly own: Reachable;
  readonly options: WebhooksOptions;
}

interface Found extends Webhook {
  readonly match: UrlMatch;
}

async function chosenLists({ api, options }: Session): Promise<CampaignMonitorList[]> {
  const lists: CampaignMonitorList[] = [];
  for (const listId of options.list ?? []) lists.push(await api.list(listId));
  const clientIds =
    options.client ?? (options.list === undefined ? (await api.clients()).map(({ clientId }) => clientId) : []);
  for (const clientId of clientIds) lists.push(...(await api.lists(clientId)));
  return [...new Map(lists.map((list) => [list.listId, list])).values()];
}

async function webhooksOf({ api, own }: Session, listId: string): Promise<Found[]> {
  const found = await api.webhooks(listId);
  return found.map((webhook) => ({ ...webhook, url: maskSecrets(webhook.url), match: matchUrl(webhook.url, own) }));
}

async function listAll(session: Session): Promise<void> {
  const json = session.options.json === true;
  for (const { listId, name } of await chosenLists(session)) {
    const found = await webhooksOf(session, listId);
    if (json) {
      if (found.length === 0) await printJson({ type: 'list', listName: name, listId, webhooks: 0 });
      for (const webhook of found) await printJson({ type: 'webhook', listName: name, ...webhook });
      continue;
    }
    await print(`${printable(name)}  ${styleText('dim', listId)}\n`);
    if (found.length === 0) await print('  no webhooks\n');
    for (const webhook of found) await print(`  ${webhookLine(webhook, session.own)}\n`);
  }
}

function webhookLine({ webhookId, active, status, format, events, url, match }: Found, own: Reachable): string {
  const state = active
    ? styleText('green', pad('active', 8))
    : styleText('yellow', pad(printable(status) || 'inactive', 8));
  const whose = {
    current: 'this relay',
    // Without a relay, it is unknown whether the URL is old.
    old: own.localUrl === null ? 'this machine' : 'old URL',
    foreign: 'foreign',
  }[match];
  const what = `${format ?? '?'}  ${printable(events.join(','))}`;
  return `${webhookId}  ${state}  ${pad(whose, 12)}  ${what}  ${printable(url)}`;
}

async function register(session: Session): Promise<void> {
  const { api, own, options } = session;
  const url = options.url ?? relayUrl(session);
  const wanted = { url, events: options.events ?? [...webhookEventTypes], format: options.format ?? 'json' };
  // A webhook with our secret was created by this tool.
  const mayDelete = matchUrl(url, own) !== 'foreign';
  let failed = 0;
  for (const { listId, name } of await chosenLists(session)) {
    const done = await attempt(session, { listId }, async () => {
      const result = await registerWebhook(api, listId, wanted, { mayDelete });
      if (result.kind === 'occupied') {
        const { webhookId } = result.webhook;
        throw new CommandError(
          `webhook ${webhookId} already has this URL with other events or another format. To remove it, run cm-relay webhooks remove ${webhookId} --list ${listId}${hostFlag(options.host)} --yes.`,
        );
      }
      if (options.json === true) {
        const { webhookId, kind } = result;
        await printJson({ type: 'registered', listId, webhookId, url: maskSecrets(url), result: kind });
      } else {
        await print(`${result.webhookId}  ${pad(result.kind, 9)}  ${printable(name)}\n`);
      }
    });
    if (!done) failed++;
  }
  if (failed > 0) throw new CommandError(`not registered on ${count(failed, 'list')}`);
}

function hostFlag({ apiBase }: CampaignMonitorService): string {
  return apiBase === serviceAt(campaignMonitorHost)?.apiBase ? '' : ` --host ${new URL(apiBase).origin}`;
}

function relayUrl({ own, options }: Session): string {
  const isHere = isLoopback(new URL(options.host.apiBase).hostname);
  return urlToGive(own, isHere, 'Campaign Monitor', '--url');
}

async function test(session: Session, ids: readonly string[]): Promise<void> {
  const { api, options } = session;
  const chosen = await chosenWebhooks(session, ids, ({ match }) => match === 'current');
  if (chosen.length === 0) {
    throw session.own.localUrl === null
      ? new CommandError(
          'no relay is running to receive a test call',
          'In another terminal, run cm-relay listen. To test a webhook that points elsewhere, give its ID.',
        )
      : new CommandError(
          'no webhook points to the running relay',
          `To create one, run cm-relay webhooks register --list ID${hostFlag(options.host)}.`,
        );
  }
  let failed = 0;
  for (const { listId, webhookId, url } of chosen) {
    const done = await attempt(session, { listId, webhookId }, async () => {
      await api.testWebhook(listId, webhookId);
      if (options.json === true) await printJson({ type: 'tested', listId, webhookId, url, ok: true });
      else await print(`${webhookId}  ${styleText('green', 'ok')}\n`);
    });
    if (!done) failed++;
  }
  if (failed > 0) {
    throw new CommandError(
      `${failed} of ${count(chosen.length, 'webhook')} failed`,
      'To see whether the call arrived, run cm-relay events --limit 5.',
    );
  }
}

async function remove(session: Session, ids: readonly string[]): Promise<void> {
  const { api, options } = session;
  const chosen = await chosenWebhooks(session, ids, ({ match }) =>
    options.old === true ? match === 'old' : match !== 'foreign',
  );
  const foreign = chosen.filter(({ match }) => match === 'foreign');
  if (foreign.length > 0 && options.yes !== true) {
    throw new UsageError(
      `these webhooks are not this machine's: ${foreign.map(({ webhookId }) => webhookId).join(', ')}`,
      'Other people may need these webhooks. If you are sure, add --yes.',
    );
  }
  let failed = 0;
  for (const { listId, webhookId, url } of chosen) {
    const done = await attempt(session, { listId, webhookId }, async () => {
      await api.deleteWebhook(listId, webhookId);
      if (options.json === true) await printJson({ type: 'removed', listId, webhookId, url });
      else await print(`${webhookId}  removed  ${printable(url)}\n`);
    });
    if (!done) failed++;
  }
  if (failed > 0) throw new CommandError(`${count(failed, 'webhook')} not removed`);
  if (chosen.length === 0 && options.json !== true) await print('nothing to remove\n');
}

async function chosenWebhooks(
  session: Session,
  ids: readonly string[],
  fits: (webhook: Found) => boolean,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const { listId } of await chosenLists(session)) found.push(...(await webhooksOf(session, listId)));
  if (ids.length === 0) return found.filter(fits);
  const missing = ids.filter((id) => !found.some(({ webhookId }) => webhookId === id));
  if (missing.length > 0) {
    throw new CommandError(
      `no such webhook: ${missing.join(', ')}`,
      `To see all webhooks, run cm-relay webhooks list${hostFlag(session.options.host)}.`,
    );
  }
  return found.filter(({ webhookId }) => ids.includes(webhookId));
}

/** After one of these failures, the next call would fail, too. */
const hopeless: readonly string[] = ['unreachable', 'timed-out', 'rate-limited', 'canceled'];

/** Prints a failure, so that the others follow. @returns whether it succeeded */
async function attempt(
  { options }: Session,
  subject: { listId: string; webhookId?: string },
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof CampaignMonitorError || error instanceof CommandError)) throw error;
    const vendor = error instanceof CampaignMonitorError ? error : null;
    if (vendor !== null && (vendor.needsSignIn || hopeless.includes(vendor.kind))) throw error;
    const failure = vendor?.kind === 'webhook-test-failed' ? explainTestFailure(vendor.resultData) : null;
    const message = failure === null ? error.message : testFailureText(failure);
    if (options.json === true) {
      const { kind, code } = vendor ?? { kind: 'occupied', code: null };
      await printJson({ type: 'failed', ...subject, kind, code, message, failure });
    } else {
      await print(`${subject.webhookId ?? subject.listId}  ${styleText('red', 'failed')}  ${printable(message)}\n`);
    }
    return false;
  }
}
