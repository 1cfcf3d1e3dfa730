/**
 * Which rows of a long table are in sight, and where they stand. All rows have one height, so this is arithmetic. A
 * browser draws no element of more than about 33 million pixels, zoom included: beyond {@link mostHeight} a pixel of the
 * scroll bar stands for more than one of the table.
 */

/** In pixels. */
export interface Geometry {
  /** Rows. */
  readonly total: number;
  readonly rowHeight: number;
  /** Of the rows' place in sight. */
  readonly viewHeight: number;
}

/** How high the rows' element is made, at most: 16 million at a zoom of 200 %. */
export const mostHeight = 8_000_000;

/** How high the rows' element is. */
export function bodyHeight(geometry: Geometry): number {
  return Math.min(geometry.total * geometry.rowHeight, mostHeight);
}

/** Pixels of the table that a pixel of the scroll bar stands for. */
function factorOf(geometry: Geometry): number {
  const { total, rowHeight, viewHeight } = geometry;
  const [all, body] = [total * rowHeight, bodyHeight(geometry)];
  return all <= body || body <= viewHeight ? 1 : (all - viewHeight) / (body - viewHeight);
}

/** The rows in sight, wholly or in part; of an empty table `last` is -1. */
export function rowsInSight(geometry: Geometry, scrollTop: number): { readonly first: number; readonly last: number } {
  const { total, rowHeight, viewHeight } = geometry;
  const offset = scrollTop * factorOf(geometry);
  const first = Math.max(0, Math.min(total - 1, Math.floor(offset / rowHeight)));
  return { first, last: Math.min(total - 1, Math.ceil((offset + viewHeight) / rowHeight) - 1) };
}

/** Where a row stands in the rows' element, while it is scrolled so far. */
export function topOf(geometry: Geometry, index: number, scrollTop: number): number {
  return scrollTop + index * geometry.rowHeight - scrollTop * factorOf(geometry);
}

/** How far it is to be scrolled so that so many rows are above the sight; parts of a row count. */
export function scrollTopOf(geometry: Geometry, rowsAbove: number): number {
  const all = geometry.total * geometry.rowHeight;
  const offset = Math.max(0, Math.min(rowsAbove * geometry.rowHeight, all - geometry.viewHeight));
  return offset / factorOf(geometry);
}

/** How many rows are above the sight, parts of a row included. */
export function rowsAbove(geometry: Geometry, scrollTop: number): number {
  return (scrollTop * factorOf(geometry)) / geometry.rowHeight;
}

/** How far it is to be scrolled so that a row is wholly in sight: as little as possible. */
export function revealing(geometry: Geometry, index: number, scrollTop: number): number {
  const above = rowsAbove(geometry, scrollTop);
  const fitting = Math.max(1, geometry.viewHeight / geometry.rowHeight);
  if (index < above) return scrollTopOf(geometry, index);
  return index + 1 > above + fitting ? scrollTopOf(geometry, index + 1 - fitting) : scrollTop;
}
