import type { ColumnName, Sort } from '../../extension/event-table/messages.ts';

export interface Column {
  readonly name: ColumnName;
  /** The share of the total width, and the comfortable width in pixels. */
  readonly width: number;
  /** In pixels; below it the table scrolls horizontally. */
  readonly least: number;
  /** Null if the relay can't sort by it. */
  readonly sort: Sort['by'] | null;
  readonly extra?: true;
  readonly numbers?: true;
}

export const columns: readonly Column[] = [
  { name: 'time', width: 112, least: 112, sort: 'time' },
  { name: 'type', width: 94, least: 92, sort: 'type' },
  { name: 'address', width: 154, least: 110, sort: null },
  { name: 'list', width: 90, least: 60, sort: null },
  { name: 'state', width: 96, least: 90, sort: 'state' },
  { name: 'status', width: 84, least: 84, sort: 'status', numbers: true },
  { name: 'duration', width: 72, least: 72, sort: 'duration', numbers: true },
  { name: 'attempts', width: 88, least: 88, sort: 'attempts', numbers: true, extra: true },
  { name: 'destination', width: 130, least: 80, sort: null },
  { name: 'id', width: 110, least: 60, sort: null, extra: true },
  { name: 'waterfall', width: 170, least: 110, sort: null },
];

/** In pixels. */
export const leastWidth = 36;
const mostWidth = 1200;

export interface Layout {
  readonly hidden: readonly ColumnName[];
  /** Shown even while they have the same value in every row. */
  readonly asked: readonly ColumnName[];
  readonly widths: Readonly<Partial<Record<ColumnName, number>>>;
}

export const firstLayout: Layout = {
  hidden: columns.filter(({ extra }) => extra).map(({ name }) => name),
  asked: [],
  widths: {},
};

export function readLayout(kept: unknown): Layout {
  const { hidden, asked, widths } = (kept ?? {}) as { hidden?: unknown; asked?: unknown; widths?: unknown };
  if (!Array.isArray(hidden) || typeof widths !== 'object' || widths === null) return firstLayout;
  const known = columns.map(({ name }) => name);
  const namesIn = (names: readonly unknown[]): ColumnName[] =>
    names.filter((each): each is ColumnName => known.includes(each as ColumnName));
  const read = namesIn(hidden);
  const wide = Object.entries(widths).filter(
    (each): each is [ColumnName, number] => known.includes(each[0] as ColumnName) && typeof each[1] === 'number',
  );
  return {
    hidden: read.length < known.length ? read : firstLayout.hidden,
    asked: Array.isArray(asked) ? namesIn(asked) : [],
    widths: Object.fromEntries(wide.map(([name, width]) => [name, bounded(width)])),
  };
}

/** @param same columns with the same value in every row: shown only if the user asked for them */
export function shownColumns({ hidden, asked }: Layout, same: readonly ColumnName[]): Column[] {
  const wanted = columns.filter(({ name }) => !hidden.includes(name));
  const telling = wanted.filter(({ name }) => asked.includes(name) || !same.includes(name));
  return telling.length === 0 ? wanted : telling;
}

export function toggled(layout: Layout, same: readonly ColumnName[], name: ColumnName): Layout {
  const shown = shownColumns(layout, same);
  const without = (names: readonly ColumnName[]): ColumnName[] => names.filter((each) => each !== name);
  if (!shown.some((each) => each.name === name))
    return { ...layout, hidden: without(layout.hidden), asked: [...without(layout.asked), name] };
  if (shown.length === 1) return layout;
  return { ...layout, hidden: [...layout.hidden, name], asked: without(layout.asked) };
}

export function resized(layout: Layout, name: ColumnName, width: number): Layout {
  return { ...layout, widths: { ...layout.widths, [name]: bounded(width) } };
}

export function leastWidthOf({ widths }: Layout, { name, least }: Column): number {
  return widths[name] ?? least;
}

/** Columns that weren't resized share the remaining width; at least one takes it. */
export function templateOf(layout: Layout, shown: readonly Column[]): string {
  const isRigid = shown.every(({ name }) => layout.widths[name] !== undefined);
  return shown
    .map((column, index) => {
      const least = `${leastWidthOf(layout, column)}px`;
      const isFixed = layout.widths[column.name] !== undefined && !(isRigid && index === shown.length - 1);
      return isFixed ? least : `minmax(${least}, ${column.width}fr)`;
    })
    .join(' ');
}

function bounded(width: number): number {
  return Math.round(Math.min(mostWidth, Math.max(leastWidth, width)));
}
