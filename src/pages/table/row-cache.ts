import type { HostMessage, RowWindow, TableRow } from '../../extension/event-table/messages.ts';

/** Rows in a window, as the extension reads them. */
export const windowSize = 200;

/** The windows farthest from the visible part are removed first. */
const mostWindows = 12;

/** Includes windows that are requested ahead. */
const mostWanted = 4;

export type View = Extract<HostMessage, { readonly type: 'view' }>;

const noView = { generation: 0, filter: '', before: 'e1', total: 0, windows: [] };

export class RowCache {
  readonly #windows = new Map<number, TableRow[]>();
  /** What arrived since the view began, newest first. */
  #above: TableRow[] = [];
  #view: Pick<View, 'generation' | 'filter' | 'before' | 'total'> = noView;

  get view(): Pick<View, 'generation' | 'filter'> {
    return this.#view;
  }

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

  begin(view: Pick<View, 'generation' | 'filter' | 'before' | 'total' | 'windows'> = noView): void {
    this.#windows.clear();
    this.#above = [];
    this.#view = view;
    for (const { offset, rows } of view.windows) this.#windows.set(offset, [...rows]);
  }

  change(added: readonly TableRow[], changed: readonly TableRow[]): void {
    this.#above.unshift(...added);
    for (const row of changed) {
      for (const rows of [this.#above, ...this.#windows.values()]) {
        const at = rows.findIndex((each) => each.id === row.id);
        if (at !== -1) rows[at] = row;
      }
    }
  }

  /** @param middle the position around which windows are kept */
  take({ offset, rows }: RowWindow, middle: number): void {
    this.#windows.set(offset, [...rows]);
    if (this.#windows.size <= mostWindows) return;
    const inView = middle - this.#above.length;
    const far = [...this.#windows.keys()].sort((a, b) => distance(b, inView) - distance(a, inView));
    for (const each of far.slice(0, this.#windows.size - mostWindows)) this.#windows.delete(each);
  }

  row(index: number): TableRow | undefined {
    if (index < this.#above.length) return this.#above[index];
    const place = index - this.#above.length;
    const offset = beginOf(place);
    return this.#windows.get(offset)?.[place - offset];
  }

  idsAt(first: number, last: number): string[] {
    const ids: string[] = [];
    for (let place = first; place <= last; place++) {
      const row = this.row(this.above + place);
      if (row !== undefined) ids.push(row.id);
    }
    return ids;
  }

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
