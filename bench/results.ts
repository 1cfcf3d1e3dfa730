/** Results that were kept, a file a letter, so that one letter can be measured again and the document made anew. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from './report.ts';

/** A result with when and where it was measured. */
export interface KeptResult {
  readonly result: Result;
  /** The day, `YYYY-MM-DD`. */
  readonly date: string;
  /** How long the measuring took. */
  readonly seconds: number;
  readonly circumstances: string;
}

export const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o'] as const;

/** @param folder where the results are kept; made where it is missing */
export function keepResult(folder: string, kept: KeptResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${kept.result.letter}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

/** What is kept, in the order of the letters. */
export function keptResults(folder: string): KeptResult[] {
  return letters
    .map((letter) => join(folder, `${letter}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as KeptResult);
}
