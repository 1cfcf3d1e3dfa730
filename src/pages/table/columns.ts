/** The table's columns: which are shown and how wide, as the user has chosen. */
import type { ColumnName, Sort } from '../../extension/event-table/messages.ts';

export interface Column {
  readonly name: ColumnName;
  /** Its share of the whole width, and the width in pixels at which all of it is comfortable. */
  readonly width: number;
  /** What it is made narrow to by itself, in pixels: then the table scrolls sideways. */
  readonly least: number;
  /** The order that a click on its header asks for; null where the relay knows none. */
  readonly sort: Sort['by'] | null;
  /** Hidden until it is chosen. */
  readonly extra?: true;
  /** Numbers stand at the end of the cell. */
  readonly numbers?: true;
}

/** All of them, as they stand from left to right. */
export const columns: readonly Column[] = [
  { name: 'time', width: 108, least: 108, sort: 'time' },
  { name: 'type', width: 84, least: 70, sort: 'type' },
  { name: 'address', width: 154, least: 110, sort: null },
  { name: 'list', width: 90, least: 60, sort: null },
  { name: 'state', width: 96, least: 90, sort: 'state' },
  { name: 'status', width: 76, least: 72, sort: 'status', numbers: true },
  { name: 'duration', width: 48, least: 44, sort: 'duration', numbers: true },
  { name: 'attempts', width: 80, least: 60, sort: 'attempts', numbers: true, extra: true },
  { name: 'destination', width: 130, least: 80, sort: null },
  { name: 'id', width: 110, least: 60, sort: null, extra: true },
  { name: 'waterfall', width: 170, least: 110, sort: null },
];

/** The least and the most that a column can be made, in pixels. */
export const leastWidth = 36;
const mostWidth = 1200;

/** What the user has chosen. */
export interface Layout {
  readonly hidden: readonly ColumnName[];
  readonly widths: Readonly<Partial<Record<ColumnName, number>>>;
}

export const firstLayout: Layout = {
  hidden: columns.filter(({ extra }) => extra).map(({ name }) => name),
  widths: {},
};

/** Reads what was kept; what cannot be read is as at first. */
export function readLayout(kept: unknown): Layout {
  const { hidden, widths } = (kept ?? {}) as { hidden?: unknown; widths?: unknown };
  if (!Array.isArray(hidden) || typeof widths !== 'object' || widths === null) return firstLayout;
  const known = columns.map(({ name }) => name);
  const read = hidden.filter((each): each is ColumnName => known.includes(each as ColumnName));
  const wide = Object.entries(widths).filter(
    (each): each is [ColumnName, number] => known.includes(each[0] as ColumnName) && typeof each[1] === 'number',
  );
  return {
    hidden: read.length < known.length ? read : firstLayout.hidden,
    widths: Object.fromEntries(wide.map(([name, width]) => [name, bounded(width)])),
  };
}

/** The columns that are shown. */
export function shownColumns({ hidden }: Layout): Column[] {
  return columns.filter(({ name }) => !hidden.includes(name));
}

/** Shows or hides a column; the last one stays. */
export function toggled(layout: Layout, name: ColumnName): Layout {
  const isHidden = layout.hidden.includes(name);
  if (!isHidden && shownColumns(layout).length === 1) return layout;
  return { ...layout, hidden: isHidden ? layout.hidden.filter((each) => each !== name) : [...layout.hidden, name] };
}

/** Makes a column wider or narrower. */
export function resized(layout: Layout, name: ColumnName, width: number): Layout {
  return { ...layout, widths: { ...layout.widths, [name]: bounded(width) } };
}

/** The least width of a column, in pixels: what the user has made it, or what it is squeezed to. */
export function leastWidthOf({ widths }: Layout, { name, least }: Column): number {
  return widths[name] ?? least;
}

/** The value of `grid-template-columns`. Columns that nobody has resized share what is left; one always takes it. */
export function templateOf(layout: Layout): string {
  const shown = shownColumns(layout);
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
