/** An observation from its beginning to its report: what `cm-relay observe` does. */
import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { campaignMonitorHost, serviceAt } from '../../campaign-monitor/service.ts';
import type { CampaignMonitorService } from '../../campaign-monitor/service.ts';
import { maskSecrets } from '../../export/item.ts';
import { isLoopback } from '../../common/loopback.ts';
import { openUserFile, writeUserFile } from '../../common/user-file.ts';
import { prepareDataDirectory } from '../../protocol/data-directory.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { loadRelay, takeLock } from '../../relay/index.ts';
import type { Lock } from '../../relay/index.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError, UsageError } from '../errors.ts';
import type { CommonOptions } from '../flags.ts';
import { tunnelFrom } from '../listen-settings.ts';
import { applyCorrections } from './apply.ts';
import { judgeAll, lacksInstance } from './assumptions.ts';
import type { Judged } from './assumptions.ts';
import { cleanUp, noOwnEnd } from './clean-up.ts';
import type { CleanedUp, OwnEnd } from './clean-up.ts';
import { addressesOf } from './evidence.ts';
import { AnswerPlan, Experiment, mayRetry, newPeople, watchedInstance } from './experiment.ts';
import type { WatchedInstance } from './experiment.ts';
import { ObservationJournal } from './journal.ts';
import type { Changes } from './journal.ts';
import { ObservationListener } from './listener.ts';
import { openPublicEnd, passageOf } from './public-end.ts';
import { asJson, countsLine, factsAsJson, markdown, terminalLines } from './report.ts';
import type { ReportFacts } from './report.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { askYesNo, canAsk } from '../terminal/prompts.ts';
import { interrupted } from '../terminal/signals.ts';
import { count, duration, printable } from '../terminal/text.ts';
import { withCampaignMonitor } from '../vendors/campaign-monitor.ts';
import { platformBaseUrl, withPlatform } from '../vendors/open-connectors.ts';
import type { Platform } from '../vendors/open-connectors.ts';

/** What the flags say. */
export interface ObserveOptions extends CommonOptions {
  list?: string;
  domain?: string;
  instance?: number;
  instanceHost?: string;
  host: CampaignMonitorService;
  /** In milliseconds. */
  for: number;
  tunnel?: string;
  port: number;
  yes?: boolean;
  apply?: boolean;
  out?: string[];
  cleanUp?: boolean;
  json?: boolean;
}

const chooseOut = 'Choose another file for --out.';

/** More subscribers than these are somebody's. */
const mostSubscribers = 10;

/**
 * Observes, or undoes what an observation before has left.
 * @throws UsageError or CommandError; what the vendors say, after everything that can be undone was undone
 */
export async function runObserve(options: ObserveOptions): Promise<void> {
  const { path: dataDir, notice } = prepareDataDirectory(dataDirOf(options));
  if (notice !== null) note(notice);
  const lock = takeObservationLock(dataDir);
  try {
    const journal = new ObservationJournal(dataDir);
    const left = journal.read();
    if (options.cleanUp === true) {
      if (left !== null) await finish(left, journal, options);
      else if (options.json === true) await printJson(cleanedAsJson(nothing));
      else note('Nothing is left to clean up.');
      return;
    }
    const { list, domain } = options;
    if (list === undefined || domain === undefined) {
      throw new UsageError(
        `observe needs ${list === undefined ? '--list' : '--domain'}`,
        'Choose a list that you use for nothing else, and a domain that is yours.',
      );
    }
    checkReach(options);
    await checkOut(options);
    if (left !== null) await finish(left, journal, options);
    await withCampaignMonitor(options.host, (api) =>
      withInstance(options, async (instance) => {
        await observe({ ...options, list, domain }, { api, instance, journal, dataDir });
      }),
    );
  } finally {
    lock.release();
  }
}

/** @throws CommandError where another one has the data directory */
function takeObservationLock(dataDir: string): Lock {
  const lock = takeLock(dataDir, join(dataDir, 'observe-lock.sqlite'));
  if (lock !== null) return lock;
  throw new CommandError(
    'another observation is running with this data directory',
    'Wait until it ends, or stop it with Ctrl-C.',
  );
}

