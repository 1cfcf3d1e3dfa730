/** The page's rows: some windows of a snapshot around the visible part, and what arrived above it since. */
import type { RowWindow, TableRow } from '../../extension/event-table/messages.ts';

/** Rows in a window, as the extension reads them. */
export const windowSize = 200;

/** Maximum number of windows: the farthest from the visible part are removed first. */
const mostWindows = 12;

/** Maximum number of windows to request at once, including those ahead. */
const mostWanted = 4;

export class RowCache {
  /** By their first positions in the snapshot. */
  readonly #windows = new Map<number, (TableRow | null)[]>();
  /** What arrived since the snapshot, newest first. */
  #above: TableRow[] = [];
  #snapshot = '';
  #total = 0;

  get snapshot(): string {
    return this.#snapshot;
  }

  get above(): number {
    return this.#above.length;
  }

  get total(): number {
    return this.#above.length + this.#total;
  }

  /** Starts another snapshot, with its loaded windows. */
  begin(snapshot: string, total: number, windows: readonly RowWindow[]): void {
    this.#windows.clear();
    this.#above = [];
    this.#snapshot = snapshot;
    this.#total = total;
    for (const { offset, rows } of windows) this.#windows.set(offset, [...rows]);
  }

  /** Adds rows above all others, and updates some. @param added newest first */
  change(added: readonly TableRow[], changed: readonly TableRow[]): void {
    this.#above.unshift(...added);
    for (const row of changed) {
      for (const rows of [this.#above, ...this.#windows.values()]) {
        const at = rows.findIndex((each) => each?.id === row.id);
        if (at !== -1) rows[at] = row;
      }
    }
  }

  /** Adds a window. @param middle the position around which windows are kept */
  take({ offset, rows }: RowWindow, middle: number): void {
    this.#windows.set(offset, [...rows]);
    if (this.#windows.size <= mostWindows) return;
    const inSnapshot = middle - this.#above.length;
    const far = [...this.#windows.keys()].sort((a, b) => distance(b, inSnapshot) - distance(a, inSnapshot));
    for (const each of far.slice(0, this.#windows.size - mostWindows)) this.#windows.delete(each);
  }

  /** The row at a position; null if it was removed, undefined if it isn't loaded. */
  row(index: number): TableRow | null | undefined {
    if (index < this.#above.length) return this.#above[index];
    const place = index - this.#above.length;
    const offset = beginOf(place);
    return this.#windows.get(offset)?.[place - offset];
  }

  /** Visible ones first, then the next. @param first position of the first visible row, `last` of the last one */
  wanted(first: number, last: number, forwards: boolean): number[] {
    const above = this.#above.length;
    const inSight: number[] = [];
    for (let offset = beginOf(first - above); offset <= last - above; offset += windowSize) inSight.push(offset);
    const next = forwards ? beginOf(last - above) + windowSize : beginOf(first - above) - windowSize;
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
