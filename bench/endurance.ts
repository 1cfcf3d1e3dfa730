/**
 * `npm run endurance -- --minutes 60`: everything that a relay meets in an hour, in seeded parts that add up. Prints the
 * figures of each part and of all that are kept in `.cache/bench/endurance`; with `--write` they go into
 * docs/performance.md as (n). `--seconds 30 --source --json` is the short form of the suite: one part, from the sources.
 * `--window` leaves a VS Code window open for that time instead, (o).
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runPart } from './endurance/part.ts';
import type { Figures, Happening, Sample } from './endurance/part.ts';
import { cacheFolder, root } from './processes.ts';
import { boundRow, circumstances, table } from './report.ts';
import type { Result } from './report.ts';
import { keepResult } from './results.ts';
import { median, spread } from './statistics.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seconds: { type: 'string' },
    part: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    'per-second': { type: 'string', default: '300' },
    keep: { type: 'string', default: '50000' },
    source: { type: 'boolean', default: false },
    window: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const folder = join(cacheFolder, 'endurance');

const program = values.source ? 'src/cli/cm-relay.ts' : 'dist/cm-relay.js';
if (!existsSync(join(root, program))) {
  console.error(`${program} is missing. Run npm run build first.`);
  process.exit(1);
}

/** The middle of the first and of the last third of what was sampled. */
function ends(samples: readonly Sample[], of: (sample: Sample) => number): readonly [number, number] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return [median(samples.slice(0, third).map(of)), median(samples.slice(-third).map(of))];
}

/** All parts as one result. */
function resultOf(parts: readonly Figures[]): Result {
  const sum = (of: (part: Figures) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const count = (of: (part: Figures) => number): string => sum(of).toLocaleString('en-US');
  const names = Object.keys(parts[0]?.happened ?? {}) as Happening[];
  const line = (what: string, of: (sample: Sample) => number): string[] => {
    const both = parts.filter(({ samples }) => samples.length > 2).map(({ samples }) => ends(samples, of));
    const shown = (index: 0 | 1): string => both.map((each) => String(Math.round(each[index]))).join(', ');
    return [what, shown(0), shown(1)];
  };
  return {
    letter: 'n',
    title: `Endurance: ${Math.round(sum(({ seconds }) => seconds) / 60)} minutes in ${parts.length} seeded parts`,
    sides: {
      head: ['of each part, the median', 'of its first third', 'of its last third'],
      lines: [
        line('resident memory, MB', ({ memoryMb }) => memoryMb),
        line('open files and sockets', ({ handles }) => handles),
        line('files of the data directory', ({ files }) => files),
        line('its size, MB', ({ megabytes }) => megabytes),
      ],
    },
    rows: [
      boundRow('acknowledged events that were lost', 'events', spread([sum(({ lost }) => lost.length)]), 0),
      boundRow(
        'resident memory, the highest of each part',
        'MB',
        spread(parts.map(({ samples }) => Math.max(...samples.map(({ memoryMb }) => memoryMb)))),
        250,
      ),
    ],
    remarks: [
      `${count(({ deliveries }) => deliveries)} deliveries of ${count(({ events }) => events)} events, a tenth of them batches of 40, a twentieth XML, a twentieth through a localtunnel server; ${count(({ acknowledged }) => acknowledged)} events were acknowledged, ${count(({ refused }) => refused)} deliveries not (no relay, or no tunnel, at that moment). ${count(({ failed }) => failed)} stand in the history as failed.`,
      `Meanwhile: ${names.map((name) => `${name} ${count(({ happened }) => happened[name])}`).join(', ')}. A callback answers a twentieth of its requests 500; another one hangs and vanishes. The history is at its limit.`,
      `Seeds ${parts.map(({ seed }) => seed).join(', ')}. The relay is killed in the first 30% of a part; then the one that runs is watched to the end.`,
    ],
  };
}

const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
const keep = (result: Result, took: number): void => {
  const date = new Date().toISOString().slice(0, 10);
  keepResult(join(cacheFolder, 'results'), { result, date, seconds: took, circumstances: circumstances() });
};
if (values.window) {
  // Not loaded for the relay's own hour: it drives a browser.
  const { leaveOpen } = await import('./endurance/window.ts');
  const took = seconds ?? Number(values.minutes) * 60;
  const result = await leaveOpen(took, (line) => console.error(line));
  console.log(table(result));
  if (values.write) keep(result, took);
  process.exit();
}
const parts = seconds === undefined ? Math.ceil(Number(values.minutes) / Number(values.part)) : 1;
const ran: Figures[] = [];
for (let index = 0; index < parts; index++) {
  const seed = Number(values.seed) + index;
  const figures = await runPart({
    ...{ seed, seconds: seconds ?? Number(values.part) * 60, perSecond: Number(values['per-second']) },
    ...{ keep: Number(values.keep), program: [join(root, program)] },
    log: (line) => console.error(`${seed}: ${line}`),
  });
  ran.push(figures);
  if (figures.lost.length > 0) process.exitCode = 1;
  if (values.json) console.log(JSON.stringify(figures));
  else {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${seed}.json`), `${JSON.stringify(figures)}\n`);
    console.log(`${table(resultOf([figures]))}\n`);
  }
}
if (!values.json) {
  const kept = globSync('*.json', { cwd: folder })
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Figures)
    .sort((a, b) => a.seed - b.seed);
  const result = resultOf(kept);
  console.log(table(result));
  if (values.write) {
    keep(
      result,
      kept.reduce((sum, { seconds: each }) => sum + each, 0),
    );
  }
}
process.exit();
