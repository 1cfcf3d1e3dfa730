import { Argument, type Command } from 'commander';
import { openHistory } from '../../relay/index.ts';
import { instanceCurl, instanceText } from '../../export/instance-text.ts';
import { maskSecrets } from '../../export/item.ts';
import { emptyInstanceInput, parseListIds, type InstanceInput } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput } from '../../open-connectors/instance-check.ts';
import { factsOf, type InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { logRows, platformEvents, receivedNotifications } from '../../open-connectors/instance-log.ts';
import type { LogRow, ReceivedNotification } from '../../open-connectors/instance-log.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import type { InstanceChange } from '../../open-connectors/api.ts';
import { connectIfRunning, withHistory } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError, UsageError } from '../errors.ts';
import { checkedBy, commandGroup, jsonFlag, notEmpty, type CommonOptions } from '../flags.ts';
import { listFlag, problemSentence } from '../vendors/instance-flags.ts';
import {
  instanceArgument,
  instanceNamed,
  platformCommand,
  platformVariables,
  withPlatform,
} from '../vendors/open-connectors.ts';
import type { Platform, PlatformOptions } from '../vendors/open-connectors.ts';
import { note, print, printJson, printSafely } from '../terminal/output.ts';
import { matchUrl, ownAddresses, urlToGive, type Reachable } from '../own-addresses.ts';
import { askYesNo, canAsk } from '../terminal/prompts.ts';
import { clip, count, pad, printable } from '../terminal/text.ts';
import { createInstanceCommand } from '../vendors/instance-create.ts';
import { noteSetCallback, policyCommand, queueCommand } from '../vendors/instance-queue.ts';
import { bodyCommand } from './body.ts';
import { styleText } from '../terminal/command-process.ts';

interface InstanceOptions extends CommonOptions, PlatformOptions {
  json?: boolean;
}

export function instancesCommand(): Command {
  const command = commandGroup(
    'instances',
    'create, list, show, change, and delete Open Connectors instances',
    `Manages instances of the Campaign Monitor connector in SAP Open Connectors, like the form and view in VS Code. The user secret and organization secret come from the environment variables ${platformVariables.userSecret} and ${platformVariables.organizationSecret}; if they are not set, the terminal asks for them.`,
    [
      'cm-relay instances create --name "My lists" --list 4fe1…   creates an instance after you consent in the browser',
      'cm-relay instances list                                    shows all instances and their callbacks',
      "cm-relay instances log 50634                               compares the platform's log with the history",
      'cm-relay instances events off 50634',
      'cm-relay instances callback 50634                          points the instance at the running relay',
      'cm-relay instances queue 50634 --fetch                     gets what could not be delivered, without a tunnel',
    ],
    'cm-relay help instances COMMAND shows the options of a command.',
    ['INSTANCE is an ID, or a name that only one instance has.'],
  );
  for (const each of [
    createInstanceCommand(),
    bodyCommand(),
    listCommand(),
    showCommand(),
    logCommand(),
    eventsCommand(),
    listsCommand(),
    callbackCommand(),
    queueCommand(),
    policyCommand(),
    deleteCommand(),
  ]) {
    command.addCommand(each);
  }
  return command.helpCommand('help [command]', 'show help for a command, with examples');
}

function listCommand(): Command {
  return platformCommand(
    'list',
    'list instances',
    'Lists the instances of the Campaign Monitor connector: their state, and whether their notifications come to this relay.',
    ['cm-relay instances list', 'cm-relay instances list --tag staging --json | jq .id'],
    'cm-relay instances show ID shows the instance.',
  )
    .option('--tag <tag>', 'only instances with this tag', checkedBy(notEmpty('a tag')))
    .addOption(jsonFlag('print one JSON object per line for each instance'))
    .action(async (options: InstanceOptions & { tag?: string }) => {
      const own = await ownAddresses(options, 'open-connectors');
      const found = await withPlatform(options, ({ api }) =>
        api.listInstances(options.tag === undefined ? {} : { tags: [options.tag] }),
      );
      const instances = found.map(factsOf);
      for (const facts of instances) {
        if (options.json === true) await printJson(told(facts, own));
        else await print(`${listLine(facts, own)}\n`);
      }
      if (instances.length === 0 && options.json !== true)
        note('No instances found. To create one, run cm-relay instances create.');
    });
}

