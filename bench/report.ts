/** What the benchmarks print and docs/performance.md takes over: Markdown tables, made from the results alone. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { showSpread, short } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** What the issue asks for, and whether it is so. */
export interface Aim {
  readonly text: string;
  readonly verdict: 'met' | 'the first met' | 'not met';
}

/** One line of a result. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly relay: Spread;
  /** What it is measured against; null where the aim is a plain number. */
  readonly baseline: Spread | null;
  /** Null for a line that explains another. */
  readonly aim: Aim | null;
  /** How many times as good as the baseline: more is better. Null where there is none. */
  readonly ratio: number | null;
}

/** One line of the summary. */
export interface SummaryLine {
  readonly what: string;
  readonly figure: string;
  readonly aim: string;
  readonly verdict: string;
}

/** A table that stands before the rows: what each side did by itself. */
export interface Sides {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

export interface Result {
  readonly letter: string;
  readonly title: string;
  readonly sides?: Sides;
  readonly rows: readonly Row[];
  readonly remarks: readonly string[];
  /** Where a line for each row with an aim would be too many. */
  readonly summary?: readonly SummaryLine[];
}

/**
 * A ratio of rates, more being better.
 * @param aims how many times the baseline, the nearest first; none for a line that explains another
 */
export function rateRow(what: string, unit: string, relay: Spread, baseline: Spread, ...aims: readonly number[]): Row {
  const ratio = relay.median / baseline.median;
  const reached = aims.filter((aim) => ratio >= aim).length;
  const verdict = reached === aims.length ? 'met' : reached > 0 ? 'the first met' : 'not met';
  const aim = aims.length === 0 ? null : ({ text: `≥ ${aims.join(', then ')}`, verdict } as const);
  return { what, unit, relay, baseline, ratio, aim };
}

/**
 * A ratio of times, less being better: the baseline's by the relay's.
 * @param mostTimes how many times the baseline's it may be; null for a line that explains another
 */
export function timeRow(
  what: string,
  unit: string,
  relay: Spread,
  baseline: Spread,
  mostTimes: number | null = null,
): Row {
  const met = mostTimes !== null && relay.median <= mostTimes * baseline.median;
  const aim = mostTimes === null ? null : ({ text: `≤ ${mostTimes} times`, verdict: verdictOf(met) } as const);
  return { what, unit, relay, baseline, ratio: baseline.median / relay.median, aim };
}

/** A number with an upper bound. A baseline beside it is for comparison and decides nothing. */
export function boundRow(
  what: string,
  unit: string,
  relay: Spread,
  bound: number | null,
  baseline: Spread | null = null,
): Row {
  return {
    what,
    unit,
    relay,
    baseline,
    ratio: baseline === null ? null : baseline.median / relay.median,
    aim: bound === null ? null : { text: `≤ ${bound} ${unit}`, verdict: verdictOf(relay.median <= bound) },
  };
}

function verdictOf(met: boolean): Aim['verdict'] {
  return met ? 'met' : 'not met';
}

/** Lines of a Markdown table; the first is its head. */
export function markdownTable(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = cells;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head!), rule, ...body.map(line)].join('\n');
}

/** One result as Markdown: a heading, its tables, its remarks. */
export function table(result: Result): string {
  const rows = [
    ['what', 'relay: median (min–max)', 'baseline', 'ratio', 'aim', ''],
    ...result.rows.map((row) => [
      `${row.what}, ${row.unit}`,
      showSpread(row.relay),
      row.baseline === null ? '' : showSpread(row.baseline),
      row.ratio === null ? '' : short(row.ratio),
      row.aim?.text ?? '',
      row.aim?.verdict ?? '',
    ]),
  ];
  return [
    `### (${result.letter}) ${result.title}`,
    ...(result.sides === undefined ? [] : [markdownTable([result.sides.head, ...result.sides.lines])]),
    markdownTable(rows),
    result.remarks.map((each) => `- ${each}`).join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

/** What of a result stands in the summary: its own lines, else each row that has an aim. */
export function summaryOf({ letter, rows, summary }: Result): SummaryLine[] {
  const lines =
    summary ??
    rows.flatMap(({ what, unit, relay, baseline, ratio, aim }): SummaryLine[] => {
      if (aim === null) return [];
      const own = `${short(relay.median)} ${unit}`;
      const figure =
        baseline === null
          ? `${own} (${short(relay.min)}–${short(relay.max)})`
          : aim.text.startsWith('≥')
            ? `${short(ratio!)}: ${own}, baseline ${short(baseline.median)}`
            : `${own}, baseline ${short(baseline.median)}`;
      return [{ what, figure, aim: aim.text, verdict: aim.verdict }];
    });
  return lines.map((line) => ({ ...line, what: `(${letter}) ${line.what}` }));
}

export const summaryHead = ['what', 'figure', 'aim', ''] as const;

/** The summary of some results. */
export function summaryTable(results: readonly Result[]): string {
  const lines = results.flatMap(summaryOf).map((line) => [line.what, line.figure, line.aim, line.verdict]);
  return markdownTable([summaryHead, ...lines]);
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
    `- Node ${process.versions.node} (V8 ${process.versions.v8}, SQLite ${process.versions['sqlite'] ?? '?'}), Express ${versionOf('express')}, http-proxy ${versionOf('http-proxy')}, undici ${versionOf('undici')}; relay ${version}`,
  ].join('\n');
}
