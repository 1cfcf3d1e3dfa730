/** (f) The relay on a million stored events: pages by filter, memory, and receiving while pages are read. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { documentedListId } from '../src/campaign-monitor/samples.ts';
import { methods } from '../src/protocol/methods.ts';
import { prepareDataDirectory } from '../src/protocol/data-directory.ts';
import type { Method } from '../src/protocol/methods.ts';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import { schemaVersion } from '../src/relay/log/database.ts';
import type { BurstOrder, PacedAnswer, PacedOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { rareList, rareWord } from './million.ts';
import {
  cacheFolder,
  end,
  environment,
  Helper,
  idle,
  keepEverything,
  removeFolder,
  residentMemory,
  root,
  startRelay,
  temporaryFolder,
} from './processes.ts';
import { boundRow, timeRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { markedSample } from './sample.ts';
import { quantile, short, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** What the table and the command line ask beside pages by filter; asked where the relay knows the method. */
const furtherRequests: readonly { readonly what: string; readonly method: string; readonly params: object }[] = [
  ...(['time', 'type', 'state', 'duration'] as const).flatMap((by) =>
    [0, 500_000].map((offset) => ({
      what: `page by ${by}, from ${offset.toLocaleString('en-US')}`,
      method: 'events/page',
      params: { filter: '', sort: { by, descending: true }, offset, limit: 50, traced: true },
    })),
  ),
  {
    what: 'page of `type:deactivate` by state',
    method: 'events/page',
    params: { filter: 'type:deactivate', sort: { by: 'state', descending: false }, limit: 50, traced: true },
  },
  { what: 'count of everything', method: 'events/counts', params: { filter: '' } },
  { what: 'counts by type', method: 'events/counts', params: { filter: '', groupBy: 'type' } },
  {
    what: 'counts by list of `state:failed`',
    method: 'events/counts',
    params: { filter: 'state:failed', groupBy: 'list' },
  },
  { what: 'counts a minute', method: 'events/counts', params: { filter: '', perMinute: {} } },
];

const mostMilliseconds = 100;
/** Nearly all first pages. */
const usualMilliseconds = 20;
const mostUnusual = 4;
const mostOrderMilliseconds = 500;
const mostMegabytesAtStart = 120;
const mostMegabytes = 200;
const mostTimesSlower = 2;
const pagesPerSecond = 20;
const perSecond = 200;
const seconds = 8;
const burst = 20_000;
/** Changed when million.ts makes another history. */
const layout = 4;

/** The folder of the made history, made now where it is missing. */
function madeHistory(events: number): string {
  const folder = join(cacheFolder, `history-${events}-schema${schemaVersion}-layout${layout}`);
  if (existsSync(join(folder, 'made.json'))) return folder;
  process.stderr.write(`making a history of ${events} events, kept in ${folder}\n`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [join(root, 'bench', 'million.ts'), unfinished, String(events)], {
    stdio: 'inherit',
    env: environment,
  });
  if (status !== 0) throw new Error('the history could not be made');
  renameSync(unfinished, folder);
  return folder;
}

