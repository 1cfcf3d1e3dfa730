import { Argument, Option, type Command } from 'commander';
import { maskSecrets } from '../../export/item.ts';
import { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import { canBeQueuedFor, failurePolicies } from '../../open-connectors/delivery-queue.ts';
import type { FailurePolicy, QueueState } from '../../open-connectors/delivery-queue.ts';
import { fetchQueued } from '../../open-connectors/fetch-queued.ts';
import { factsOf, type InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonFlag, type CommonOptions } from '../flags.ts';
import { ownAddresses, type Reachable } from '../own-addresses.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { askYesNo, canAsk } from '../terminal/prompts.ts';
import { count, localTime, printable } from '../terminal/text.ts';
import { rememberSetCallback, setCallbacksOf } from './set-callbacks.ts';
import { instanceArgument, instanceNamed, platformCommand, withPlatform } from './open-connectors.ts';
import type { Platform, PlatformOptions } from './open-connectors.ts';

interface QueueOptions extends CommonOptions, PlatformOptions {
  deliver?: boolean;
  fetch?: boolean;
  json?: boolean;
}

export function queueCommand(): Command {
  return platformCommand(
    'queue',
    'show, deliver, or fetch what Open Connectors could not deliver',
    "Shows how many notifications Open Connectors has queued for an instance's callback URL, since when, and whether it has stopped posting to that URL. With --deliver, Open Connectors posts them to the callback URL again and resumes posting. With --fetch, the running relay gets them without a public URL, and forwards them; they stay in the queue. Fetched notifications have no signature to check. Each is fetched once.",
    [
      'cm-relay instances queue 50634',
      'cm-relay instances queue 50634 --deliver    the callback URL must be reachable',
      'cm-relay instances queue 50634 --fetch      works behind a firewall, without a tunnel',
    ],
    'cm-relay events --filter signature:fetched lists what was fetched.',
  )
    .addArgument(instanceArgument())
    .addOption(new Option('--deliver', 'post the queued notifications to the callback URL again').conflicts('fetch'))
    .option('--fetch', 'take the queued notifications into the history of the running relay')
    .addOption(jsonFlag('print one JSON object'))
    .action(async (named: string, options: QueueOptions) => {
      if (options.fetch === true) return withRelay(options, (relay) => fetchThem(named, options, relay));
      await withQueue(named, options, options.deliver === true ? deliver : show);
    });
}

interface Queue {
  readonly platform: Platform;
  readonly id: number;
  readonly callbackUrl: string;
  readonly earlierUrls: readonly string[];
}

async function withQueue(
  named: string,
  options: QueueOptions,
  use: (queue: Queue, options: QueueOptions) => Promise<void>,
): Promise<void> {
  const own = await ownAddresses(options, 'open-connectors');
  await withPlatform(options, async (platform) => {
    const { id, callbackUrl } = factsOf(await instanceNamed(platform, named));
    if (callbackUrl === '') {
      throw new CommandError(
        `instance ${id} has no callback URL, so nothing is queued for it`,
        `To set the URL of the running relay, run cm-relay instances callback ${id}.`,
      );
    }
    const dataDir = dataDirOf(options);
    const { host } = new URL(platform.baseUrl);
    const earlierUrls = earlierUrlsOf({ id, callbackUrl }, own, dataDir, host);
    await use({ platform, id, callbackUrl, earlierUrls }, options);
  });
}

function earlierUrlsOf(
  { id, callbackUrl }: Pick<InstanceFacts, 'id' | 'callbackUrl'>,
  own: Pick<Reachable, 'earlierUrls'>,
  dataDir: string,
  host: string,
): readonly string[] {
  const all = new Set([...own.earlierUrls, ...setCallbacksOf(dataDir, host, id)]);
  // A URL that cannot be searched for must not make the others fail.
  return [...all].filter((url) => url !== callbackUrl && canBeQueuedFor(url));
}

/** Remembers the callback URL, and prints what is queued for it, unless that can't be read. */
export async function noteSetCallback(
  platform: Platform,
  { id, callbackUrl }: Pick<InstanceFacts, 'id' | 'callbackUrl'>,
  own: Pick<Reachable, 'earlierUrls'>,
  options: CommonOptions,
): Promise<void> {
  const dataDir = dataDirOf(options);
  const { host } = new URL(platform.baseUrl);
  rememberSetCallback(dataDir, host, id, callbackUrl);
  const earlierUrls = earlierUrlsOf({ id, callbackUrl }, own, dataDir, host);
  let queued = 0;
  try {
    for (const url of [callbackUrl, ...earlierUrls]) queued += (await platform.api.queue.count(url)).count;
  } catch (error) {
    if (!(error instanceof OpenConnectorsError)) throw error;
    return;
  }
  if (queued > 0) note(`${count(queued, 'notification')} queued. To get them, run cm-relay instances queue ${id}.`);
}

async function show({ platform, id, callbackUrl, earlierUrls }: Queue, { json }: QueueOptions): Promise<void> {
  const policy = await platform.api.queue.policyIfTold();
  const state = await platform.api.queue.count(callbackUrl);
  const earlier: { readonly url: string; readonly state: QueueState }[] = [];
  for (const url of earlierUrls) {
    const there = await platform.api.queue.count(url);
    if (there.count > 0) earlier.push({ url, state: there });
  }
  if (json === true) {
    return printJson({
      type: 'queue',
      id,
      callbackUrl: maskSecrets(callbackUrl),
      ...told(state),
      policy,
      deactivated: state.deactivated,
      earlier: earlier.map((each) => ({ callbackUrl: maskSecrets(each.url), ...told(each.state) })),
    });
  }
  await print(`${queuedWords(state)}, for ${printable(maskSecrets(callbackUrl))}\n`);
  for (const each of earlier) {
    await print(`${queuedWords(each.state)}, for ${printable(maskSecrets(each.url))} (earlier URL)\n`);
  }
  if (state.deactivated === true) {
    await print('Deactivated: Open Connectors has stopped posting to this URL until you use --deliver.\n');
  } else if (state.deactivated === null && policy === 'retry' && state.count > 0) {
    await print(
      'This URL may be deactivated: Open Connectors may have stopped posting to it until you use --deliver.\n',
    );
  }
  await print(`${policyWords(policy)}\n`);
  const run = `To get them, run cm-relay instances queue ${id}`;
  if (state.count > 0) note(`${run} --deliver, or --fetch without a public URL.`);
  // Open Connectors posts queued notifications only to the URL that they were for.
  else if (earlier.length > 0) note(`${run} --fetch.`);
}

function told({ count: queued, more, since }: QueueState): object {
  return { queued, more, since: since === null ? null : new Date(since).toISOString() };
}

function queuedWords({ count: queued, more, since }: QueueState): string {
  if (queued === 0) return 'Nothing queued';
  const at = since === null ? '' : ` since ${localTime(new Date(since).toISOString(), new Date(0))}`;
  return `${more ? 'At least ' : ''}${count(queued, 'notification')} queued${at}`;
}

async function deliver({ platform, id, callbackUrl }: Queue, { json }: QueueOptions): Promise<void> {
  // Don't count first: a count may change their status, and then this would not post them.
  await platform.api.queue.deliver(callbackUrl);
  if (json === true) return printJson({ type: 'delivering', id });
  await print(`Open Connectors is posting what is queued to ${printable(maskSecrets(callbackUrl))} again.\n`);
}

type Relay = Parameters<Parameters<typeof withRelay>[1]>[0];

function fetchThem(named: string, options: QueueOptions, relay: Relay): Promise<void> {
  return withQueue(named, options, async ({ platform, id, callbackUrl, earlierUrls }, { json }) => {
    const urls = [callbackUrl, ...earlierUrls];
    const fetched = await fetchQueued(platform.api.queue, urls, relay);
    if (json === true) return printJson({ type: 'fetched', id, ...fetched });
    const { taken, known, rejected, tooLarge, skipped, more } = fetched;
    await print(`Fetched ${count(taken, 'notification')}.\n`);
    for (const [number, what] of [
      [known, known === 1 ? 'was fetched before' : 'were fetched before'],
      [rejected, "in the history, but not forwarded, because it can't be read"],
      [tooLarge, 'larger than maxBodyBytes, and left in the queue'],
      [skipped, 'left in the queue: no notification for this URL'],
    ] as const) {
      if (number > 0) note(`${number} ${what}.`);
    }
    if (more) note(`There are more than one fetch reads. To get them, run cm-relay instances queue ${id} --deliver.`);
  });
}

interface PolicyOptions extends CommonOptions, PlatformOptions {
  yes?: boolean;
  json?: boolean;
}

export function policyCommand(): Command {
  return platformCommand(
    'policy',
    'show or change what Open Connectors does with failed deliveries',
    'Shows the failure policy: "retry" posts a failed notification again several times, then stops posting to the URL and queues what comes later; "queue" queues a failed notification at once. The policy holds for the whole account: all its instances, of all connectors and users. So a change needs your confirmation; a script needs --yes.',
    ['cm-relay instances policy', 'cm-relay instances policy queue'],
    'cm-relay instances queue ID shows what is queued.',
  )
    .addArgument(new Argument('[policy]', 'retry or queue').choices(failurePolicies))
    .option('--yes', 'change without asking')
    .addOption(jsonFlag('print a JSON object: {"type":"policy","policy"}'))
    .action(async (wanted: FailurePolicy | undefined, options: PolicyOptions) => {
      if (wanted !== undefined && options.yes !== true && !canAsk())
        throw new UsageError(
          'changing the policy needs your confirmation, and this is not a terminal',
          'If you are sure, add --yes.',
        );
      await withPlatform(options, async ({ api: { queue } }) => {
        const now = await queue.policy();
        if (wanted !== undefined && wanted !== now) {
          const question = `Change the policy to "${wanted}" for the whole account, with all its instances and users?`;
          if (options.yes !== true && !(await askYesNo(question))) throw new CommandError('nothing was changed');
          await queue.setPolicy(wanted);
        }
        const policy = wanted ?? now;
        if (options.json === true) return printJson({ type: 'policy', policy });
        await print(`${policyWords(policy)}\n`);
      });
    });
}

function policyWords(policy: FailurePolicy | null): string {
  switch (policy) {
    case 'retry':
      return 'Policy: retry (whole account). After the last retry, Open Connectors stops posting and queues.';
    case 'queue':
      return 'Policy: queue (whole account). Open Connectors queues a notification as soon as posting fails.';
    case null:
      return 'Policy: unknown. Open Connectors did not tell it.';
  }
}
