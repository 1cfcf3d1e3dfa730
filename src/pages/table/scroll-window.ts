/**
 * Browsers limit elements to about 33 million pixels, including zoom: beyond {@link mostHeight}, a pixel of the scroll
 * bar is more than one of the table. All rows have the same height.
 */

/** In pixels. */
export interface Geometry {
  /** In rows. */
  readonly total: number;
  readonly rowHeight: number;
  readonly viewHeight: number;
}

/** 16 million at a zoom of 200 %. */
export const mostHeight = 8_000_000;

export function bodyHeight(geometry: Geometry): number {
  return Math.min(geometry.total * geometry.rowHeight, mostHeight);
}

/** Pixels of the table for each pixel of the scroll bar. */
function factorOf(geometry: Geometry): number {
  const { total, rowHeight, viewHeight } = geometry;
  const [all, body] = [total * rowHeight, bodyHeight(geometry)];
  return all <= body || body <= viewHeight ? 1 : (all - viewHeight) / (body - viewHeight);
}

export function rowsInSight(geometry: Geometry, scrollTop: number): { readonly first: number; readonly last: number } {
  const { total, rowHeight, viewHeight } = geometry;
  const offset = scrollTop * factorOf(geometry);
  const first = Math.max(0, Math.min(total - 1, Math.floor(offset / rowHeight)));
  return { first, last: Math.min(total - 1, Math.ceil((offset + viewHeight) / rowHeight) - 1) };
}

export function topOf(geometry: Geometry, index: number, scrollTop: number): number {
  return scrollTop + index * geometry.rowHeight - scrollTop * factorOf(geometry);
}

export function scrollTopOf(geometry: Geometry, rowsAbove: number): number {
  const all = geometry.total * geometry.rowHeight;
  const offset = Math.max(0, Math.min(rowsAbove * geometry.rowHeight, all - geometry.viewHeight));
  return offset / factorOf(geometry);
}

export function rowsAbove(geometry: Geometry, scrollTop: number): number {
  return (scrollTop * factorOf(geometry)) / geometry.rowHeight;
}

export function revealing(geometry: Geometry, index: number, scrollTop: number): number {
  const above = rowsAbove(geometry, scrollTop);
  const fitting = Math.max(1, geometry.viewHeight / geometry.rowHeight);
  if (index < above) return scrollTopOf(geometry, index);
  return index + 1 > above + fitting ? scrollTopOf(geometry, index + 1 - fitting) : scrollTop;
}
