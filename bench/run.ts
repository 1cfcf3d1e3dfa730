/**
 * `npm run bench`: measures and prints the tables of docs/performance.md. `node bench/run.ts --only a,c --rounds 5
 * --events 1000000` chooses; it needs the bundles in dist/ (`npm run build`).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { burstWhileOpen, paging, untilDrawn } from './events-view.ts';
import { extension } from './extension.ts';
import { forwarding } from './forwarding.ts';
import { history } from './history.ts';
import { ingest } from './ingest.ts';
import { latency } from './latency.ts';
import { normalising } from './normalising.ts';
import { root } from './processes.ts';
import { circumstances, table } from './report.ts';
import type { Result } from './report.ts';
import { relayDeath } from './relay-death.ts';
import { start } from './start.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'a,b,c,d,e,f,g,h,i,j,k' },
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '1000000' },
  },
});
const rounds = Number(values.rounds);
const events = Number(values.events);

const benchmarks: Readonly<Record<string, () => Result | Promise<Result>>> = {
  a: () => ingest(rounds),
  b: () => forwarding(rounds),
  c: () => normalising(rounds),
  d: () => latency(rounds),
  e: () => start(rounds),
  f: () => history(rounds, events),
  g: () => extension(rounds),
  h: () => untilDrawn(rounds),
  i: () => burstWhileOpen(rounds),
  j: () => paging(rounds),
  k: () => relayDeath(rounds),
};

const chosen = values.only.split(',').map((letter) => letter.trim());
const unknown = chosen.filter((letter) => !(letter in benchmarks));
if (unknown.length > 0 || !(rounds >= 1) || !(events >= 1000)) {
  console.error(
    unknown.length > 0
      ? `There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`
      : '--rounds is 1 or more, --events 1000 or more.',
  );
  process.exit(2);
}
if (!existsSync(join(root, 'dist', 'cm-relay.js'))) {
  console.error('dist/cm-relay.js is missing. Run npm run build first.');
  process.exit(1);
}

console.log(`${circumstances()}\n`);
for (const letter of chosen) {
  const started = performance.now();
  const result = await benchmarks[letter]!();
  console.log(table(result));
  console.error(`(${letter} took ${Math.round((performance.now() - started) / 1000)} s)\n`);
}
process.exit();
