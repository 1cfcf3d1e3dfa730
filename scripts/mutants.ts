/**
 * `node scripts/mutants.ts [names…]`: would the specs notice? Each mutant of mutant-list.ts, or each that is named, is
 * applied to a copy of the tree, and the specs beside it are run there. Says of each by which spec it is noticed, and
 * ends with 0 where all are. Two run at a time, for a quarter of an hour in all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { mutants } from './mutant-list.ts';
import type { Mutant } from './mutant-list.ts';

const root = resolve(import.meta.dirname, '..');
const atOnce = 2;
/** For the specs of one mutant, in milliseconds: one that ends no loop is noticed by that. */
const mostMs = 300_000;
const notCopied = new Set(['node_modules', 'dist', '.git', '.cache', '.vscode-test']);

/** What came of some specs. */
type Run =
  | { readonly kind: 'passed' }
  /** By its full title, or by the time limit. */
  | { readonly kind: 'failed'; readonly by: string }
  /** No spec was run. */
  | { readonly kind: 'broken'; readonly why: string };

/** A copy of the tree, and what is run in it. */
class Copy {
  readonly #tree: string;
  readonly #temporary: string;
  readonly #report: string;

  /** @param folder where it is made; a short path, since sockets are made below it */
  constructor(folder: string) {
    this.#tree = join(folder, 'tree');
    this.#temporary = join(folder, 't');
    this.#report = join(folder, 'report.json');
    cpSync(root, this.#tree, {
      recursive: true,
      filter: (path) => !notCopied.has(relative(root, path).split(sep)[0] ?? ''),
    });
    symlinkSync(join(root, 'node_modules'), join(this.#tree, 'node_modules'), 'dir');
    mkdirSync(this.#temporary);
  }

  /** Runs specs as they are, up to the first that fails. */
  async run(specs: readonly string[]): Promise<Run> {
    rmSync(this.#report, { force: true });
    const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const reporter = ['--reporter', 'json', '--reporter-option', `output=${this.#report}`];
    const child = spawn(process.execPath, [mocha, '--bail', '--exit', ...reporter, ...specs], {
      cwd: this.#tree,
      env: { ...process.env, TMPDIR: this.#temporary },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, which is ended as a whole.
      detached: true,
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-10_000)));
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, mostMs);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    if (signal === 'SIGKILL') return { kind: 'failed', by: `the time limit of ${mostMs / 1000} s` };
    const failed = this.#firstFailure();
    if (failed !== undefined) return { kind: 'failed', by: failed };
    if (code === 0) return { kind: 'passed' };
    return { kind: 'broken', why: `${said.match(/^.*Error.*$/m)?.[0] ?? said.trim()} (ended with ${code ?? signal})` };
  }

  /** Runs the specs beside a mutant with it in place. */
  async runWith({ file, text, by, specs }: Mutant): Promise<Run> {
    const place = join(this.#tree, file);
    const original = readFileSync(place, 'utf8');
    const found = original.split(text).length - 1;
    if (found !== 1) return { kind: 'broken', why: `does not apply: its text is found ${found} times in ${file}` };
    writeFileSync(
      place,
      original.replace(text, () => by),
    );
    try {
      return await this.run(specs);
    } finally {
      writeFileSync(place, original);
    }
  }

  #firstFailure(): string | undefined {
    try {
      const report = JSON.parse(readFileSync(this.#report, 'utf8')) as { failures: { fullTitle: string }[] };
      return report.failures[0]?.fullTitle;
    } catch {
      return undefined;
    }
  }
}

/** Does something with each, by as many as there are copies. */
async function shared<T>(copies: readonly Copy[], all: readonly T[], work: (copy: Copy, each: T) => Promise<void>) {
  const left = [...all];
  await Promise.all(
    copies.map(async (copy) => {
      for (let each = left.shift(); each !== undefined; each = left.shift()) await work(copy, each);
    }),
  );
}

const names = process.argv.slice(2);
const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name));
const unknown = names.filter((name) => !mutants.some((each) => each.name === name));
if (unknown.length > 0) {
  console.error(`No mutant ${unknown.join(', ')}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'mut-'));
let errors = 0;
let noticed = 0;
try {
  const copies = Array.from({ length: Math.min(atOnce, chosen.length) }, (_, index) => {
    const own = join(folder, String(index));
    mkdirSync(own);
    return new Copy(own);
  });
  await shared(copies, [...new Set(chosen.flatMap(({ specs }) => specs))], async (copy, spec) => {
    const run = await copy.run([spec]);
    if (run.kind === 'passed') return;
    errors += 1;
    console.error(`${spec} fails without any mutant: ${run.kind === 'failed' ? run.by : run.why}`);
  });
  if (errors === 0) {
    await shared(copies, chosen, async (copy, mutant) => {
      const run = await copy.runWith(mutant);
      if (run.kind === 'failed') noticed += 1;
      if (run.kind === 'broken') errors += 1;
      const came =
        run.kind === 'failed' ? `noticed by ${run.by}` : run.kind === 'passed' ? 'NOT NOTICED' : `ERROR ${run.why}`;
      console.log(`${mutant.name} (${mutant.breaks}): ${came}`);
    });
    console.log(`${noticed} of ${chosen.length} noticed`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(errors === 0 && noticed === chosen.length ? 0 : 1);
