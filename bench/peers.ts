/**
 * (m) The relay beside what a developer would take else, in one run: servers that take deliveries, ways that lead them to
 * a callback, and what each loses when it is killed. Each comes from a public package; one that is not installed is left
 * out, and said.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { Agent, request } from 'undici';
import type { CountOrder, OpenOrder } from './callback.ts';
import { drained, ForwardingSides, relayName } from './forwarding-sides.ts';
import { chooseGenerator, connections, describeGenerator, sustain } from './generator.ts';
import { takeDisturbedRounds } from './machine.ts';
import { nginxVersion, startNginx } from './nginx.ts';
import {
  end,
  Helper,
  idle,
  removeFolder,
  residentMemory,
  startRelay,
  startServer,
  temporaryFolder,
} from './processes.ts';
import type { RelayServer, Server } from './processes.ts';
import { rateRow, timeRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { sustainedBody } from './sample.ts';
import { showSpread, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { checkAnswer, newSide, takeTurns } from './turns.ts';
import type { Extent, Side, Slice } from './turns.ts';

/** How many senders wait for their answers at once. */
const concurrencies = [1, 32, 128] as const;

const listenName = '`cm-relay listen --json`';
const expressName = 'Express, stores nothing';
const insertName = 'Express, one insert a request';

/** What was measured of one side. */
interface Measured {
  readonly what: string;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly processorUs: Spread;
  readonly highestMb: number;
  readonly lost: string;
}

const columns = ['', 'a second', 'p50, ms', 'p99, ms', 'processor µs each', 'highest memory, MB', 'lost by `kill -9`'];

export async function peers({ sliceSeconds, deliveries }: Extent): Promise<Result> {
  const generator = chooseGenerator();
  const losses = await lossesWhenKilled();
  const lines: string[][] = [];
  const rows: Row[] = [];
  const loads: Slice['load'][] = [];
  const tell = (measured: readonly Measured[], where: string): void => {
    for (const each of measured) {
      lines.push([
        `${where}: ${each.what}`,
        ...[each.perSecond, each.p50Ms, each.p99Ms, each.processorUs].map(showSpread),
        String(Math.round(each.highestMb)),
        each.lost,
      ]);
    }
  };

  for (const concurrency of concurrencies) {
    const sides = await takers();
    const slice = async (side: Side): Promise<Slice> => {
      const load = await sustain(generator, side.server.url, side.next, sliceSeconds, concurrency);
      side.next += load.requests + concurrency;
      side.answered += load.requests;
      loads.push(load);
      return { count: load.requests, seconds: load.seconds, load };
    };
    await warmUp(
      sides.map(({ side }) => side),
      deliveries,
      slice,
    );
    // One that waits for each answer does a tenth.
    await takeTurns(
      sides.map(({ side }) => side),
      concurrency === 1 ? deliveries / 8 : deliveries,
      slice,
    );
    const measured = sides.map(({ side }) => measuredOf(side, losses));
    tell(measured, `${concurrency} at once`);
    await Promise.all(sides.map(({ end: stop }) => stop()));
    const of = (what: string): Measured => measured.find((each) => each.what === what)!;
    rows.push(...ingestRows(concurrency, of(listenName), of(expressName), of(insertName)));
  }

  const through = await throughCallback(generator, { sliceSeconds, deliveries }, losses);
  tell(through.measured, 'through, 32 at once');
  rows.push(...through.rows);
  const nginx = nginxVersion();
  return {
    letter: 'm',
    title: 'Beside its peers, in one run',
    sides: { head: columns, lines },
    rows,
    remarks: [
      `Deliveries as in (a), slices of ${sliceSeconds} s in turn, there and back, until each had ${deliveries.toLocaleString('en-US')} (an eighth of it at 1); ${takeDisturbedRounds()} slices were disturbed by other programs. The relay has its history full, as many as it keeps, before the first that counts.`,
      '“One insert a request” is what a developer writes who wants the same promise: Express, `express.json()`, SQLite with WAL and `synchronous=FULL`.',
      `Killed: ${killedWhile} senders post for a second, then the process gets \`kill -9\`. Lost is what was answered with 200 and is found nowhere afterward; of the ways to a callback, what never came to the callback. A proxy answers after the callback has, so it loses nothing that it acknowledged; while the callback is down it acknowledges nothing, and the sender must come again.`,
      nginx === null
        ? 'nginx is not installed (on Debian: apt-get install nginx-light), and left out.'
        : `${nginx} has one worker, as the others have one process.`,
      `Measured once, on 2026-11-28, at 16 at once: Node-RED 4,343 a second, smee-client 3,157.`,
      describeGenerator(generator, loads, concurrencies.join(', -c')),
    ],
  };
}

