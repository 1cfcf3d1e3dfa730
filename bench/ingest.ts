/** (a) How many deliveries a second the street door takes, beside bare Express that stores nothing. */
import type { BurstAnswer, BurstOrder } from './load.ts';
import {
  end,
  Helper,
  processorTime,
  quiet,
  removeFolder,
  startRelay,
  startServer,
  temporaryFolder,
} from './processes.ts';
import type { Server } from './processes.ts';
import { rateRow, timeRow } from './report.ts';
import type { Result } from './report.ts';
import { subscribeSample } from './sample.ts';
import { spread } from './statistics.ts';

const connections = 32;
const requests = 8000;

interface Measured {
  readonly perSecond: number[];
  /** Processor microseconds of the server for each request: less disturbed by what else the machine does. */
  readonly processor: number[];
}

export async function ingest(rounds: number): Promise<Result> {
  const load = new Helper('load');
  const dirs = [temporaryFolder(), temporaryFolder()] as const;
  const servers: readonly [string, Server][] = [
    ['express', await startServer('express')],
    ['listen', await startRelay('listen --json', dirs[0])],
    ['alone', await startRelay('alone', dirs[1])],
  ];
  const measured = new Map<string, Measured>(servers.map(([name]) => [name, { perSecond: [], processor: [] }]));
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? servers : [...servers].reverse();
    for (const [name, server] of order) {
      const message: BurstOrder = { kind: 'burst', url: server.url, body: subscribeSample, connections, requests };
      const before = processorTime(server.child.pid);
      const { seconds } = await load.ask<BurstAnswer>(message);
      const after = processorTime(server.child.pid);
      await quiet(server.child);
      // The first round warms up.
      if (round === 0) continue;
      measured.get(name)!.perSecond.push(requests / seconds);
      measured.get(name)!.processor.push((((after ?? 0) - (before ?? 0)) * 1000) / requests);
    }
  }
  await Promise.all([load.end(), ...servers.map(([, server]) => end(server.child))]);
  dirs.forEach(removeFolder);
  const [express, listen, alone] = ['express', 'listen', 'alone'].map((name) => measured.get(name)!);
  return {
    letter: 'a',
    title: `Ingest: ${connections} connections, the documented Subscribe sample, durable 200, no destination`,
    rows: [
      rateRow('`cm-relay listen --json`', 'requests/s', spread(listen!.perSecond), spread(express!.perSecond), 1.5),
      rateRow('`relay.js`, nobody attached', 'requests/s', spread(alone!.perSecond), spread(express!.perSecond), 1.5),
      timeRow(
        '`cm-relay listen --json`',
        'processor µs/request',
        spread(listen!.processor),
        spread(express!.processor),
      ),
      timeRow('`relay.js`', 'processor µs/request', spread(alone!.processor), spread(express!.processor)),
    ],
    remarks: [
      `${rounds} rounds of ${requests} requests to each server in turn; baseline: bare Express 5 with \`express.json()\` that answers 200 and stores nothing.`,
    ],
  };
}