/** Copies the history, to the disk: what the system still had to write would else delay the commits that are timed. */
function copyHistory(from: string, to: string): void {
  prepareDataDirectory(to);
  for (const name of readdirSync(from).filter((each) => each.includes('.sqlite'))) {
    copyFileSync(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
    const file = openSync(join(to, name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}

async function pageTime(
  client: RelayClient,
  filter: string,
  before?: string,
): Promise<{ ms: number; next: string | null }> {
  const started = performance.now();
  const { next } = await client.request('events/query', { filter, limit: 50, ...(before !== undefined && { before }) });
  return { ms: performance.now() - started, next };
}

/** The rows of what this relay knows of `furtherRequests`, and what it does not know. */
async function further(client: RelayClient, times: number): Promise<{ rows: Row[]; unknown: string[] }> {
  const rows: Row[] = [];
  const unknown = new Set<string>();
  for (const { what, method, params } of furtherRequests) {
    if (!(method in methods)) {
      unknown.add(method);
      continue;
    }
    const ask = async (): Promise<number> => {
      const started = performance.now();
      await client.request(method as Method, params);
      return performance.now() - started;
    };
    const first = await ask();
    const measured: number[] = [];
    for (let i = 0; i < times && (measured.length === 0 || first < 1000); i++) measured.push(await ask());
    const most = what.startsWith('page') ? mostOrderMilliseconds : null;
    rows.push(boundRow(`${what} (asked for the first time: ${first.toFixed(1)})`, 'ms', spread(measured), most));
  }
  return { rows, unknown: [...unknown] };
}

/** Reads 20 pages a second, ever further back and by several filters, until told to stop. */
async function readOn(client: RelayClient, filters: readonly string[], stopped: () => boolean): Promise<number> {
  const places = filters.map(() => undefined as string | undefined);
  let pages = 0;
  const started = performance.now();
  for (let turn = 0; !stopped(); turn = (turn + 1) % filters.length) {
    const { next } = await pageTime(client, filters[turn]!, places[turn]);
    places[turn] = next ?? undefined;
    pages += 1;
    const due = started + (1000 * pages) / pagesPerSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  return pages;
}

export async function history(rounds: number, events: number): Promise<Result> {
  const made = madeHistory(events);
  const { begin, end: last } = JSON.parse(readFileSync(join(made, 'made.json'), 'utf8')) as {
    begin: number;
    end: number;
  };
  const at = (share: number): string => new Date(begin + (last - begin) * share).toISOString().slice(0, 19) + 'Z';
  const folder = temporaryFolder();
  copyHistory(made, folder);
  const load = new Helper('load');
  const relay = await startRelay('listen --json', folder, { retention: keepEverything });
  const afterStart = residentMemory(relay.child.pid);
  const list = documentedListId.slice(0, 30) + '05';
  const filters = [
    '',
    'type:subscribe',
    'type:deactivate',
    'type:nosuch',
    `list:${list}`,
    `list:${rareList}`,
    `type:deactivate list:${list}`,
    `type:deactivate list:${rareList}`,
    `type:nosuch list:${list}`,
    'state:failed',
    'state:failed type:deactivate',
    'state:discarded',
    'address:test@example.org',
    'address:nobody@nowhere.example',
    'example',
    'website example.com',
    'birthday 1975',
    rareWord,
    'qqqqq',
    `since:${at(0.9)}`,
    `since:${at(0.5)} type:update`,
    `until:${at(0.1)}`,
    `since:${at(0.45)} until:${at(0.5)} list:${list}`,
    'duplicate:yes',
    'kind:rejected',
    'source:open-connectors',
    'type:nosuch,other',
    'state:failed,discarded',
  ];
  /** What many events have, what few have and what none has, each beside a word that many have and one that few have. */
  const besideWords = [
    `list:${list}`,
    `list:${rareList}`,
    'type:subscribe',
    'type:deactivate',
    'type:nosuch',
    'state:sent',
    'state:failed',
    'state:discarded',
  ];
  /** Not read in the loop below, where one that takes long would stand for all. */
  const narrow = ['example', rareWord].flatMap((word) => besideWords.map((part) => `${word} ${part}`));
  const client = await relay.client();
  const pages: { filter: string; times: Spread; first: number }[] = [];
  for (const filter of [...filters, ...narrow]) {
    const times: number[] = [];
    const { ms: first } = await pageTime(client, filter);
    for (let i = 0; i < 4 * rounds && (times.length === 0 || first < 1000); i++) {
      times.push((await pageTime(client, filter)).ms);
    }
    pages.push({ filter, times: spread(times), first });
  }
  const { rows: furtherRows, unknown } = await further(client, 4 * rounds);
  const afterPages = residentMemory(relay.child.pid);

  const still: number[] = [];
  const reading: number[] = [];
  let read = 0;
  for (let round = 0; round <= rounds; round++) {
    const order: PacedOrder = {
      kind: 'paced',
      url: relay.url,
      body: markedSample,
      perSecond,
      seconds: round === 0 ? 2 : seconds,
      atCallback: false,
    };
    const alone = async (): Promise<number> => quantile((await load.ask<PacedAnswer>(order)).toAnswer, 0.99);
    const whileReading = async (): Promise<number> => {
      let over = false;
      const reader = readOn(client, filters, () => over);
      const p99 = await alone();
      over = true;
      read += await reader;
      return p99;
    };
    for (const way of round % 2 === 0 ? [false, true] : [true, false]) {
      await idle(relay.child);
      const p99 = await undisturbed(way ? whileReading : alone);
      if (round > 0) (way ? reading : still).push(p99);
    }
  }
  const afterReading = residentMemory(relay.child.pid);
  const many: BurstOrder = { kind: 'burst', url: relay.url, body: markedSample, connections: 32, requests: burst };
  await load.ask(many);
  await idle(relay.child);
  const atEnd = residentMemory(relay.child.pid);
  client.close();
  await Promise.all([load.end(), end(relay.child)]);
  removeFolder(folder);

  const one = (value: number | undefined): Spread => spread([value ?? NaN]);
  const pageRows = pages.map(({ filter, times, first }) =>
    boundRow(
      `first page of ${filter === '' ? 'everything' : `\`${filter}\``} (asked for the first time: ${first.toFixed(1)})`,
      'ms',
      times,
      mostMilliseconds,
    ),
  );
  const memory = [
    boundRow('resident memory after the start', 'MB', one(afterStart?.now), mostMegabytesAtStart),
    boundRow('resident memory after these pages', 'MB', one(afterPages?.now), mostMegabytes),
    boundRow('resident memory after receiving while pages are read', 'MB', one(afterReading?.now), mostMegabytes),
    boundRow(
      `resident memory after ${burst.toLocaleString('en-US')} deliveries at once`,
      'MB',
      one(atEnd?.now),
      mostMegabytes,
    ),
    boundRow('resident memory, highest', 'MB', one(atEnd?.highest), mostMegabytes),
  ];
  const p99 = timeRow(
    `p99 of ingest at ${perSecond} a second while ${pagesPerSecond} pages a second are read (baseline: while none are)`,
    'ms',
    spread(reading),
    spread(still),
    mostTimesSlower,
  );
  const quick = pages.filter(({ times }) => times.median <= usualMilliseconds);
  const slowest = pages.reduce((a, b) => (b.times.median > a.times.median ? b : a));
  const allWithin = (rows: readonly Row[]): string =>
    rows.every(({ aim }) => aim?.verdict === 'met') ? 'met' : 'not met';
  return {
    letter: 'f',
    title: `A history of ${events.toLocaleString('en-US')} events`,
    rows: [...pageRows, ...furtherRows, ...memory, p99],
    remarks: [
      `Pages of 50 through the control channel, ${4 * rounds} times each, once where the first took more than a second. Few events have the word \`${rareWord}\`, the list \`${rareList.slice(0, 4)}…\` and \`state:failed\`; none has \`type:nosuch\` or \`state:discarded\`. ${rounds} rounds of ${seconds} s of ingest each way, ${takeDisturbedRounds()} disturbed by other programs; ${read} pages were read meanwhile, by the filters up to the last without a word beside another part, in turn, each ever further back.`,
      ...(unknown.length > 0 ? [`Not measured, since this relay does not know it: ${unknown.join(', ')}.`] : []),
    ],
    summary: [
      {
        what: `${events.toLocaleString('en-US')} events: first page`,
        figure: `${quick.length} of ${pages.length} filters within ${usualMilliseconds} ms; the slowest \`${slowest.filter}\` ${short(slowest.times.median)} ms`,
        aim: `${pages.length - mostUnusual} ≤ ${usualMilliseconds} ms, all ≤ ${mostMilliseconds}`,
        verdict: quick.length < pages.length - mostUnusual ? 'not met' : allWithin(pageRows),
      },
      {
        what: 'resident memory after the start, the pages, receiving, a burst; highest',
        figure: `${memory.map(({ relay: { median } }) => short(median)).join(', ')} MB`,
        aim: `≤ ${mostMegabytesAtStart}, ${mostMegabytes} MB`,
        verdict: allWithin(memory),
      },
      {
        what: `p99 of ingest while ${pagesPerSecond} pages a second are read`,
        figure: `${short(p99.relay.median)} ms, beside ${short(p99.baseline!.median)} while none are: ${short(1 / p99.ratio!)} times`,
        aim: p99.aim!.text,
        verdict: p99.aim!.verdict,
      },
    ],
  };
}
