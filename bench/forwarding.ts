/** (b) Receiving and forwarding until every notification is answered and its attempt recorded, beside http-proxy. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CountOrder, OpenOrder } from './callback.ts';
import { chooseGenerator, connections, describeGenerator, sustain } from './generator.ts';
import type { BurstAnswer, BurstOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import {
  end,
  Helper,
  idle,
  processorTime,
  removeFolder,
  residentMemory,
  startRelay,
  startServer,
  temporaryFolder,
} from './processes.ts';
import type { RelayServer } from './processes.ts';
import { rateRow } from './report.ts';
import type { Result } from './report.ts';
import { notificationSample } from './sample.ts';
import { showSpread, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { checkAnswer, newSide, takeTurns } from './turns.ts';
import type { Extent, Side, Slice } from './turns.ts';

/** How many are sent one by one to see how fast anybody can be who waits for each answer. */
const straightRequests = 6000;

/**
 * Waits until nothing waits in a relay.
 * @throws Error where something failed or is held
 */
export async function drained(relay: RelayServer): Promise<void> {
  // Only now: a client that is attached costs the relay something.
  const client = await relay.client();
  try {
    for (;;) {
      const { waiting, held, failed } = (await client.request('relay/status', {})).counts;
      if (failed + held > 0) throw new Error(`${failed} notifications failed and ${held} are held`);
      if (waiting === 0) return;
      await delay(5);
    }
  } finally {
    client.close();
  }
}

export async function forwarding({ sliceSeconds, deliveries }: Extent): Promise<Result> {
  const generator = chooseGenerator();
  const callback = new Helper('callback');
  const load = new Helper('load');
  const opening: OpenOrder = { kind: 'open' };
  const url = await callback.ask<string>(opening);
  const relays = new Map<Side, RelayServer>();
  const relaySide = async (concurrency: number): Promise<Side> => {
    const server = await startRelay('listen --json', temporaryFolder(), { destinations: [{ url }], concurrency });
    const side = newSide(`\`cm-relay listen --json\`, concurrency ${concurrency}`, server);
    relays.set(side, server);
    return side;
  };
  const proxy = newSide('http-proxy', await startServer('proxy', url));
  const oneByOne = await relaySide(1);
  const sixteen = await relaySide(16);
  const sides = [proxy, oneByOne, sixteen];

  let callbackMs = 0;
  let notifications = 0;
  const slice = async (side: Side): Promise<Slice> => {
    await callback.ask<string>(opening);
    const usedBefore = processorTime(callback.pid) ?? NaN;
    const started = performance.now();
    const sent = await sustain(generator, side.server.url, side.next, sliceSeconds);
    side.next += sent.requests + connections;
    side.answered += sent.requests;
    const order: CountOrder = { kind: 'count', total: sent.requests };
    await callback.ask<number>(order);
    const relay = relays.get(side);
    if (relay !== undefined) await drained(relay);
    const seconds = (performance.now() - started) / 1000;
    const count = await callback.ask<number>(order);
    callbackMs += (processorTime(callback.pid) ?? NaN) - usedBefore;
    notifications += count;
    return { count, seconds, load: sent };
  };
  for (const side of sides) {
    await checkAnswer(side);
    await slice(side);
    await idle(side.server.child);
  }
  callbackMs = 0;
  notifications = 0;
  await takeTurns(sides, deliveries, slice);

  const straight: BurstOrder = {
    kind: 'burst',
    url,
    body: notificationSample,
    connections: 1,
    requests: straightRequests,
  };
  await load.ask<BurstAnswer>(straight);
  const { seconds: straightSeconds } = await undisturbed(() => load.ask<BurstAnswer>(straight));
  const highest = sides.map(({ server }) => residentMemory(server.child.pid)?.highest ?? NaN);
  await Promise.all([load.end(), callback.end(), ...sides.map(({ server }) => end(server.child))]);
  for (const { dataDir } of relays.values()) removeFolder(dataDir);

  const perSecond = ({ slices }: Side): Spread => spread(slices.map(({ count, seconds }) => count / seconds));
  const row = (side: Side, aim: number) =>
    rateRow(side.what, 'notifications/s', perSecond(side), perSecond(proxy), aim);
  return {
    letter: 'b',
    title: `Ingest and forwarding, sustained, attempts recorded, until drained; ${connections} connections`,
    sides: {
      head: [
        ...['each by itself', 'notifications/s', 'processor µs a notification: whole process', 'its main thread'],
        ...['whole, with what it does afterwards', 'highest memory, MB', 'notifications'],
      ],
      lines: sides.map((side, index) => [
        side.what,
        showSpread(perSecond(side)),
        showSpread(spread(side.slices.map(({ whole }) => whole))),
        showSpread(spread(side.slices.map(({ mainThread }) => mainThread))),
        showSpread(spread(side.slices.map(({ withAfterwards }) => withAfterwards))),
        String(Math.round(highest[index]!)),
        side.slices.reduce((sum, { count }) => sum + count, 0).toLocaleString('en-US'),
      ]),
    },
    rows: [row(sixteen, 0.75), row(oneByOne, 0.5)],
    remarks: [
      `Slices in which the load lasts ${sliceSeconds} s, ${proxy.slices.length} of each side in turn after one that does not count, until each had ${deliveries.toLocaleString('en-US')}; ${takeDisturbedRounds()} slices were disturbed by other programs. The clock stops when the callback has had every notification and nothing waits in the relay, so every attempt is recorded. Bodies as in (a), retention at its default.`,
      `Baseline: http-proxy with a keep-alive agent, which stores nothing and forwards ${connections} at once. Nothing failed on either side.`,
      `All go to one callback, a process of its own: ${((callbackMs * 1000) / notifications).toFixed(1)} µs of processor time a notification.`,
      describeGenerator(
        generator,
        sides.flatMap(({ slices }) => slices.map(({ load: each }) => each)),
      ),
      `With concurrency 1 each notification waits for the answer to the one before. Plain sockets that wait too, on one connection straight to the callback, do ${Math.round(straightRequests / straightSeconds).toLocaleString('en-US')} a second.`,
    ],
  };
}