function told(facts: InstanceFacts, own: Reachable): object {
  const { callbackUrl, createdAt } = facts;
  return {
    type: 'instance',
    ...facts,
    createdAt: createdAt === null ? null : new Date(createdAt).toISOString(),
    callbackUrl: maskSecrets(callbackUrl),
    match: callbackUrl === '' ? null : matchUrl(callbackUrl, own),
  };
}

function placeWords({ callbackUrl }: InstanceFacts, own: Reachable): string {
  if (callbackUrl === '') return 'no callback';
  switch (matchUrl(callbackUrl, own)) {
    case 'current':
      return 'this relay';
    case 'old':
      return own.localUrl === null ? 'this machine' : 'old URL';
    case 'foreign':
      return URL.canParse(callbackUrl) ? printable(new URL(callbackUrl).host) : 'elsewhere';
  }
}

function listLine(facts: InstanceFacts, own: Reachable): string {
  const { id, name, listIds } = facts;
  const place = pad(clip(placeWords(facts, own), 24), 24);
  return `${pad(String(id), 9)} ${stateWords(facts)}  ${place}  ${printable(name)} (${count(listIds.length, 'list')})`;
}

function stateWords({ valid, disabled, eventsEnabled }: InstanceFacts): string {
  if (!valid) return styleText('red', pad('not valid', 10));
  if (disabled) return styleText('yellow', pad('disabled', 10));
  return eventsEnabled ? styleText('green', pad('events on', 10)) : pad('events off', 10);
}

function showCommand(): Command {
  return platformCommand(
    'show',
    'show one instance',
    'Shows an instance as Open Connectors reports it, with secrets masked.',
    [
      'cm-relay instances show 50634',
      'cm-relay instances show "My lists" --curl    a command that creates a similar instance',
    ],
    'cm-relay instances log ID shows the events that Open Connectors logged.',
  )
    .addArgument(instanceArgument())
    .option('--curl', 'print a curl command that creates a similar instance, with placeholders for secrets')
    .addOption(jsonFlag("print the platform's answer as a JSON object, with secrets masked"))
    .action(async (named: string, options: InstanceOptions & { curl?: boolean }) => {
      if (options.curl === true && options.json === true) throw new UsageError('use either --curl or --json, not both');
      const own = await ownAddresses(options, 'open-connectors');
      await withPlatform(options, async (platform) => {
        const instance = await instanceNamed(platform, named);
        if (options.json === true) return printJson(JSON.parse(instanceText(instance)));
        if (options.curl === true) return printSafely(`${instanceCurl(instance, platform.baseUrl)}\n`);
        for (const line of factLines(factsOf(instance), own)) await print(`${line}\n`);
      });
    });
}

function factLines(facts: InstanceFacts, own: Reachable): string[] {
  const { id, name, tags, callbackUrl, listIds, createdAt, authentication } = facts;
  const rows: readonly (readonly [string, string])[] = [
    ['ID', String(id)],
    ['State', stateWords(facts).trim()],
    ['Posts to', placeWords(facts, own)],
    ['Callback', callbackUrl === '' ? 'none' : printable(maskSecrets(callbackUrl))],
    ['Lists', listIds.length === 0 ? 'none' : printable(listIds.join(', '))],
    ['Tags', printable(tags.join(', '))],
    ['Created', createdAt === null ? '' : new Date(createdAt).toISOString()],
    ['Authorized by', authentication === 'basic' ? 'an API key' : 'OAuth'],
  ];
  return [
    styleText('bold', printable(name)),
    ...rows
      .filter(([, value]) => value !== '')
      .map(([label, value]) => `  ${styleText('dim', pad(label, 14))}${value}`),
  ];
}

function logCommand(): Command {
  return platformCommand(
    'log',
    "compare the platform's log of an instance with the history",
    'Shows the events that Open Connectors logged for an instance, and for each one whether its notification is in the history of the data directory.',
    [
      'cm-relay instances log 50634',
      'cm-relay instances log 50634 --json | jq "select(.received == [])"    events that are not in the history',
    ],
    'cm-relay show d7 shows a delivery from the log.',
  )
    .addArgument(instanceArgument())
    .addOption(jsonFlag('print one JSON object per line for each event'))
    .action(showLog);
}

