/** The page's rows: some windows of a view around the visible part, and what arrived above it since. */
import type { HostMessage, RowWindow, TableRow } from '../../extension/event-table/messages.ts';

/** Rows in a window, as the extension reads them. */
export const windowSize = 200;

/** Maximum number of windows: the farthest from the visible part are removed first. */
const mostWindows = 12;

/** Maximum number of windows to request at once, including those ahead. */
const mostWanted = 4;

export type View = Extract<HostMessage, { readonly type: 'view' }>;

const noView = { generation: 0, filter: '', before: 'e1', total: 0, windows: [] };

export class RowCache {
  /** By their first positions in the view. */
  readonly #windows = new Map<number, TableRow[]>();
  /** What arrived since the view began, newest first. */
  #above: TableRow[] = [];
  #view: Pick<View, 'generation' | 'filter' | 'before' | 'total'> = noView;

  get view(): Pick<View, 'generation' | 'filter'> {
    return this.#view;
  }

  /** The ID after the newest row's. */
  get before(): string {
    const [newest] = this.#above;
    return newest === undefined ? this.#view.before : `e${Number(newest.id.slice(1)) + 1}`;
  }

  get above(): number {
    return this.#above.length;
  }

  get total(): number {
    return this.#above.length + this.#view.total;
  }

  /** Begins another view, with its loaded windows. */
  begin(view: Pick<View, 'generation' | 'filter' | 'before' | 'total' | 'windows'> = noView): void {
    this.#windows.clear();
    this.#above = [];
    this.#view = view;
    for (const { offset, rows } of view.windows) this.#windows.set(offset, [...rows]);
  }

  /** Adds rows above all others, and updates some. @param added newest first */
  change(added: readonly TableRow[], changed: readonly TableRow[]): void {
    this.#above.unshift(...added);
    for (const row of changed) {
      for (const rows of [this.#above, ...this.#windows.values()]) {
        const at = rows.findIndex((each) => each.id === row.id);
        if (at !== -1) rows[at] = row;
      }
    }
  }

  /** Adds a window. @param middle the position around which windows are kept */
  take({ offset, rows }: RowWindow, middle: number): void {
    this.#windows.set(offset, [...rows]);
    if (this.#windows.size <= mostWindows) return;
    const inView = middle - this.#above.length;
    const far = [...this.#windows.keys()].sort((a, b) => distance(b, inView) - distance(a, inView));
    for (const each of far.slice(0, this.#windows.size - mostWindows)) this.#windows.delete(each);
  }

  /** The row at a position; undefined if it isn't loaded. */
  row(index: number): TableRow | undefined {
    if (index < this.#above.length) return this.#above[index];
    const place = index - this.#above.length;
    const offset = beginOf(place);
    return this.#windows.get(offset)?.[place - offset];
  }

  /** The IDs of the loaded rows at these places, which are counted from the top of the view. */
  idsAt(first: number, last: number): string[] {
    const ids: string[] = [];
    for (let place = first; place <= last; place++) {
      const row = this.row(this.above + place);
      if (row !== undefined) ids.push(row.id);
    }
    return ids;
  }

  /** Visible ones first, then the next. @param first position of the first visible row, `last` of the last one */
  wanted(first: number, last: number, forwards: boolean): number[] {
    const above = this.#above.length;
    const inSight: number[] = [];
    for (let offset = beginOf(first - above); offset <= last - above; offset += windowSize) inSight.push(offset);
    const next = forwards ? beginOf(last - above) + windowSize : beginOf(first - above) - windowSize;
    return [...inSight, next]
      .filter((offset) => offset >= 0 && offset < this.#view.total && !this.#windows.has(offset))
      .slice(0, mostWanted);
  }
}

function beginOf(index: number): number {
  return Math.floor(index / windowSize) * windowSize;
}

function distance(offset: number, middle: number): number {
  return Math.abs(offset + windowSize / 2 - middle);
}
