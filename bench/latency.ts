/** (d) How much later a request reaches the callback than it would by itself, at a steady rate, beside http-proxy. */
import type { CallbackAnswer, CallbackOrder, PacedAnswer, PacedOrder } from './load.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { end, Helper, removeFolder, startRelay, startServer, temporaryFolder } from './processes.ts';
import { boundRow, timeRow } from './report.ts';
import type { Result } from './report.ts';
import { markedSample } from './sample.ts';
import { quantile, spread } from './statistics.ts';

const perSecond = 200;
const seconds = 5;

export async function latency(rounds: number): Promise<Result> {
  // The callback is in the load's process, so that one clock times both ends.
  const load = new Helper('load');
  const opening: CallbackOrder = { kind: 'callback' };
  const { url } = await load.ask<CallbackAnswer>(opening);
  const folder = temporaryFolder();
  const proxy = await startServer('proxy', url);
  const relay = await startRelay('listen --json', folder, { destinations: [{ url }] });
  const ways = [
    { name: 'direct', url },
    { name: 'proxy', url: proxy.url },
    { name: 'relay', url: relay.url },
  ];
  const p50 = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  const p99 = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const way of round % 2 === 0 ? ways : [...ways].reverse()) {
      const order: PacedOrder = {
        kind: 'paced',
        url: way.url,
        body: markedSample,
        perSecond,
        seconds: round === 0 ? 2 : seconds,
        atCallback: true,
      };
      const measure = (): Promise<PacedAnswer> => load.ask<PacedAnswer>(order);
      const { toCallback } = await (round === 0 ? measure() : undisturbed(measure));
      if (round === 0) continue;
      p50.get(way.name)!.push(quantile(toCallback, 0.5));
      p99.get(way.name)!.push(quantile(toCallback, 0.99));
    }
  }
  await Promise.all([load.end(), end(proxy.child), end(relay.child)]);
  removeFolder(folder);
  const added = (times: Map<string, number[]>, way: string): number[] =>
    times.get(way)!.map((time, round) => time - times.get('direct')![round]!);
  return {
    letter: 'd',
    title: `Latency from request to callback at ${perSecond} a second`,
    rows: [
      boundRow('added, p50', 'ms', spread(added(p50, 'relay')), 1, spread(added(p50, 'proxy'))),
      boundRow('added, p99', 'ms', spread(added(p99, 'relay')), 5, spread(added(p99, 'proxy'))),
      timeRow('whole, p50', 'ms', spread(p50.get('relay')!), spread(p50.get('proxy')!)),
      timeRow('whole, p99', 'ms', spread(p99.get('relay')!), spread(p99.get('proxy')!)),
    ],
    remarks: [
      `${rounds} rounds of ${seconds} s each way; ${takeDisturbedRounds()} were disturbed by other programs. Added: more than the same requests sent straight to the callback, of the same round (p50 ${spread(p50.get('direct')!).median.toFixed(2)} ms, p99 ${spread(p99.get('direct')!).median.toFixed(2)} ms). Baseline: http-proxy, which stores nothing. The relay puts the delivery on disk before it forwards.`,
    ],
  };
}
