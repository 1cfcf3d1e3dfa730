/** The rows of a snapshot that the page has: some windows around what is in sight. */
import type { RowWindow, TableRow } from '../../extension/events/table/messages.ts';

/** Rows in a window, as the extension reads them. */
export const windowSize = 200;

/** Windows that are kept: those farthest from what is in sight go first. */
const mostWindows = 12;

/** Windows that are asked for at once, and so many ahead of what is in sight. */
const mostWanted = 4;

export class RowCache {
  readonly #windows = new Map<number, RowWindow['rows']>();
  #snapshot = '';
  #total = 0;

  get snapshot(): string {
    return this.#snapshot;
  }

  /** Rows in the snapshot. */
  get total(): number {
    return this.#total;
  }

  /** Another snapshot, with those of its windows that are there already. */
  begin(snapshot: string, total: number, windows: readonly RowWindow[]): void {
    this.#windows.clear();
    this.#snapshot = snapshot;
    this.#total = total;
    for (const { offset, rows } of windows) this.#windows.set(offset, rows);
  }

  /** Takes a window. @param middle the position around which windows are kept */
  take({ offset, rows }: RowWindow, middle: number): void {
    this.#windows.set(offset, rows);
    if (this.#windows.size <= mostWindows) return;
    const far = [...this.#windows.keys()].sort((a, b) => distance(b, middle) - distance(a, middle));
    for (const each of far.slice(0, this.#windows.size - mostWindows)) this.#windows.delete(each);
  }

  /** The row at a position; null where it was removed, undefined where it is not there yet. */
  row(index: number): TableRow | null | undefined {
    const offset = beginOf(index);
    return this.#windows.get(offset)?.[index - offset];
  }

  /** Where an event stands among the rows that are there; undefined where it is not among them. */
  placeOf(id: string): number | undefined {
    for (const [offset, rows] of this.#windows) {
      const at = rows.findIndex((row) => row?.id === id);
      if (at !== -1) return offset + at;
    }
    return undefined;
  }

  /**
   * The windows to ask for, those in sight first, then those that come next.
   * @param first the position of the first row in sight, and `last` of the last
   * @param forwards which way it is scrolled
   */
  wanted(first: number, last: number, forwards: boolean): number[] {
    const inSight: number[] = [];
    for (let offset = beginOf(first); offset <= last; offset += windowSize) inSight.push(offset);
    const next = forwards ? beginOf(last) + windowSize : beginOf(first) - windowSize;
    return [...inSight, next]
      .filter((offset) => offset >= 0 && offset < this.#total && !this.#windows.has(offset))
      .slice(0, mostWanted);
  }
}

function beginOf(index: number): number {
  return Math.floor(index / windowSize) * windowSize;
}

function distance(offset: number, middle: number): number {
  return Math.abs(offset + windowSize / 2 - middle);
}
