/**
 * `npm run bench`: measures, prints the tables of docs/performance.md, and keeps the results in `.cache/bench/results`.
 * `node bench/run.ts --only a,c --rounds 5 --deliveries 200000 --events 1000000` chooses; it needs the bundles in dist/
 * (`npm run build`). `--peers` is `--only m`. `--trial` runs it with small numbers on a machine that others use, to see that it works, and keeps
 * nothing. `--write` measures nothing and puts what is kept into docs/performance.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documentWith } from './document.ts';
import { burstWhileOpen, paging, untilDrawn } from './events-view.ts';
import { extension } from './extension.ts';
import { forwarding } from './forwarding.ts';
import { chooseGenerator } from './generator.ts';
import { history } from './history.ts';
import { ingest } from './ingest.ts';
import { latency } from './latency.ts';
import { takeRoundsAsTheyCome } from './machine.ts';
import { normalizing } from './normalizing.ts';
import { cacheFolder, root } from './processes.ts';
import { circumstances, summaryTable, table } from './report.ts';
import type { Result } from './report.ts';
import { peers } from './peers.ts';
import { relayDeath } from './relay-death.ts';
import { tableOfEvents } from './table.ts';
import { keepResult, keptResults } from './results.ts';
import { start } from './start.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    deliveries: { type: 'string' },
    events: { type: 'string' },
    trial: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.trial ? 1 : 5));
const events = Number(values.events ?? (values.trial ? 20_000 : 1_000_000));
const extent = {
  deliveries: Number(values.deliveries ?? (values.trial ? 10_000 : 200_000)),
  sliceSeconds: values.trial ? 1 : 4,
};
const resultFolder = join(cacheFolder, 'results');

const benchmarks: Readonly<Record<string, () => Result | Promise<Result>>> = {
  a: () => ingest(extent),
  b: () => forwarding(extent),
  c: () => normalizing(rounds),
  d: () => latency(rounds),
  e: () => start(rounds),
  f: () => history(rounds, events),
  g: () => extension(rounds),
  h: () => untilDrawn(rounds),
  i: () => burstWhileOpen(rounds),
  j: () => paging(rounds),
  k: () => relayDeath(rounds),
  l: () => tableOfEvents(rounds),
  m: () => peers(extent),
};

/** Ends the program: what is wrong with how it was called. */
function refuse(why: string, code: number): never {
  console.error(why);
  process.exit(code);
}

if (values.write) {
  const kept = keptResults(resultFolder);
  if (kept.length === 0) refuse(`There are no results in ${resultFolder}. Run npm run bench first.`, 1);
  const file = join(root, 'docs', 'performance.md');
  writeFileSync(file, await documentWith(readFileSync(file, 'utf8'), kept, file));
  console.log(
    `docs/performance.md has now: ${kept.map(({ result, date }) => `(${result.letter}) of ${date}`).join(', ')}`,
  );
  process.exit();
}

const chosen = (values.only ?? (values.peers ? 'm' : Object.keys(benchmarks).join(',')))
  .split(',')
  .map((letter) => letter.trim());
const unknown = chosen.filter((letter) => !(letter in benchmarks));
if (unknown.length > 0) {
  refuse(`There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`, 2);
}
if (!(rounds >= 1) || !(events >= 1000) || !(extent.deliveries >= 1000)) {
  refuse('--rounds is 1 or more, --deliveries and --events 1000 or more.', 2);
}
if (!existsSync(join(root, 'dist', 'cm-relay.js'))) refuse('dist/cm-relay.js is missing. Run npm run build first.', 1);
if (values.trial) takeRoundsAsTheyCome();
if (chosen.some((letter) => 'abm'.includes(letter)) && chooseGenerator() === 'autocannon') {
  console.error(
    'wrk is not installed (on Debian: apt-get install wrk). (a), (b) and (m) use autocannon, which costs as much as a server: what they measure is then the machine as much as the relay.\n',
  );
}

console.log(`${circumstances()}\n`);
const results: Result[] = [];
const took: string[] = [];
let all = 0;
for (const letter of chosen) {
  const started = performance.now();
  try {
    const result = await benchmarks[letter]!();
    const seconds = (performance.now() - started) / 1000;
    results.push(result);
    const date = new Date().toISOString().slice(0, 10);
    if (!values.trial) keepResult(resultFolder, { result, date, seconds, circumstances: circumstances() });
    console.log(table(result));
  } catch (error) {
    process.exitCode = 1;
    console.error(`(${letter}) could not be measured:`, error);
  }
  const seconds = (performance.now() - started) / 1000;
  all += seconds;
  took.push(`(${letter}) ${Math.round(seconds)} s`);
}
console.log(`${summaryTable(results)}\n`);
console.log(`It took ${took.join(', ')}: ${(all / 60).toFixed(1)} minutes in all.`);
process.exit();
