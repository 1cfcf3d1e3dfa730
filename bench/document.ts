/**
 * Puts results into docs/performance.md: what stands between `<!-- bench a -->` and `<!-- bench end -->` is replaced,
 * of the summary the lines of the letters that there is a result of, and everything else stays.
 */
import { formatFile } from '../scripts/format.ts';
import { markdownTable, summaryHead, summaryOf, table } from './report.ts';
import type { KeptResult } from './results.ts';

const endMark = '<!-- bench end -->';

/** Where the content of a block begins and ends. */
function blockOf(text: string, name: string): { begin: number; end: number } {
  const mark = `<!-- bench ${name} -->`;
  const at = text.indexOf(mark);
  const end = text.indexOf(endMark, at);
  if (at === -1 || end === -1) throw new Error(`the document has no place ${mark} … ${endMark}`);
  return { begin: at + mark.length, end };
}

function replaceBlock(text: string, name: string, content: string): string {
  const { begin, end } = blockOf(text, name);
  return `${text.slice(0, begin)}\n\n${content.trim()}\n\n${text.slice(end)}`;
}

/** The lines of a Markdown table without its head. */
function tableLines(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    );
}

const letterOf = (line: readonly string[]): string => /^\((\w)\)/.exec(line[0] ?? '')?.[1] ?? '';

function summary(before: string, kept: readonly KeptResult[]): string {
  const measured = new Set(kept.map(({ result }) => result.letter));
  const stays = tableLines(before).filter((line) => !measured.has(letterOf(line)));
  const added = kept
    .flatMap(({ result }) => summaryOf(result))
    .map(({ what, figure, aim, verdict }) => [what, figure, aim, verdict]);
  const lines = [...stays, ...added].sort((a, b) => letterOf(a).localeCompare(letterOf(b)));
  return markdownTable([summaryHead, ...lines]);
}

/**
 * The document with these results in it.
 * @param text the document
 * @param kept at least one result
 * @param file the document's path, for its layout
 * @throws Error where a place for a result is missing
 */
export async function documentWith(text: string, kept: readonly KeptResult[], file: string): Promise<string> {
  const latest = kept.reduce((a, b) => (b.date >= a.date ? b : a));
  let written = replaceBlock(text, 'machine', latest.circumstances);
  const { begin, end } = blockOf(written, 'summary');
  written = replaceBlock(written, 'summary', summary(written.slice(begin, end), kept));
  for (const { result, date, seconds } of kept) {
    const remarks = [...result.remarks, `Measured on ${date}, in ${Math.round(seconds)} s.`];
    written = replaceBlock(written, result.letter, table({ ...result, remarks }));
  }
  return formatFile(file, written);
}
