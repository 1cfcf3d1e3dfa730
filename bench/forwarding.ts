/** (b) Receiving and forwarding until every notification is answered and its attempt recorded, beside http-proxy. */
import { ForwardingSides } from './forwarding-sides.ts';
import { chooseGenerator, connections, describeGenerator } from './generator.ts';
import type { BurstAnswer, BurstOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { Helper, residentMemory, startServer } from './processes.ts';
import { rateRow } from './report.ts';
import type { Result } from './report.ts';
import { notificationSample } from './sample.ts';
import { showSpread, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { takeTurns } from './turns.ts';
import type { Extent, Side } from './turns.ts';

/** How many are sent one by one to see how fast anybody can be who waits for each answer. */
const straightRequests = 6000;

export async function forwarding({ sliceSeconds, deliveries }: Extent): Promise<Result> {
  const generator = chooseGenerator();
  const load = new Helper('load');
  const ways = await ForwardingSides.start(generator);
  const proxy = ways.add('http-proxy', await startServer('proxy', ways.url));
  const oneByOne = await ways.addRelay(1);
  const sixteen = await ways.addRelay(16);
  const sides = [proxy, oneByOne, sixteen];
  await ways.warmUp(sliceSeconds);
  await takeTurns(sides, deliveries, (side) => ways.slice(side, sliceSeconds));

  const straight: BurstOrder = {
    kind: 'burst',
    url: ways.url,
    body: notificationSample,
    connections: 1,
    requests: straightRequests,
  };
  await load.ask<BurstAnswer>(straight);
  const { seconds: straightSeconds } = await undisturbed(() => load.ask<BurstAnswer>(straight));
  const highest = sides.map(({ server }) => residentMemory(server.child.pid)?.highest ?? NaN);
  await Promise.all([load.end(), ways.end()]);

  const perSecond = ({ slices }: Side): Spread => spread(slices.map(({ count, seconds }) => count / seconds));
  const row = (side: Side, aim: number) =>
    rateRow(side.what, 'notifications/s', perSecond(side), perSecond(proxy), aim);
  return {
    letter: 'b',
    title: `Ingest and forwarding, sustained, attempts recorded, until drained; ${connections} connections`,
    sides: {
      head: [
        ...['each by itself', 'notifications/s', 'processor µs a notification: whole process', 'its main thread'],
        ...['whole, with what it does afterward', 'highest memory, MB', 'notifications'],
      ],
      lines: sides.map((side, index) => [
        side.what,
        showSpread(perSecond(side)),
        showSpread(spread(side.slices.map(({ whole }) => whole))),
        showSpread(spread(side.slices.map(({ mainThread }) => mainThread))),
        showSpread(spread(side.slices.map(({ withAfterward }) => withAfterward))),
        String(Math.round(highest[index]!)),
        side.slices.reduce((sum, { count }) => sum + count, 0).toLocaleString('en-US'),
      ]),
    },
    rows: [row(sixteen, 0.75), row(oneByOne, 0.5)],
    remarks: [
      `Slices in which the load lasts ${sliceSeconds} s, ${proxy.slices.length} of each side in turn after one that does not count, until each had ${deliveries.toLocaleString('en-US')}; ${takeDisturbedRounds()} slices were disturbed by other programs. The clock stops when the callback has had every notification and nothing waits in the relay, so every attempt is recorded. Bodies as in (a), retention at its default.`,
      `Baseline: http-proxy with a keep-alive agent, which stores nothing and forwards ${connections} at once. Nothing failed on either side.`,
      `All go to one callback, a process of its own: ${((ways.callbackMs * 1000) / ways.notifications).toFixed(1)} µs of processor time a notification.`,
      describeGenerator(
        generator,
        sides.flatMap(({ slices }) => slices.map(({ load: each }) => each)),
      ),
      `With concurrency 1 each notification waits for the answer to the one before. Plain sockets that wait too, on one connection straight to the callback, do ${Math.round(straightRequests / straightSeconds).toLocaleString('en-US')} a second.`,
    ],
  };
}
