/**
 * Mocha inside VS Code's extension host. `run.ts` bundles this file with every `*.test.ts` beside it, since the Node
 * of an extension host may not read TypeScript.
 */
import { readFileSync } from 'node:fs';
import { createRequire, SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { format } from 'node:util';
import type MochaClass from 'mocha';

/** Set by run.ts when it bundles: requires every spec. */
declare const requireSpecs: () => void;

/**
 * In the browser build the console of the extension host ends up between log lines of the window: a mark that the
 * launcher gives tells them apart.
 */
function markOutput(): void {
  const mark = process.env['TEST_OUTPUT_MARK'];
  if (mark === undefined) return;
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    const write = console[method].bind(console);
    // VS Code's console ignores an assignment.
    Object.defineProperty(console, method, { value: (...args: unknown[]) => write(mark + format(...args)) });
  }
}

/** A stack that names the specs' lines in place of the bundle's. Node could do it, but VS Code formats stacks itself. */
function withSourceLines(stack: string): string {
  const map = new SourceMap(JSON.parse(readFileSync(`${__filename}.map`, 'utf8')) as SourceMapPayload);
  return stack.replace(/[^\s()]+index\.cjs:(\d+):(\d+)/g, (place, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return place;
    const source = relative('', join(dirname(__filename), entry.originalSource));
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

/**
 * What VS Code calls.
 * @throws Error when a test failed
 */
export async function run(): Promise<void> {
  const root = process.env['HOST_TESTS_ROOT'];
  if (root === undefined) throw new Error('HOST_TESTS_ROOT is not set: start the suite by `npm run test:host`.');
  markOutput();
  const require = createRequire(join(root, 'package.json'));
  const Mocha = require('mocha') as typeof MochaClass;
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 90_000,
    forbidOnly: process.env['CI'] !== undefined,
    color: false,
    reporter: require('./scripts/counting-reporter.cjs') as MochaClass.ReporterConstructor,
  });
  const grep = process.env['HOST_TESTS_GREP'];
  if (grep !== undefined && grep !== '') mocha.grep(grep);
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  requireSpecs();
  const failures = await new Promise<number>((resolve) =>
    mocha.run(resolve).on('fail', (_test, error: Error) => {
      error.stack &&= withSourceLines(error.stack);
    }),
  );
  if (failures > 0) throw new Error(`${failures} test(s) failed.`);
}