interface Taker {
  readonly side: Side;
  readonly end: () => Promise<void>;
}

async function takers(): Promise<Taker[]> {
  const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()] as const;
  const taker = (what: string, server: Server, folder?: string): Taker => ({
    side: newSide(what, server),
    end: async () => {
      await end(server.child);
      if (folder !== undefined) removeFolder(folder);
    },
  });
  return [
    taker('bare `node:http`', await startServer('http')),
    taker(expressName, await startServer('express')),
    taker(insertName, await startServer('express-insert', join(folders[0], 'deliveries.db')), folders[0]),
    taker('the relay’s process, nobody attached', await startRelay('alone', folders[1]), folders[1]),
    taker(listenName, await startRelay('listen --json', folders[2]), folders[2]),
  ];
}

/** Code is compiled, and a relay's history is full, before anything counts. */
async function warmUp(
  sides: readonly Side[],
  deliveries: number,
  slice: (side: Side) => Promise<Slice>,
): Promise<void> {
  for (const side of sides) {
    await checkAnswer(side);
    const full = 'client' in side.server ? Math.min(deliveries, await maxDeliveries(side.server as RelayServer)) : 0;
    if (full > 0) side.next += await fill(side, full);
    await slice(side);
    await idle(side.server.child);
  }
}

async function maxDeliveries(relay: RelayServer): Promise<number> {
  const client = await relay.client();
  const { settings } = await client.request('relay/status', {});
  client.close();
  return settings.retention.maxDeliveries;
}

/** Posts so many deliveries, whatever the concurrency that is measured. @returns how many were numbered */
async function fill(side: Side, count: number): Promise<number> {
  const generator = chooseGenerator();
  let next = side.next;
  while (next - side.next < count) {
    const { requests } = await sustain(generator, side.server.url, next, 2);
    next += requests + connections;
  }
  return next - side.next;
}

function measuredOf(side: Side, losses: ReadonlyMap<string, string>): Measured {
  const { slices, what, server } = side;
  return {
    what,
    perSecond: spread(slices.map(({ count, seconds }) => count / seconds)),
    p50Ms: spread(slices.map(({ load }) => load.p50Ms)),
    p99Ms: spread(slices.map(({ load }) => load.p99Ms)),
    processorUs: spread(slices.map(({ withAfterward }) => withAfterward)),
    highestMb: residentMemory(server.child.pid)?.highest ?? NaN,
    lost: losses.get(what) ?? '',
  };
}

/** How many times as good as Express the relay has to be; how many times the p99 it may have. */
const aims: Readonly<Record<(typeof concurrencies)[number], { express?: number; insert?: number; p99?: number }>> = {
  1: { insert: 1 },
  32: { express: 0.8, insert: 4, p99: 2 },
  128: { express: 1, p99: 2 },
};

function ingestRows(
  concurrency: (typeof concurrencies)[number],
  relay: Measured,
  express: Measured,
  insert: Measured,
): Row[] {
  const { express: beside, insert: besideInsert, p99 } = aims[concurrency];
  const aimsOf = (aim: number | undefined): number[] => (aim === undefined ? [] : [aim]);
  const where = `${concurrency} at once`;
  return [
    rateRow(`${where}, beside ${expressName}`, 'requests/s', relay.perSecond, express.perSecond, ...aimsOf(beside)),
    rateRow(`${where}, beside ${insertName}`, 'requests/s', relay.perSecond, insert.perSecond, ...aimsOf(besideInsert)),
    timeRow(`${where}, p99 beside ${expressName}`, 'ms', relay.p99Ms, express.p99Ms, p99 ?? null),
  ];
}

const throughConcurrencies = [1, 16] as const;

const proxyName = 'http-proxy';
const nginxName = 'nginx';

