/** (a) How many deliveries a second the webhook endpoint takes, beside bare Express that stores nothing. */
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
import type { Server } from './processes.ts';
import { rateRow, timeRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { subscribeSample } from './sample.ts';
import { spread } from './statistics.ts';

const connections = 32;
const requests = 10_000;
/** Rounds before the ones that count: the first ten thousands of requests find code that is not compiled yet. */
const warmUps = 3;

interface Contender {
  readonly server: Server;
  readonly perSecond: number[];
  /** Processor microseconds of the server for each request: less disturbed by what else the machine does. */
  readonly processor: number[];
}

export async function ingest(rounds: number): Promise<Result> {
  const load = new Helper('load');
  const folders = [temporaryFolder(), temporaryFolder()] as const;
  const contender = (server: Server): Contender => ({ server, perSecond: [], processor: [] });
  const express = contender(await startServer('express'));
  const empty = contender(await startServer('express', 'empty'));
  const listen = contender(await startRelay('listen --json', folders[0]));
  const alone = contender(await startRelay('alone', folders[1]));
  const all = [express, empty, listen, alone];
  for (let round = -warmUps; round < rounds; round++) {
    for (const { server, perSecond, processor } of round % 2 === 0 ? all : [...all].reverse()) {
      const order: BurstOrder = { kind: 'burst', url: server.url, body: subscribeSample, connections, requests };
      const measure = async (): Promise<{ seconds: number; used: number }> => {
        const before = processorTime(server.child.pid) ?? 0;
        const { seconds } = await load.ask<BurstAnswer>(order);
        const used = (processorTime(server.child.pid) ?? 0) - before;
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
  }
  await Promise.all([load.end(), ...all.map(({ server }) => end(server.child))]);
  folders.forEach(removeFolder);
  const rows = (what: string, relay: Contender, baseline: Contender, aim: number | null): Row[] => [
    rateRow(what, 'requests/s', spread(relay.perSecond), spread(baseline.perSecond), aim),
    timeRow(what, 'processor µs/request', spread(relay.processor), spread(baseline.processor)),
  ];
  return {
    letter: 'a',
    title: `Ingest: ${connections} connections, the documented Subscribe sample, durable 200, no destination`,
    rows: [
      ...rows('`cm-relay listen --json`, its lines read', listen, express, 1.5),
      ...rows('`relay.js`, nobody attached', alone, express, 1.5),
      ...rows('`relay.js`, beside Express whose answer is empty', alone, empty, null),
    ],
    remarks: [
      `${rounds} rounds of ${requests.toLocaleString('en-US')} requests to each server in turn, after ${warmUps} that do not count; ${takeDisturbedRounds()} rounds were disturbed by other programs.`,
      'Baseline: bare Express 5 with `express.json()` that answers `sendStatus(200)` and stores nothing; in the last two lines `status(200).end()`.',
    ],
  };
}
