/** (f) The relay on a million stored events: pages by filter, memory, and receiving while pages are read. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { documentedListId } from '../src/campaign-monitor/samples.ts';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import { schemaVersion } from '../src/relay/database.ts';
import { searchFile, storeFile } from '../src/relay/history.ts';
import type { BurstOrder, PacedAnswer, PacedOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { rareList } from './million.ts';
import {
  cacheFolder,
  end,
  environment,
  Helper,
  idle,
  removeFolder,
  residentMemory,
  root,
  startRelay,
  temporaryFolder,
} from './processes.ts';
import { boundRow, timeRow } from './report.ts';
import type { Result } from './report.ts';
import { markedSample } from './sample.ts';
import { quantile, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';

const mostMilliseconds = 50;
const mostMegabytes = 200;
const perSecond = 200;
const seconds = 8;
const burst = 20_000;
/** Changed when million.ts makes another history. */
const layout = 2;

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
  for (const fileOf of [storeFile, searchFile]) {
    copyFileSync(fileOf(from), fileOf(to), constants.COPYFILE_FICLONE);
    const file = openSync(fileOf(to), 'r+');
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

/** Reads pages, one after another, ever further back and by several filters, until told to stop. */
async function readOn(client: RelayClient, filters: readonly string[], stopped: () => boolean): Promise<number> {
  const places = filters.map(() => undefined as string | undefined);
  let pages = 0;
  for (let turn = 0; !stopped(); turn = (turn + 1) % filters.length) {
    const { next } = await pageTime(client, filters[turn]!, places[turn]);
    places[turn] = next ?? undefined;
    pages += 1;
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
  const relay = await startRelay('listen --json', folder);
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
    'example type:deactivate',
  ];
  /** Common words beside what few events have: not read in the loop below, where each would stand for all. */
  const narrow = [`example list:${rareList}`, 'example type:nosuch', 'example state:failed'];
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
  return {
    letter: 'f',
    title: `A history of ${events.toLocaleString('en-US')} events`,
    rows: [
      ...pages.map(({ filter, times, first }) =>
        boundRow(
          `first page of ${filter === '' ? 'everything' : `\`${filter}\``} (asked for the first time: ${first.toFixed(1)})`,
          'ms',
          times,
          mostMilliseconds,
        ),
      ),
      boundRow('resident memory after the start', 'MB', one(afterStart?.now), mostMegabytes),
      boundRow('resident memory after these pages', 'MB', one(afterPages?.now), mostMegabytes),
      boundRow('resident memory after receiving while pages are read', 'MB', one(afterReading?.now), mostMegabytes),
      boundRow(
        `resident memory after ${burst.toLocaleString('en-US')} deliveries at once`,
        'MB',
        one(atEnd?.now),
        mostMegabytes,
      ),
      boundRow('resident memory, highest', 'MB', one(atEnd?.highest), mostMegabytes),
      timeRow(
        `p99 of ingest at ${perSecond} a second while pages are read (baseline: while none are)`,
        'ms',
        spread(reading),
        spread(still),
      ),
    ],
    remarks: [
      `Pages of 50 through the control channel, ${4 * rounds} times each. ${rounds} rounds of ${seconds} s of ingest each way, ${takeDisturbedRounds()} disturbed by other programs; ${read} pages were read meanwhile, all filters in turn, each ever further back.`,
    ],
  };
}