/** The base of the platform's API: the sandbox's where Campaign Monitor is the sandbox's. */
function instanceHostOf({ host, instanceHost }: ObserveOptions): string {
  const { origin, hostname } = new URL(host.apiBase);
  return platformBaseUrl(instanceHost ?? (isLoopback(hostname) ? origin : undefined));
}

/** @throws UsageError where a vendor cannot reach this machine */
function checkReach(options: ObserveOptions): void {
  if (options.tunnel !== undefined && options.tunnel !== 'none') return;
  const bases = [options.host.apiBase, ...(options.instance === undefined ? [] : [instanceHostOf(options)])];
  if (bases.every((base) => isLoopback(new URL(base).hostname))) return;
  throw new UsageError(
    'the vendors cannot reach this machine without --tunnel',
    'Add --tunnel localtunnel, or your own URL with --port. The tunnel provider can read what is posted: made-up subscribers.',
  );
}

/** What cannot be written is said before anything is changed. @throws UserFileError */
async function checkOut({ out = [] }: ObserveOptions): Promise<void> {
  for (const file of out) {
    const before = await lstat(file).catch(() => null);
    // Whoever reads a pipe would take the look for the end.
    if (before !== null && !before.isFile() && !before.isDirectory()) continue;
    await (await openUserFile(file, chooseOut)).discard();
  }
}

async function withInstance<T>(
  options: ObserveOptions,
  use: (instance: WatchedInstance | null) => Promise<T>,
): Promise<T> {
  const { instance: id } = options;
  if (id === undefined) return use(null);
  return onPlatform(options, async ({ api }) => use(await watchedInstance(api, id)));
}

function onPlatform<T>(options: ObserveOptions, use: (platform: Platform) => Promise<T>): Promise<T> {
  return withPlatform({ host: instanceHostOf(options), timeout: 60 }, use);
}

/**
 * Undoes what an observation before has left.
 * @throws CommandError where its vendors are others than those of the flags, or something could not be undone
 */
async function finish(left: Changes, journal: ObservationJournal, options: ObserveOptions): Promise<void> {
  // A credential goes only where the command line says.
  if (left.host !== options.host.apiBase) {
    throw new CommandError(
      `an earlier observation on ${left.host} has to be cleaned up first`,
      `Run cm-relay observe --clean-up --host ${URL.canParse(left.host) ? new URL(left.host).origin : 'URL'}.`,
    );
  }
  if (left.instance !== null && left.instance.host !== instanceHostOf(options)) {
    throw new CommandError(
      `an earlier observation changed an instance on ${left.instance.host}`,
      'Add --clean-up and --instance-host with that host.',
    );
  }
  await withCampaignMonitor(options.host, async (api) => {
    const undo = async (platform: Platform | null): Promise<void> => {
      const cleaned = await undoAll(left, journal, api, platform?.api ?? null, options, noOwnEnd);
      if (cleaned.instance) note(mayRetry);
      if (options.cleanUp === true && options.json === true) await printJson(cleanedAsJson(cleaned));
    };
    await (left.instance === null ? undo(null) : onPlatform(options, undo));
  });
}

async function undoAll(
  changes: Changes,
  journal: ObservationJournal,
  api: CampaignMonitorApi,
  platform: Platform['api'] | null,
  { host, json }: ObserveOptions,
  end: OwnEnd,
): Promise<CleanedUp> {
  const cleaned = await cleanUp(changes, journal, api, platform, end);
  const { webhooks, subscribers, instance, isListGone, failures } = cleaned;
  const done = `Cleaned up: ${count(webhooks, 'webhook')} and ${count(subscribers, 'subscriber')} deleted${instance ? ', instance restored' : ''}${isListGone ? '; the list is gone' : ''}.`;
  if (json !== true) note(done);
  const [failure] = failures;
  if (failure === undefined) return cleaned;
  throw new CommandError(
    `not everything could be undone (${failures.length} failed): ${failure.message}`,
    `It is recorded. Run cm-relay observe --clean-up${host.apiBase === serviceAt(campaignMonitorHost)?.apiBase ? '' : ` --host ${new URL(host.apiBase).origin}`}.`,
  );
}