async function showLog(named: string, options: InstanceOptions): Promise<void> {
  const history = await receivedHere(options);
  await withPlatform(options, async (platform) => {
    const { id } = await instanceNamed(platform, named);
    const rows = logRows(platformEvents(await platform.api.instanceEvents(id)), history?.notifications ?? [], id);
    for (const row of rows) {
      if (options.json === true) await printJson({ type: 'event', ...row.platform, received: row.received });
      else await print(`${logLine(row, history !== null)}\n`);
    }
    if (rows.length === 0 && options.json !== true) note("Open Connectors' log for this instance is empty.");
    if (history?.cut === true) note('Only the newest notifications in the history were checked.');
  });
}

/** Null if the history can't be read. */
async function receivedHere(
  options: InstanceOptions,
): Promise<{ readonly notifications: readonly ReceivedNotification[]; readonly cut: boolean } | null> {
  const dataDir = dataDirOf(options);
  const client = await connectIfRunning(options);
  client?.close();
  if (client === undefined) {
    try {
      openHistory(dataDir).close();
    } catch (error) {
      note(`Could not read the history: ${printable((error as Error).message)}`);
      return null;
    }
  }
  return withHistory(options, (history) => receivedNotifications(history));
}

function logLine({ platform, received }: LogRow, isRead: boolean): string {
  const [first] = received;
  const date = platform?.date ?? first?.receivedAt ?? '';
  const id = platform?.id ?? first?.eventId ?? '';
  const status = platform === null ? 'not in the log' : (platform.status ?? 'no status');
  const here = received.map(
    ({ deliveryId, signature }) =>
      `${deliveryId}${signature === 'unchecked' || signature === null ? '' : `, signature ${signature}`}`,
  );
  const words = here.length > 0 ? here.join('; ') : isRead ? 'not in the history' : 'unknown';
  return `${pad(printable(date), 24)}  ${printable(id)}  ${pad(printable(status), 10)}  ${words}`;
}

function eventsCommand(): Command {
  return platformCommand(
    'events',
    "turn an instance's events on or off",
    "Turns an instance's events on or off. If you turn events on and the instance has no callback, the instance gets the running relay's URL.",
    ['cm-relay instances events on 50634', 'cm-relay instances events off "My lists"'],
    'cm-relay instances show ID shows the instance.',
  )
    .addArgument(new Argument('<state>', 'on or off').choices(['on', 'off']))
    .addArgument(instanceArgument())
    .addOption(jsonFlag('print the changed instance as a JSON object'))
    .action(async (state: 'on' | 'off', named: string, options: InstanceOptions) => {
      const own = await ownAddresses(options, 'open-connectors');
      await withPlatform(options, async (platform) => {
        const { id, callbackUrl } = factsOf(await instanceNamed(platform, named));
        const isOn = state === 'on';
        // Events without a callback would be lost.
        const url = isOn && callbackUrl === '' ? urlToGive(own, platform.isHere, vendor, callbackHint) : undefined;
        await change(platform, id, own, options, {
          configuration: {
            'event.notification.enabled': isOn,
            ...(url !== undefined && { 'event.notification.callback.url': url }),
          },
        });
      });
    });
}

const vendor = 'Open Connectors';
const callbackHint = 'a URL with cm-relay instances callback --url';

function listsCommand(): Command {
  return platformCommand(
    'lists',
    'show or set the lists an instance watches',
    'Without --list, shows the lists of the account behind an instance, and which of them it watches. With --list, the instance watches only those lists.',
    ['cm-relay instances lists 50634', 'cm-relay instances lists 50634 --list 4fe1… --list a1b2…'],
    'cm-relay instances show ID shows the instance.',
  )
    .addArgument(instanceArgument())
    .addOption(listFlag('list to watch'))
    .addOption(jsonFlag('print one JSON object per line for each list; with --list, print the changed instance'))
    .action(async (named: string, options: InstanceOptions & { list?: string[] }) => {
      const own = await ownAddresses(options, 'open-connectors');
      await withPlatform(options, async (platform) => {
        const instance = await instanceNamed(platform, named);
        const { id, listIds: watched, eventsEnabled } = factsOf(instance);
        if (options.list === undefined) return showLists(platform, instance, watched, options);
        const listIds = options.list.flatMap(parseListIds);
        check({ listIds, eventsEnabled }, 'listIds', platform);
        await change(platform, id, own, options, { configuration: { 'events.list.ids': listIds.join(',') } });
      });
    });
}