/** Ways to a callback, until it has had all of it. */
async function throughCallback(
  generator: ReturnType<typeof chooseGenerator>,
  { sliceSeconds, deliveries }: Extent,
  losses: ReadonlyMap<string, string>,
): Promise<{ readonly measured: readonly Measured[]; readonly rows: readonly Row[] }> {
  const ways = await ForwardingSides.start(generator);
  const proxy = ways.add(proxyName, await startServer('proxy', ways.url));
  const nginx =
    nginxVersion() === null ? [] : [ways.add(nginxName, await startNginx(new URL(ways.url), temporaryFolder()))];
  const oneByOne = await ways.addRelay(1);
  const sixteen = await ways.addRelay(16);
  const sides = [proxy, ...nginx, oneByOne, sixteen];
  await ways.warmUp(sliceSeconds);
  await takeTurns(sides, deliveries / 2, (side) => ways.slice(side, sliceSeconds));
  const measured = sides.map((side) => measuredOf(side, losses));
  await ways.end();
  const of = (side: Side): Measured => measured[sides.indexOf(side)]!;
  const row = (side: Side, aim: number): Row =>
    rateRow(`${side.what}, beside http-proxy`, 'notifications/s', of(side).perSecond, of(proxy).perSecond, aim);
  return { measured, rows: [row(sixteen, 0.75), row(oneByOne, 0.5)] };
}

/** So many senders post when a process is killed. */
const killedWhile = 32;

/** Of each side, how many of those that it had answered with 200 are found nowhere after `kill -9`. */
async function lossesWhenKilled(): Promise<ReadonlyMap<string, string>> {
  const losses = new Map<string, string>();
  const note = (what: string, acknowledged: number, found: number): void => {
    const lost = Math.max(0, acknowledged - found);
    losses.set(what, `${lost.toLocaleString('en-US')} of ${acknowledged.toLocaleString('en-US')}`);
  };
  for (const [what, name] of [
    ['bare `node:http`', 'http'],
    [expressName, 'express'],
  ] as const) {
    // Nothing of theirs is anywhere but in memory.
    note(what, await postUntilKilled(await startServer(name)), 0);
  }

  const folder = temporaryFolder();
  const file = join(folder, 'deliveries.db');
  const inserted = await postUntilKilled(await startServer('express-insert', file));
  const database = new DatabaseSync(file);
  const { count } = database.prepare('SELECT count(*) AS count FROM deliveries').get() as { count: number };
  database.close();
  note(insertName, inserted, count);
  removeFolder(folder);

  for (const [what, manner] of [
    ['the relay’s process, nobody attached', 'alone'],
    [listenName, 'listen --json'],
  ] as const) {
    const dataDir = temporaryFolder();
    const acknowledged = await postUntilKilled(await startRelay(manner, dataDir));
    const again = await startRelay('alone', dataDir);
    const client = await again.client();
    const [newest] = (await client.request('events/query', { limit: 1 })).events;
    client.close();
    // Each delivery has one event.
    note(what, acknowledged, Number(newest?.id.slice(1) ?? 0));
    await end(again.child);
    removeFolder(dataDir);
  }

  const callback = new Helper('callback');
  const opening: OpenOrder = { kind: 'open' };
  const counting: CountOrder = { kind: 'count', total: 0 };
  const url = await callback.ask<string>(opening);
  const proxied = await postUntilKilled(await startServer('proxy', url));
  note(proxyName, proxied, await callback.ask<number>(counting));
  if (nginxVersion() !== null) {
    const files = temporaryFolder();
    const server = await startNginx(new URL(url), files);
    await callback.ask<string>(opening);
    const acknowledged = await postUntilKilled(server);
    note(nginxName, acknowledged, await callback.ask<number>(counting));
    removeFolder(files);
  }
  for (const concurrency of throughConcurrencies) {
    const dataDir = temporaryFolder();
    const settings = { destinations: [{ url }], concurrency };
    await callback.ask<string>(opening);
    const acknowledged = await postUntilKilled(await startRelay('listen --json', dataDir, settings));
    const again = await startRelay('alone', dataDir, settings);
    await drained(again);
    note(relayName(concurrency), acknowledged, await callback.ask<number>(counting));
    await end(again.child);
    removeFolder(dataDir);
  }
  await callback.end();
  return losses;
}

/** Posts for a second, kills the process, and posts on until nothing answers. @returns how many were answered 200 */
async function postUntilKilled({ child, url }: Server): Promise<number> {
  const dispatcher = new Agent({ connections: killedWhile });
  let number = 0;
  let acknowledged = 0;
  let isOver = false;
  const post = async (): Promise<void> => {
    while (!isOver) {
      try {
        const headers = { 'content-type': 'application/json' };
        const { statusCode, body } = await request(url, {
          ...{ method: 'POST', headers, dispatcher },
          body: sustainedBody(number++),
        });
        // The answer has come with its head; the rest may be cut off.
        if (statusCode === 200) acknowledged += 1;
        await body.dump();
      } catch {
        isOver = true;
      }
    }
  };
  const all = Array.from({ length: killedWhile }, post);
  await delay(1000);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await Promise.all([...all, ended]);
  await dispatcher.close();
  return acknowledged;
}
