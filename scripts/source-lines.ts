/**
 * The maximum number of lines of each module of `src`, in source-lines.json; test/scripts/source-lines.test.ts holds it.
 * `node scripts/source-lines.ts --write` lowers the figures to the current counts. It never raises one.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../src');
const file = join(import.meta.dirname, 'source-lines.json');

/** Lines by module: the folder in `src`, or `.` for the files directly in it. */
export type LinesByModule = Readonly<Record<string, number>>;

export interface MaxLines {
  /** The sum of the figures. */
  readonly total: number;
  readonly modules: LinesByModule;
}

export function readMaxLines(): MaxLines {
  return JSON.parse(readFileSync(file, 'utf8')) as MaxLines;
}

export function countLines(): LinesByModule {
  const counts: Record<string, number> = { '.': 0 };
  for (const entry of globSync('**', { cwd: source, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const [module = '.', ...rest] = path.slice(source.length + 1).split(/[/\\]/);
    const name = rest.length === 0 ? '.' : module;
    counts[name] = (counts[name] ?? 0) + readFileSync(path, 'utf8').split('\n').length - 1;
  }
  return counts;
}

/** @returns what a commit must not do, with what to do instead */
export function findExcess({ total, modules }: MaxLines, counts: LinesByModule): string[] {
  const sum = Object.values(modules).reduce((a, b) => a + b, 0);
  const excess = Object.entries(counts).flatMap(([name, count]) => {
    const max = modules[name];
    if (max === undefined) return [`src/${name} has no figure: give it ${count}, and lower others by as much`];
    if (count <= max) return [];
    return [`src/${name} has ${count} lines, at most ${max}: remove ${count - max}, or lower other figures by as much`];
  });
  const gone = Object.keys(modules).filter((name) => counts[name] === undefined);
  return [
    ...excess,
    ...gone.map((name) => `src/${name} does not exist: remove its figure`),
    ...(sum > total ? [`the figures add up to ${sum}, at most ${total}: lower others by ${sum - total}`] : []),
    ...(sum < total ? [`the figures add up to ${sum}: lower the total, which is ${total}, to that`] : []),
  ];
}

/** Lowers each figure to its count, and the total to the sum of the figures. */
export function lowerMaxLines({ total, modules }: MaxLines, counts: LinesByModule): MaxLines {
  const lowered = Object.entries(modules).flatMap(([name, max]) => {
    const count = counts[name];
    return count === undefined ? [] : [[name, Math.min(max, count)] as const];
  });
  const sum = lowered.reduce((lines, [, max]) => lines + max, 0);
  return { total: Math.min(total, sum), modules: Object.fromEntries(lowered) };
}

if (import.meta.main && process.argv.includes('--write'))
  writeFileSync(file, `${JSON.stringify(lowerMaxLines(readMaxLines(), countLines()), null, 2)}\n`);