async function showLists(
  { api }: Platform,
  { id, token }: Instance,
  watched: readonly string[],
  { json }: InstanceOptions,
): Promise<void> {
  // The token may be masked.
  if (token === undefined || token === '' || /^\*+$/.test(token)) {
    throw new CommandError(
      `Open Connectors does not return the token of instance ${id}, so the account's lists are not available`,
      `Watched lists: ${watched.length === 0 ? 'none' : watched.join(', ')}. To change them, use --list ID.`,
    );
  }
  const lists = await api.lists(token);
  const others = watched
    .filter((each) => !lists.some((list) => list.id === each))
    .map((each) => ({ id: each, name: '', clientId: '', clientName: 'not in this account' }));
  for (const list of [...lists, ...others]) {
    const isWatched = watched.includes(list.id);
    if (json === true) await printJson({ type: 'list', ...list, watched: isWatched });
    else {
      const mark = isWatched ? styleText('green', pad('watched', 8)) : pad('', 8);
      await print(`${mark}  ${printable(list.id)}  ${printable(list.name)} (${printable(list.clientName)})\n`);
    }
  }
}

function callbackCommand(): Command {
  return platformCommand(
    'callback',
    'set where an instance posts notifications',
    "Sets an instance's callback URL: the running relay's, or one you give.",
    [
      'cm-relay instances callback 50634',
      'cm-relay instances callback 50634 --url https://staging.example.org/callback',
    ],
    'if events are off, cm-relay instances events on ID turns them on.',
  )
    .addArgument(instanceArgument())
    .option('--url <url>', "a URL other than the running relay's", checkedBy(notEmpty('a URL')))
    .addOption(jsonFlag('print the changed instance as a JSON object'))
    .action(async (named: string, options: InstanceOptions & { url?: string }) => {
      const own = await ownAddresses(options, 'open-connectors');
      await withPlatform(options, async (platform) => {
        const url = options.url ?? urlToGive(own, platform.isHere, vendor, '--url');
        check({ callbackUrl: url }, 'callbackUrl', platform);
        const { id } = await instanceNamed(platform, named);
        const facts = await change(platform, id, own, options, {
          configuration: { 'event.notification.callback.url': url },
        });
        if (!facts.eventsEnabled)
          note(`The instance's events are off. To turn them on, run cm-relay instances events on ${id}.`);
        await noteSetCallback(platform, facts, own, options);
      });
    });
}

function deleteCommand(): Command {
  return platformCommand(
    'delete',
    'delete an instance permanently',
    'Deletes an instance in Open Connectors: its token stops working, and no more events come from it. Events the relay has already received stay. The terminal asks you to confirm; a script needs --yes.',
    ['cm-relay instances delete 50634', 'cm-relay instances delete 50634 --yes'],
    'cm-relay instances list shows the remaining instances.',
  )
    .addArgument(instanceArgument())
    .option('--yes', 'delete without asking')
    .addOption(jsonFlag('print a JSON object: {"type":"deleted","id","name"}'))
    .action(async (named: string, options: InstanceOptions & { yes?: boolean }) => {
      if (options.yes !== true && !canAsk())
        throw new UsageError(
          'delete needs your confirmation, and this is not a terminal',
          'If you are sure, add --yes.',
        );
      await withPlatform(options, async (platform) => {
        const { id, name } = factsOf(await instanceNamed(platform, named));
        if (options.yes !== true && !(await askYesNo(`Delete instance ${printable(name)} (${id}) permanently?`))) {
          throw new CommandError('nothing was deleted');
        }
        await platform.api.deleteInstance(id);
        if (options.json === true) await printJson({ type: 'deleted', id, name });
        else await print(`Deleted ${printable(name)} (${id}).\n`);
      });
    });
}

function check(part: Partial<InstanceInput>, field: keyof InstanceInput, { isHere }: Platform): void {
  const flags: Partial<Record<keyof InstanceInput, string>> = { callbackUrl: '--url' };
  for (const problem of checkInstanceInput({ ...emptyInstanceInput, ...part })) {
    if (problem.field !== field || (problem.code === 'loopback-url' && isHere)) continue;
    const sentence = problemSentence(problem, flags);
    if (problem.severity === 'error') throw new UsageError(sentence);
    note(`warning: ${sentence}`);
  }
}

async function change(
  { api }: Platform,
  id: number,
  own: Reachable,
  { json }: InstanceOptions,
  part: InstanceChange,
): Promise<InstanceFacts> {
  const facts = factsOf(await api.patchInstance(id, part));
  if (json === true) await printJson(told(facts, own));
  else await print(`${listLine(facts, own)}\n`);
  return facts;
}
