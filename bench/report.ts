/** The tables that the benchmarks print: Markdown, which docs/performance.md takes over as it is. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { showSpread, short } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** One line of a result. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly relay: Spread;
  /** What it is measured against; null where the aim is a plain number. */
  readonly baseline: Spread | null;
  /** What the issue asks for; null for a line that explains another. */
  readonly aim: { readonly text: string; readonly met: boolean } | null;
  /** How many times as good as the baseline: more is better. Null where there is none. */
  readonly ratio: number | null;
}

export interface Result {
  readonly letter: string;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly remarks: readonly string[];
}

/** A ratio of rates, more being better, with its aim. */
export function rateRow(what: string, unit: string, relay: Spread, baseline: Spread, aim: number | null): Row {
  const ratio = relay.median / baseline.median;
  return { what, unit, relay, baseline, ratio, aim: aim === null ? null : { text: `≥ ${aim}`, met: ratio >= aim } };
}

/** A ratio of times, less being better: the baseline's by the relay's. */
export function timeRow(what: string, unit: string, relay: Spread, baseline: Spread): Row {
  return { what, unit, relay, baseline, ratio: baseline.median / relay.median, aim: null };
}

/** A number with an upper bound. */
export function boundRow(what: string, unit: string, relay: Spread, bound: number | null): Row {
  return {
    what,
    unit,
    relay,
    baseline: null,
    ratio: null,
    aim: bound === null ? null : { text: `≤ ${bound} ${unit}`, met: relay.median <= bound },
  };
}

/** One result as a Markdown table. */
export function table(result: Result): string {
  const cells = [
    ['what', 'relay: median (min–max)', 'baseline', 'ratio', 'aim', ''],
    ...result.rows.map((row) => [
      `${row.what}, ${row.unit}`,
      showSpread(row.relay),
      row.baseline === null ? '' : showSpread(row.baseline),
      row.ratio === null ? '' : short(row.ratio),
      row.aim?.text ?? '',
      row.aim === null ? '' : row.aim.met ? 'met' : 'not met',
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = cells;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const remarks = result.remarks.map((each) => `- ${each}`);
  return [
    `### (${result.letter}) ${result.title}`,
    '',
    line(head!),
    rule,
    ...body.map(line),
    ...(remarks.length > 0 ? ['', ...remarks] : []),
    '',
  ].join('\n');
}

/** The machine and the versions that a result holds for. */
export function circumstances(): string {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const versionOf = (name: string): string =>
    (
      JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as {
        version: string;
      }
    ).version;
  return [
    `- machine: ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${process.arch}`,
    `- Node ${process.versions.node} (V8 ${process.versions.v8}, SQLite ${process.versions['sqlite'] ?? '?'}), Express ${versionOf('express')}, http-proxy ${versionOf('http-proxy')}, undici ${versionOf('undici')}`,
    `- relay ${version}, ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n');
}
