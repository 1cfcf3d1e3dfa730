/** (a) How many deliveries a second the webhook endpoint takes for long, beside bare Express that stores nothing. */
import { chooseGenerator, connections, describeGenerator, sustain } from './generator.ts';
import type { Generator } from './generator.ts';
import { takeDisturbedRounds } from './machine.ts';
import { end, idle, removeFolder, residentMemory, startRelay, startServer, temporaryFolder } from './processes.ts';
import type { RelayServer } from './processes.ts';
import { rateRow, timeRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { showSpread, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { checkAnswer, newSide, takeTurns } from './turns.ts';
import type { Extent, Side, Slice } from './turns.ts';

/** One slice: as many requests as are answered in that time. */
async function slice(side: Side, generator: Generator, seconds: number): Promise<Slice> {
  const load = await sustain(generator, side.server.url, side.next, seconds);
  side.next += load.requests + connections;
  side.answered += load.requests;
  return { count: load.requests, seconds: load.seconds, load };
}

/**
 * That what a relay answered with 200 was stored, and that retention keeps as many as it says.
 * @throws Error where one is not so
 */
async function checkHistory(side: Side, relay: RelayServer): Promise<string> {
  const client = await relay.client();
  try {
    const { counts, settings } = await client.request('relay/status', {});
    const { maxDeliveries } = settings.retention;
    const [newest] = (await client.request('events/query', { limit: 1 })).events;
    // Each delivery has one event, so the newest one's number is how many there were.
    const stored = Number(newest?.id.slice(1) ?? 0);
    const kept = Math.min(maxDeliveries, side.answered);
    if (stored < side.answered || counts.deliveries > maxDeliveries || counts.deliveries < kept * 0.9) {
      throw new Error(
        `${side.what} answered ${side.answered} with 200, stored ${stored} and keeps ${counts.deliveries} of ${maxDeliveries}`,
      );
    }
    return counts.deliveries.toLocaleString('en-US');
  } finally {
    client.close();
  }
}

export async function ingest({ sliceSeconds, deliveries }: Extent): Promise<Result> {
  const generator = chooseGenerator();
  const folders = [temporaryFolder(), temporaryFolder()] as const;
  const listenRelay = await startRelay('listen --json', folders[0]);
  const aloneRelay = await startRelay('alone', folders[1]);
  const floor = newSide('bare `node:http` that reads and parses', await startServer('http'));
  const express = newSide('Express, `express.json()`, `sendStatus(200)`', await startServer('express'));
  const empty = newSide('Express, `express.json()`, empty 200', await startServer('express', 'empty'));
  const alone = newSide('the relay’s process, nobody attached', aloneRelay);
  const listen = newSide('`cm-relay listen --json`, its lines read', listenRelay);
  const sides = [floor, express, empty, alone, listen];
  const relays = [
    { side: alone, relay: aloneRelay },
    { side: listen, relay: listenRelay },
  ];

  // Code is compiled, and the history is full, before anything counts.
  const { maxDeliveries } = await limits(listenRelay);
  for (const side of sides) {
    const full = side === alone || side === listen ? Math.min(maxDeliveries, deliveries) : 0;
    await checkAnswer(side);
    do await slice(side, generator, sliceSeconds);
    while (side.answered < full);
    await idle(side.server.child);
  }
  await takeTurns(sides, deliveries, (side) => slice(side, generator, sliceSeconds));

  const kept: string[] = [];
  for (const { side, relay } of relays) kept.push(await checkHistory(side, relay));
  const highest = sides.map(({ server }) => residentMemory(server.child.pid)?.highest ?? NaN);
  await Promise.all(sides.map(({ server }) => end(server.child)));
  folders.forEach(removeFolder);

  const perSecond = ({ slices }: Side): Spread => spread(slices.map(({ count, seconds }) => count / seconds));
  const p99 = ({ slices }: Side): Spread => spread(slices.map(({ load }) => load.p99Ms));
  const rows = (what: string, relay: Side, baseline: Side, aims: readonly number[], p99Aim: number | null): Row[] => [
    rateRow(what, 'requests/s', perSecond(relay), perSecond(baseline), ...aims),
    timeRow(`${what}, p99`, 'ms', p99(relay), p99(baseline), p99Aim),
  ];
  return {
    letter: 'a',
    title: `Ingest, sustained: ${connections} connections, durable 200, no destination`,
    sides: {
      head: [
        ...['each by itself', 'requests/s', 'p99, ms', 'processor µs a request: whole process', 'its main thread'],
        ...['whole, with what it does afterward', 'highest memory, MB', 'requests'],
      ],
      lines: sides.map((side, index) => [
        side.what,
        showSpread(perSecond(side)),
        showSpread(p99(side)),
        showSpread(spread(side.slices.map(({ whole }) => whole))),
        showSpread(spread(side.slices.map(({ mainThread }) => mainThread))),
        showSpread(spread(side.slices.map(({ withAfterward }) => withAfterward))),
        String(Math.round(highest[index]!)),
        side.slices.reduce((sum, { count }) => sum + count, 0).toLocaleString('en-US'),
      ]),
    },
    rows: [
      ...rows(listen.what, listen, express, [0.8], 2),
      ...rows(alone.what, alone, express, [], null),
      ...rows('the relay’s process, beside Express whose answer is empty', alone, empty, [], null),
    ],
    remarks: [
      `Slices of ${sliceSeconds} s, ${listen.slices.length} of each in turn, until each side had ${deliveries.toLocaleString('en-US')}; ${takeDisturbedRounds()} slices were disturbed by other programs. Each figure is the median of the slices and their lowest and highest. Before that each process was warmed up, and each relay had as many as it keeps: retention works all the time.`,
      `Every delivery is one Subscribe of 300 bytes with an address and a date that no other has; the relay makes them findable by free text meanwhile, in its history’s thread. What is left of that when the slice ends is in the column “with what it does afterward”.`,
      `Every request was answered with success. Afterward the relays were asked: each has stored all that it acknowledged, and keeps ${kept.join(' and ')} deliveries (the default is ${maxDeliveries.toLocaleString('en-US')}).`,
      describeGenerator(
        generator,
        sides.flatMap(({ slices }) => slices.map(({ load }) => load)),
      ),
      'The baseline is Express 5 with `express.json()` that answers `sendStatus(200)` and stores nothing; in the last two lines `status(200).end()`. Bare `node:http` shows what is the least that Node takes. The lines of `--json` are read by `cat`.',
    ],
  };
}

async function limits(relay: RelayServer): Promise<{ maxDeliveries: number }> {
  const client = await relay.client();
  const { settings } = await client.request('relay/status', {});
  client.close();
  return settings.retention;
}
