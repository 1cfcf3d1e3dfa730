/** The rows that the page has: some windows of a snapshot, around what is in sight, and what came above it since. */
import type { RowWindow, TableRow } from '../../extension/event-table/messages.ts';

/** Rows in a window, as the extension reads them. */
export const windowSize = 200;

/** Windows that are kept: those farthest from what is in sight go first. */
const mostWindows = 12;

/** Windows that are asked for at once, and so many ahead of what is in sight. */
const mostWanted = 4;

export class RowCache {
  /** By the positions in the snapshot at which they begin. */
  readonly #windows = new Map<number, (TableRow | null)[]>();
  /** What came since the snapshot, newest first: it stands above it. */
  #above: TableRow[] = [];
  #snapshot = '';
  #total = 0;

  get snapshot(): string {
    return this.#snapshot;
  }

  /** Rows that stand above the snapshot. */
  get above(): number {
    return this.#above.length;
  }

  /** Rows in all. */
  get total(): number {
    return this.#above.length + this.#total;
  }

  /** Another snapshot, with those of its windows that are there already. */
  begin(snapshot: string, total: number, windows: readonly RowWindow[]): void {
    this.#windows.clear();
    this.#above = [];
    this.#snapshot = snapshot;
    this.#total = total;
    for (const { offset, rows } of windows) this.#windows.set(offset, [...rows]);
  }

  /** Rows come above all others, and some are otherwise than before. @param added newest first */
  change(added: readonly TableRow[], changed: readonly TableRow[]): void {
    this.#above.unshift(...added);
    for (const row of changed) {
      for (const rows of [this.#above, ...this.#windows.values()]) {
        const at = rows.findIndex((each) => each?.id === row.id);
        if (at !== -1) rows[at] = row;
      }
    }
  }

  /** Takes a window. @param middle the position around which windows are kept */
  take({ offset, rows }: RowWindow, middle: number): void {
    this.#windows.set(offset, [...rows]);
    if (this.#windows.size <= mostWindows) return;
    const inSnapshot = middle - this.#above.length;
    const far = [...this.#windows.keys()].sort((a, b) => distance(b, inSnapshot) - distance(a, inSnapshot));
    for (const each of far.slice(0, this.#windows.size - mostWindows)) this.#windows.delete(each);
  }

  /** The row at a position; null where it was removed, undefined where it is not there yet. */
  row(index: number): TableRow | null | undefined {
    if (index < this.#above.length) return this.#above[index];
    const place = index - this.#above.length;
    const offset = beginOf(place);
    return this.#windows.get(offset)?.[place - offset];
  }

  /**
   * The windows of the snapshot to ask for, those in sight first, then those that come next.
   * @param first the position of the first row in sight, and `last` of the last
   * @param forwards which way it is scrolled
   */
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
