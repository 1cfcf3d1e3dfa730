/**
 * `npm test`: every check and every suite, then one line that adds them up, `N passed, N failed`. With names as
 * arguments only those: `npm test -- types lint unit`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Title and message of each spec that failed, or was run again. */
  failures?: string[];
  retried?: string[];
}

/** A check counts as one; a suite counts its tests, which its reporter writes to the file that COUNTS_FILE names. */
interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  readonly kind: 'check' | 'suite';
}

const counting = ['--reporter', './scripts/counting-reporter.cjs'];

const suites: readonly Suite[] = [
  { name: 'types', kind: 'check', command: ['tsc', '--noEmit'] },
  { name: 'types-form', kind: 'check', command: ['tsc', '-p', 'src/form'] },
  { name: 'lint', kind: 'check', command: ['eslint', '.'] },
  { name: 'format', kind: 'check', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'manifest', kind: 'check', command: ['node', 'scripts/check-manifest.ts'] },
  { name: 'build', kind: 'check', command: ['node', 'esbuild.mjs'] },
  // A failed spec that is run again may leave something open: that must not hold the run.
  { name: 'unit', kind: 'suite', command: ['mocha', '--retries', '1', '--exit', ...counting] },
  // Inside VS Code the runner names the reporter itself.
  { name: 'host', kind: 'suite', command: ['node', 'test/host/run.ts'] },
  {
    name: 'workbench',
    kind: 'suite',
    command: [
      'mocha',
      '--config',
      'test/workbench/.mocharc.json',
      '--retries',
      '2',
      '--exit',
      'test/workbench/**/*.test.ts',
      ...counting,
    ],
  },
];

function run(suite: Suite, countsFile: string): Promise<number> {
  const [program, ...args] = suite.command;
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

/** What the suite's reporter wrote; a suite that ended without a word has failed. */
function countsOf(suite: Suite, code: number, countsFile: string): Counts {
  if (suite.kind === 'check') return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  try {
    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cm-relay-test-'));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const retried: string[] = [];
try {
  for (const suite of suites) {
    if (chosen.length > 0 && !chosen.includes(suite.name)) continue;
    console.log(`\n== ${suite.name}`);
    const began = Date.now();
    const countsFile = join(folder, suite.name);
    const counts = countsOf(suite, await run(suite, countsFile), countsFile);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`== ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
    const named = (text: string): string => `${suite.name}: ${text}`;
    retried.push(...(counts.retried ?? []).map(named));
    failures.push(...(counts.failures ?? (counts.failed > 0 ? ['see above'] : [])).map(named));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// Once more at the end, where a long output is read.
for (const text of retried) console.log(`\nrun again: ${text}`);
for (const text of failures) console.log(`\nFAILED: ${text}`);
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
