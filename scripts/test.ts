/**
 * `npm test`: every check and every suite, then one line that adds them up, `N passed, N failed`. With names as
 * arguments only those: `npm test -- types lint unit`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a suite's reporter writes to the file that COUNTS_FILE names. */
interface SuiteCounts extends Counts {
  /** The counts of each file of specs, by its path. */
  readonly files: Readonly<Record<string, Counts>>;
  /** Title and message of each spec that failed, or was run again. */
  readonly failures: readonly string[];
  readonly retried: readonly string[];
}

/** A check counts as one. */
interface Check {
  readonly kind: 'check';
  readonly name: string;
  readonly command: readonly string[];
}

/** A suite counts its tests. */
interface Suite {
  readonly kind: 'suite';
  readonly name: string;
  readonly command: (files: readonly string[]) => readonly string[];
  /** Which files it runs. */
  readonly files: readonly string[];
}

const counting = ['--reporter', './scripts/counting-reporter.cjs'];

const suites: readonly (Check | Suite)[] = [
  { kind: 'check', name: 'types', command: ['tsc', '--noEmit'] },
  { kind: 'check', name: 'types-pages', command: ['tsc', '-p', 'src/pages'] },
  { kind: 'check', name: 'lint', command: ['eslint', '.'] },
  { kind: 'check', name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { kind: 'check', name: 'manifest', command: ['node', 'scripts/check-manifest.ts'] },
  { kind: 'check', name: 'build', command: ['node', 'esbuild.mjs'] },
  {
    kind: 'suite',
    name: 'unit',
    files: ['test/**/*.test.ts'],
    // A failed spec that is run again may leave something open: that must not hold the run.
    command: (files) => ['mocha', '--retries', '1', '--exit', ...files, ...counting],
  },
  // One bundle inside VS Code: its runner names the reporter itself, and runs all files or none.
  { kind: 'suite', name: 'host', files: [], command: () => ['node', 'test/host/run.ts'] },
  {
    kind: 'suite',
    name: 'workbench',
    files: ['test/workbench/**/*.test.ts'],
    command: (files) => {
      return ['mocha', '--config', 'test/workbench/.mocharc.json', '--retries', '2', '--exit', ...files, ...counting];
    },
  },
];

function execute(command: readonly string[], countsFile: string): Promise<number> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, COUNTS_FILE: countsFile, HOST_TESTS_RETRIES: '1' },
    shell: process.platform === 'win32',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function runCheck(check: Check): Promise<SuiteCounts> {
  const failed = (await execute(check.command, '')) === 0 ? 0 : 1;
  return {
    passed: 1 - failed,
    failed,
    skipped: 0,
    files: {},
    failures: failed === 1 ? ['see above'] : [],
    retried: [],
  };
}

/** What the suite's reporter wrote; a suite that ended without a word has failed. */
async function runSuite(suite: Suite, files: readonly string[], countsFile: string): Promise<SuiteCounts> {
  rmSync(countsFile, { force: true });
  const code = await execute(suite.command(files), countsFile);
  try {
    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as SuiteCounts;
    if (code === 0 || counts.failed > 0) return counts;
    return { ...counts, failed: 1, failures: [`ended with ${code}`] };
  } catch {
    const failures = [`ended with ${code} before it had counted`];
    return { passed: 0, failed: 1, skipped: 0, files: {}, failures, retried: [] };
  }
}

/**
 * Runs a suite. A file with a failure is run once more as a whole, in a process of its own (a hook that failed is run
 * again by nothing else); all files where it is not known which. What it gives then counts.
 */
async function runSuiteTwice(suite: Suite, countsFile: string): Promise<SuiteCounts> {
  const first = await runSuite(suite, suite.files, countsFile);
  if (first.failed === 0) return first;
  const entries = Object.entries(first.files);
  const failed = entries.filter(([, { failed }]) => failed > 0);
  const known = suite.files.length > 0 && failed.reduce((sum, [, counts]) => sum + counts.failed, 0) === first.failed;
  const again = known ? failed.map(([file]) => relative(process.cwd(), file)) : suite.files;
  console.log(`\n== ${suite.name}: once more, ${known ? again.join(', ') : 'all of it'}`);
  const second = await runSuite(suite, again, countsFile);
  const kept = known ? entries.filter(([, { failed }]) => failed === 0).map(([, counts]) => counts) : [];
  const sum = (count: keyof Counts): number => [...kept, second].reduce((total, each) => total + each[count], 0);
  return {
    ...second,
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    retried: [...first.retried, ...first.failures.map((text) => `with its whole file: ${text}`), ...second.retried],
  };
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cm-relay-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const retried: string[] = [];
try {
  for (const suite of suites) {
    if (chosen.length > 0 && !chosen.includes(suite.name)) continue;
    console.log(`\n== ${suite.name}`);
    const began = Date.now();
    const countsFile = join(folder, suite.name);
    const counts = await (suite.kind === 'check' ? runCheck(suite) : runSuiteTwice(suite, countsFile));
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`== ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
    const named = (text: string): string => `${suite.name}: ${text}`;
    retried.push(...counts.retried.map(named));
    failures.push(...counts.failures.map(named));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// Once more at the end, where a long output is read.
for (const text of retried) console.log(`\nrun again: ${text}`);
for (const text of failures) console.log(`\nFAILED: ${text}`);
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