const nothing: CleanedUp = { webhooks: 0, subscribers: 0, instance: false, isListGone: false, failures: [] };

function cleanedAsJson({ webhooks, subscribers, instance, isListGone }: CleanedUp): object {
  return { type: 'cleaned-up', webhooks, subscribers, instance, isListGone };
}

interface Parts {
  readonly api: CampaignMonitorApi;
  readonly instance: WatchedInstance | null;
  readonly journal: ObservationJournal;
  /** Its own, with the confirmed keys of SSH servers. */
  readonly dataDir: string;
}

type Wanted = ObserveOptions & { readonly list: string; readonly domain: string };

async function observe(options: Wanted, { api, instance, journal, dataDir }: Parts): Promise<void> {
  await confirm(options, api, instance);
  const stop = new AbortController();
  const { signal } = stop;
  void interrupted().then(() => stop.abort());
  const startedAt = new Date().toISOString();
  const plan = new AnswerPlan();
  const listener = await ObservationListener.open({
    secret: randomBytes(16).toString('hex'),
    port: options.port,
    answer: (place, body) => plan.answer(place, body),
  }).catch(async (error: unknown) => {
    const { isTaken, PortTakenError } = await loadRelay();
    throw isTaken(error) ? new PortTakenError(options.port, error) : error;
  });
  const tunnel = tunnelOf(options);
  try {
    const end = tunnel === null ? null : await openPublicEnd(listener, tunnel, dataDir, signal);
    try {
      const base = end?.base ?? `http://127.0.0.1:${listener.port}`;
      const experiment = new Experiment(
        {
          ...{
            api,
            host: options.host.apiBase,
            listId: options.list,
            domain: options.domain,
            instance,
            journal,
            signal,
          },
          watchMs: options.for,
          say: (text) => {
            if (options.json !== true) note(text);
          },
        },
        { listener, base, passage: end === null ? null : await passageOf(listener, base, signal), plan },
      );
      // Whatever comes of it, nothing of it stays, and what was seen is told.
      const failures = await failuresOf(() => experiment.run());
      const { evidence } = experiment;
      const unsettled = await failuresOf(async () => {
        const remains = await experiment.settleFailures();
        if (remains !== null) note(remains);
      });
      await experiment.close();
      const ownEnd = { isListening: true, settled: () => experiment.settled() };
      const undone = await failuresOf(async () => {
        await undoAll(experiment.changes, journal, api, instance?.api ?? null, options, ownEnd);
      });
      // What stays behind at the vendors matters more than a step that failed, and than a report that cannot be written.
      failures.unshift(...undone, ...unsettled);
      const facts: ReportFacts = {
        startedAt,
        watchedMs: evidence.seen.failing?.watchedMs ?? null,
        withInstance: instance !== null,
        endedEarly: signal.aborted,
        received: evidence.seen.received.length,
        leftOut: listener.leftOut,
      };
      failures.push(...(await failuresOf(() => report(options, facts, judgeAll(evidence)))));
      const [failure, ...others] = failures;
      for (const { message } of others) note(`also: ${printable(message)}`);
      if (failure !== undefined) throw failure;
    } finally {
      await end?.close();
    }
  } finally {
    await listener.close();
  }
}

/** What something failed with: one error, or none. */
async function failuresOf(work: () => Promise<void>): Promise<Error[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))];
  }
}

function tunnelOf({ tunnel }: ObserveOptions): TunnelConfig | null {
  const config = tunnel === undefined ? undefined : tunnelFrom({ tunnel }, undefined);
  return config === undefined || config.kind === 'none' ? null : config;
}

/**
 * Says what will be done, and asks whether it may.
 * @throws CommandError where the list is in use and nobody has confirmed it, or the user does not agree
 */
