/**
 * `npm test`: every check and every suite, several at a time, then one line that adds them up, `N passed, N failed`.
 * With names as arguments only those, and what they need: `npm test -- lint unit`. With --long the long forms, too
 * (`npm run test:long`).
 */
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packedFolder } from '../test/packed.ts';

/** How many processes run at once. The specs wait for disks and sockets in half of their time. */
const places = availableParallelism() + 1;

/** How long each file of specs took when it was last run, in milliseconds. */
const durationsFile = join('.cache', 'test-durations.json');

/** Node keeps here what it compiled: each process that runs from the sources starts in half of the time. */
const compiledSources = resolve('.cache', 'compiled-sources');

/** How long the output of a process that has ended is awaited, in milliseconds. */
const outputMs = 10_000;

/** How many of the slowest files are named at the end. */
const slowest = 10;

/** What a suite's reporter writes to the file that COUNTS_FILE names. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Title and message of each spec that failed. */
  readonly failures: readonly string[];
  /** The milliseconds of each file of specs. */
  readonly files: Readonly<Record<string, number>>;
}

interface Part {
  readonly name: string;
  /** The parts that have to be done before. */
  readonly needs?: readonly string[];
  readonly lane?: Lane;
  /** How many places a process of it takes; one if it isn't stated. */
  readonly takes?: number;
}

/** What a window takes: browser, server and extension host keep a processor busy, so nothing runs beside two of them. */
const windowTakes = 1.5;

/** A check counts as one. */
interface Check extends Part {
  readonly command: readonly string[];
}

/** A suite counts its specs. Its files are dealt out to processes. */
interface Suite extends Part {
  readonly mocha: readonly string[];
  readonly files: readonly string[];
  readonly except?: readonly string[];
  /** What a process is given at least, in milliseconds, where several files make that up. */
  readonly batchMs: number;
  /** A guess for a file that was never run, by its size. */
  readonly msPerByte: number;
}

/** A suite that counts its specs and deals out nothing. */
interface Whole extends Part {
  readonly whole: readonly string[];
}

/** What is kept from running beside its like, and how many at once may. */
const lanes = {
  /** A browser, a server and an extension host, each. */
  windows: 2,
  /** The suite of that name needs the processors most. */
  load: 1,
} as const;
type Lane = keyof typeof lanes;

/** What measures memory, counts the syncs of a disk, or kills a relay under a load of its own. */
const load: readonly string[] = [
  'test/bench/*.test.ts',
  'test/relay/{floods,strangers}.test.ts',
  'test/relay/receiving/connections.test.ts',
  'test/reliability/*.test.ts',
];

/** Specs that use the packed command line, the VSIX, or dist/. */
const packed: readonly string[] = [
  'test/cli/{packed,supported-node}.test.ts',
  'test/docs/ci.test.ts',
  'test/scripts/{cli-package,package}.test.ts',
];

/** In the order in which they are begun: what others need, then what takes longest. */
const parts: readonly (Check | Suite | Whole)[] = [
  // The bundles, the VSIX and the npm package: once, for every spec that uses what a user installs.
  { name: 'build', command: ['node', 'test/pack.ts'] },
  { name: 'tools', command: ['node', 'test/tools.ts'] },
  { name: 'host', needs: ['build', 'tools'], lane: 'windows', takes: windowTakes, whole: ['node', 'test/host/run.ts'] },
  {
    name: 'workbench',
    needs: ['build', 'tools'],
    lane: 'windows',
    takes: windowTakes,
    mocha: ['--config', 'test/workbench/.mocharc.json'],
    files: ['test/workbench/**/*.test.ts'],
    // Files of a process share a server and a browser.
    batchMs: 150_000,
    msPerByte: 3,
  },
  {
    name: 'load',
    needs: ['build', 'tools'],
    lane: 'load',
    mocha: [],
    files: load,
    batchMs: 0,
    msPerByte: 2,
  },
  // Checks the types, too.
  { name: 'lint', command: ['oxlint'] },
  {
    // Some of them in Chromium.
    name: 'pages',
    needs: ['tools'],
    mocha: [],
    files: ['test/pages/**/*.test.ts'],
    batchMs: 15_000,
    msPerByte: 2,
  },
  {
    name: 'unit',
    mocha: [],
    files: ['test/**/*.test.ts'],
    except: ['test/host/**', 'test/workbench/**', 'test/pages/**', ...load, ...packed],
    batchMs: 30_000,
    msPerByte: 0.3,
  },
  { name: 'packed', needs: ['build'], mocha: [], files: packed, batchMs: 15_000, msPerByte: 0.3 },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'manifest', command: ['node', 'scripts/check-manifest.ts'] },
];

/** What one process does. */
interface Job {
  readonly part: Part;
  /** Of what it is called in the output. */
  readonly title: string;
  readonly command: readonly string[];
  readonly counts: boolean;
}

