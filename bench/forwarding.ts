/** (b) Receiving and forwarding until every notification is answered and its attempt recorded, beside http-proxy. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import type { CountOrder, OpenOrder } from './callback.ts';
import type { BurstAnswer, BurstOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import {
  end,
  Helper,
  idle,
  processorTime,
  removeFolder,
  startRelay,
  startServer,
  temporaryFolder,
} from './processes.ts';
import type { Manner, RelayServer, Server } from './processes.ts';
import { rateRow, timeRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { notificationSample, subscribeSample } from './sample.ts';
import { showSpread, spread } from './statistics.ts';

const connections = 32;
const requests = 6000;
const warmUps = 3;

interface Contender {
  readonly what: string;
  readonly server: Server | RelayServer;
  readonly aim: number | null;
  readonly perSecond: number[];
  readonly processor: number[];
}

export async function forwarding(rounds: number): Promise<Result> {
  const load = new Helper('load');
  const callback = new Helper('callback');
  const opening: OpenOrder = { kind: 'open' };
  const url = await callback.ask<string>(opening);
  const folders: string[] = [];
  const relay = async (manner: Manner, concurrency: number, aim: number): Promise<Contender> => {
    const folder = temporaryFolder();
    folders.push(folder);
    const server = await startRelay(manner, folder, { destinations: [{ url }], concurrency });
    const name = manner === 'alone' ? '`relay.js`, nobody attached' : '`cm-relay listen --json`';
    return { what: `${name}, concurrency ${concurrency}`, server, aim, perSecond: [], processor: [] };
  };
  const proxy: Contender = {
    what: 'http-proxy',
    server: await startServer('proxy', url),
    aim: null,
    perSecond: [],
    processor: [],
  };
  const relays = [
    await relay('listen --json', 1, 1),
    await relay('listen --json', 16, 1),
    await relay('alone', 1, 1),
    await relay('alone', 16, 1),
  ];
  const all = [proxy, ...relays];
  const oneByOne: number[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    for (const { server, perSecond, processor } of round % 2 === 0 ? all : [...all].reverse()) {
      const measure = async (): Promise<{ seconds: number; used: number }> => {
        const client = 'client' in server ? await server.client() : undefined;
        await callback.ask<string>(opening);
        const before = processorTime(server.child.pid) ?? 0;
        const sentBefore = client === undefined ? 0 : await sent(client);
        const order: BurstOrder = { kind: 'burst', url: server.url, body: subscribeSample, connections, requests };
        const count: CountOrder = { kind: 'count', total: requests };
        const started = performance.now();
        await Promise.all([load.ask(order), callback.ask(count)]);
        // The callback has all; what is left is the last commit of attempts.
        while (client !== undefined && (await sent(client)) < sentBefore + requests) await delay(1);
        const seconds = (performance.now() - started) / 1000;
        const used = (processorTime(server.child.pid) ?? 0) - before;
        client?.close();
        return { seconds, used };
      };
      if (round < 0) {
        await measure();
        continue;
      }
      const { seconds, used } = await undisturbed(measure, () => idle(server.child));
      perSecond.push(requests / seconds);
      processor.push((used * 1000) / requests);
    }
    // How fast anybody can be who waits for each answer before the next request.
    const straight: BurstOrder = { kind: 'burst', url, body: notificationSample, connections: 1, requests };
    const { seconds } = await undisturbed(() => load.ask<BurstAnswer>(straight));
    if (round >= 0) oneByOne.push(requests / seconds);
  }
  await Promise.all([load.end(), callback.end(), ...all.map(({ server }) => end(server.child))]);
  folders.forEach(removeFolder);
  const rows = relays.flatMap(({ what, aim, perSecond, processor }): Row[] => [
    rateRow(what, 'notifications/s', spread(perSecond), spread(proxy.perSecond), aim),
    timeRow(what, 'processor µs/notification', spread(processor), spread(proxy.processor)),
  ]);
  return {
    letter: 'b',
    title: `Ingest and forwarding, attempts recorded, until drained; ${connections} connections`,
    rows,
    remarks: [
      `${rounds} rounds of ${requests.toLocaleString('en-US')} deliveries to each server in turn, after ${warmUps} that do not count, all to one callback process; ${takeDisturbedRounds()} rounds were disturbed by other programs. Baseline: http-proxy with a keep-alive agent, which stores nothing and forwards ${connections} at once. The clock stops when the callback has had every notification and every attempt is on disk.`,
      `With concurrency 1 each notification waits for the answer to the one before. The load by itself, on one connection straight to the callback, does ${showSpread(spread(oneByOne))} a second: nobody who waits is faster.`,
    ],
  };
}

/** How many notifications the relay has recorded as sent. */
async function sent(client: RelayClient): Promise<number> {
  return (await client.request('relay/status', {})).counts.sent;
}