async function confirm(options: Wanted, api: CampaignMonitorApi, instance: WatchedInstance | null): Promise<void> {
  const { list: listId, domain, tunnel, yes } = options;
  const { name } = await api.list(listId);
  const { activeSubscribers, asksForConfirmation } = await api.listUse(listId);
  if (asksForConfirmation) {
    throw new CommandError(
      `list ${printable(name)} (${listId}) asks subscribers for a confirmation, so nothing would be posted`,
      'Use a list with single opt-in.',
    );
  }
  const others = othersOf(await api.webhooks(listId), instance, listId, instanceHostOf(options));
  const inUse = [
    ...(others > 0 ? [count(others, 'other webhook')] : []),
    ...(activeSubscribers > mostSubscribers ? [count(activeSubscribers, 'subscriber')] : []),
  ].join(' and ');
  const people = addressesOf(newPeople(domain)).length - 1;
  for (const line of [
    `This is what will happen to list ${printable(name)} (${listId}):`,
    '  - Up to 6 webhooks of this command are registered, and deleted at the end.',
    `  - About ${people} made-up subscribers at ${domain} are added, changed, unsubscribed, imported, and deleted. Campaign Monitor shows them as deleted afterwards.`,
    ...(instance === null ? [] : [instanceLine(instance)]),
    ...(tunnel === undefined
      ? []
      : [
          `  - What is posted passes through the tunnel (${printable(maskSecrets(tunnel))}), whose provider can read it.`,
        ]),
    ...(others > 0 ? [`  - The list's ${count(others, 'other webhook')} get all of these events, too.`] : []),
    `It takes up to a few minutes, and then ${duration(options.for)} to watch for retries. If it is interrupted, cm-relay observe --clean-up undoes the rest.`,
  ]) {
    note(line);
  }
  if (yes === true) return;
  if (!canAsk()) {
    throw inUse === ''
      ? new UsageError('observe needs your confirmation, and this is not a terminal', 'If you agree, add --yes.')
      : new CommandError(
          `list ${printable(name)} is in use: it has ${inUse}`,
          'Use another list. If you are sure, add --yes.',
        );
  }
  const question = inUse === '' ? 'Begin?' : `The list is in use: it has ${inUse}. Begin anyway?`;
  if (!(await askYesNo(question))) throw new CommandError('nothing was changed');
}

function instanceLine({ facts: { id, name, callbackUrl } }: WatchedInstance): string {
  const before = URL.canParse(callbackUrl) ? ` instead of ${new URL(callbackUrl).host}` : '';
  return `  - Instance ${printable(name)} (${id}) watches the list and posts to this command${before}; two of its notifications get an error, twice each. At the end, it is as before. What it posts of other lists meanwhile is not passed on.`;
}

/** Webhooks that are not the watched instance's own: of those at the platform one, where the instance watches the list. */
function othersOf(
  webhooks: readonly Webhook[],
  instance: WatchedInstance | null,
  listId: string,
  platform: string,
): number {
  const isPlatform = ({ url }: Webhook): boolean =>
    URL.canParse(url) && new URL(url).host === new URL(platform).host && new URL(url).pathname.includes('/events/');
  const watches = instance !== null && instance.facts.eventsEnabled && instance.facts.listIds.includes(listId);
  return webhooks.length - (watches && webhooks.some(isPlatform) ? 1 : 0);
}

async function report(options: ObserveOptions, facts: ReportFacts, judged: readonly Judged[]): Promise<void> {
  if (options.json === true) {
    for (const each of judged) await printJson(asJson(each));
    await printJson(factsAsJson(facts, judged));
  } else {
    if (facts.endedEarly) note('Stopped early: anything that was not seen is open.');
    const unseen = judged.filter(lacksInstance);
    const seen = judged.filter((each) => !lacksInstance(each));
    for (const line of seen.flatMap(terminalLines)) await print(`${line}\n`);
    if (unseen.length > 0) {
      await print(`open       To observe these, add --instance: ${unseen.map(({ id }) => id).join(', ')}\n`);
    }
    await print(`${countsLine(judged)}\n`);
  }
  for (const file of options.out ?? []) {
    const text = /\.json$/i.test(file)
      ? `${JSON.stringify({ ...factsAsJson(facts, judged), assumptions: judged }, null, 2)}\n`
      : markdown(facts, judged);
    await writeUserFile(file, [text], chooseOut);
  }
  if (options.apply !== true) return;
  for (const sentence of await applyCorrections(options, judged)) note(sentence);
}