function readDurations(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(durationsFile, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** The files of a suite for one process each, the longest first, so that nothing long is left for the end. */
function deal(suite: Suite, durations: Readonly<Record<string, number>>): Job[] {
  const lasts = (file: string): number => durations[file] ?? statSync(file).size * suite.msPerByte;
  const files = globSync(suite.files, { exclude: suite.except ?? [] }).map((file) => file.replaceAll('\\', '/'));
  const batches: string[][] = [];
  let filled = Infinity;
  for (const file of files.toSorted((a, b) => lasts(b) - lasts(a))) {
    if (filled >= suite.batchMs) {
      batches.push([]);
      filled = 0;
    }
    batches.at(-1)!.push(file);
    filled += lasts(file);
  }
  return batches.map((batch) => ({
    part: suite,
    title: `${suite.name}: ${batch.length === 1 ? batch[0]! : `${batch.length} files`}`,
    // A failed spec may leave something open: that must not hold the run.
    command: ['mocha', ...suite.mocha, '--exit', ...batch, '--reporter', './scripts/counting-reporter.cjs'],
    counts: true,
  }));
}

function jobsOf(part: Check | Suite | Whole, durations: Readonly<Record<string, number>>): Job[] {
  if ('mocha' in part) return deal(part, durations);
  const counts = 'whole' in part;
  return [{ part, title: part.name, command: counts ? part.whole : part.command, counts }];
}

/** Runs a command with its whole output kept. @returns its exit code, and what it printed */
function execute(command: readonly string[], countsFile: string): Promise<[code: number, output: string]> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COUNTS_FILE: countsFile, PACKED: packedFolder(), NODE_COMPILE_CACHE: compiledSources },
    shell: process.platform === 'win32',
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    const done = (code: number | null): void => resolve([code ?? 1, Buffer.concat(output).toString()]);
    child.once('error', reject);
    child.once('close', done);
    // What it started and left may hold its output open for ever.
    child.once('exit', (code) => void setTimeout(done, outputMs, code).unref());
  });
}

/** What came of a job. A suite that ended without a word has failed. */
function read(job: Job, code: number, countsFile: string): Counts {
  const nothing = { passed: 0, failed: 0, skipped: 0, failures: [], files: {} };
  if (!job.counts) return code === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1, failures: ['see above'] };
  try {
    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
    if (code === 0 || counts.failed > 0) return counts;
    return { ...counts, failed: 1, failures: [`${job.title} ended with ${code}`] };
  } catch {
    return { ...nothing, failed: 1, failures: [`${job.title} ended with ${code} before it counted its tests`] };
  }
}

/** Runs jobs in their order, as many at once as there are places, each as soon as nothing stands in its way. */
async function runAll(jobs: readonly Job[], run: (job: Job) => Promise<void>): Promise<void> {
  const waiting = [...jobs];
  const running = new Map<Job, Promise<void>>();
  const mayBegin = (job: Job): boolean => {
    const isOpen = (name: string): boolean => [...waiting, ...running.keys()].some(({ part }) => part.name === name);
    if (job.part.needs?.some(isOpen) === true) return false;
    const { lane } = job.part;
    return lane === undefined || [...running.keys()].filter(({ part }) => part.lane === lane).length < lanes[lane];
  };
  while (waiting.length > 0 || running.size > 0) {
    const taken = [...running.keys()].reduce((sum, { part }) => sum + (part.takes ?? 1), 0);
    const first = waiting.findIndex(mayBegin);
    // One that takes more waits for it: those behind it would take each place that becomes free.
    const next = (waiting[first]?.part.takes ?? 1) <= places - taken ? first : -1;
    if (next === -1) {
      await Promise.race(running.values());
      continue;
    }
    const [job] = waiting.splice(next, 1) as [Job];
    running.set(
      job,
      run(job).finally(() => running.delete(job)),
    );
  }
}

/** The parts that were asked for, with what they need. */
function choose(names: readonly string[]): readonly (Check | Suite | Whole)[] {
  const known = parts.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}. Available: ${known.join(', ')}.`);
    process.exit(2);
  }
  const needed = parts.filter(({ name }) => names.includes(name)).flatMap(({ needs = [] }) => needs);
  return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name) || needed.includes(name));
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { long: { type: 'boolean' } } });
if (values.long === true) process.env['LONG'] = '1';
const chosen = choose(positionals);
const began = Date.now();
const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`;
const durations = readDurations();
const files: Record<string, number> = {};
const totals = new Map(chosen.map(({ name }) => [name, { passed: 0, failed: 0, skipped: 0, milliseconds: 0 }]));
const failures: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'cm-relay-test-'));
let number = 0;
try {
  await runAll(
    chosen.flatMap((part) => jobsOf(part, durations)),
    async (job) => {
      const from = Date.now();
      const countsFile = join(folder, String(number++));
      const [code, output] = await execute(job.command, countsFile);
      const counts = read(job, code, countsFile);
      const total = totals.get(job.part.name)!;
      for (const each of ['passed', 'failed', 'skipped'] as const) total[each] += counts[each];
      total.milliseconds += Date.now() - from;
      Object.assign(files, counts.files);
      failures.push(...counts.failures.map((text) => `${job.part.name}: ${text}`));
      console.log(`\n== ${job.title}\n${output.trimEnd()}`);
      console.log(`== ${job.title}: ${counts.passed} passed, ${counts.failed} failed, ${seconds(Date.now() - from)}`);
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
mkdirSync(dirname(durationsFile), { recursive: true });
writeFileSync(durationsFile, JSON.stringify({ ...durations, ...files }, null, 2));

const sum = { passed: 0, failed: 0, skipped: 0 };
console.log();
for (const [name, total] of totals) {
  for (const each of ['passed', 'failed', 'skipped'] as const) sum[each] += total[each];
  console.log(`== ${name}: ${total.passed} passed, ${total.failed} failed, ${seconds(total.milliseconds)}`);
}
const slow = Object.entries(files)
  .toSorted(([, a], [, b]) => b - a)
  .slice(0, slowest);
if (slow.length > 0) console.log(`\nSlowest files (${seconds(Date.now() - began)}):`);
for (const [file, milliseconds] of slow) console.log(`  ${seconds(milliseconds)} ${file}`);
// Once more at the end, where a long output is read.
for (const text of failures) console.log(`\nFAILED: ${text}`);
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
