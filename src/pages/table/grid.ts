/**
 * The grid: a header and the rows in sight, whose elements are used again for others as it is scrolled. One row is the
 * active one (`aria-activedescendant`); the keyboard moves it.
 */
import type { ColumnName, Sort, TableAction, TableRow, TableTexts } from '../../extension/events/table/messages.ts';
import { clockOf, piecesOf } from './clock.ts';
import type { Clock, ClockKind } from './clock.ts';
import { leastWidth, leastWidthOf, shownColumns, templateOf } from './columns.ts';
import type { Column, Layout } from './columns.ts';
import { element } from './element.ts';
import { RowCache } from './row-cache.ts';
import { bodyHeight, revealing, rowsAbove, rowsInSight, scrollTopOf, topOf } from './scroll-window.ts';
import type { Geometry } from './scroll-window.ts';
import { StateIcon } from './state-icon.ts';
import { durationText } from './words.ts';

/** Rows drawn beyond each edge, so that a small step finds them there. */
const overscan = 8;

/** Rows in the document, at most. */
const mostDrawn = 280;

/** How much a column grows by one key. */
const resizeStep = 16;

export interface GridEvents {
  /** Rows in sight are not there. */
  want(offsets: number[]): void;
  /** Other rows are in sight. */
  seen(): void;
  sort(sort: Sort): void;
  resize(name: ColumnName, width: number): void;
  /** The columns are to be chosen, at this place of the window. */
  columns(at: { readonly x: number; readonly y: number }): void;
  select(ids: readonly string[]): void;
  act(action: TableAction, ids: readonly string[]): void;
  filter(): void;
  /** The pointer has left the rows. */
  left(): void;
}

/** An element that shows one row after another. */
interface DrawnRow {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  readonly texts: ReadonlyMap<ColumnName, HTMLElement>;
  readonly icon: StateIcon | undefined;
  readonly waterfall: HTMLElement | undefined;
  index: number;
  row: TableRow | null | undefined;
  clock: Clock | undefined;
}

export interface GridOptions {
  readonly texts: TableTexts;
  readonly language: string;
  readonly events: GridEvents;
}

export class Grid {
  readonly element: HTMLElement;
  readonly rows = new RowCache();
  readonly #texts: TableTexts;
  readonly #language: string;
  readonly #events: GridEvents;
  readonly #header: HTMLElement;
  readonly #body: HTMLElement;
  readonly #times: Intl.DateTimeFormat;
  #drawn: DrawnRow[] = [];
  #columns: readonly Column[] = [];
  #layout: Layout | undefined;
  #sort: Sort = { by: 'time', descending: true };
  #clockKind: ClockKind = 'since';
  #clock: Clock = { kind: 'since', from: 0, to: 10 };
  #rowHeight = 22;
  #viewHeight = 0;
  /** As it was drawn last. */
  #geometryBefore: Geometry = { total: 0, rowHeight: 22, viewHeight: 0 };
  #drawing = false;
  #lastTop = 0;
  #forwards = true;
  /** The active row's position; -1 where there is none. */
  #active = -1;
  #activeId: string | undefined;
  /** The active row was not there when it became that: it is selected when it comes. */
  #isPending = false;
  /** What was asked for last. */
  #wish = '';
  /** From where a range is selected. */
  #from = -1;
  #selected = new Set<string>();
  #focusedColumn: ColumnName = 'time';
  #isPointerInside = false;

  constructor({ texts, language, events }: GridOptions) {
    this.#texts = texts;
    this.#language = language;
    this.#events = events;
    this.#times = new Intl.DateTimeFormat(language, {
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
      hourCycle: 'h23',
    });
    this.#header = element('div', { role: 'rowgroup', class: 'header' });
    this.#body = element('div', { role: 'rowgroup', class: 'rows' });
    this.element = element(
      'div',
      { role: 'grid', class: 'grid', tabindex: '0', 'aria-label': texts.title, 'aria-multiselectable': 'true' },
      this.#header,
      this.#body,
    );
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('click', (event) => this.#click(event));
    this.#body.addEventListener('contextmenu', (event) => this.#menu(event), true);
    this.#body.addEventListener('pointerover', (event) => this.#explain(event));
    this.#body.addEventListener('pointerenter', () => (this.#isPointerInside = true));
    this.#body.addEventListener('pointerleave', () => {
      this.#isPointerInside = false;
      events.left();
    });
    this.#header.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      event.stopPropagation();
      events.columns({ x: event.clientX, y: event.clientY });
    });
    new ResizeObserver(() => this.#measure()).observe(this.element);
  }

  /** Where the sight begins, whether it is at the top, and a row by which the place is found again. */
  get sight(): { first: number; count: number; anchor: { id: string; at: number } | null; isAtTop: boolean } {
    const { first, last } = rowsInSight(this.#geometry, this.element.scrollTop);
    const isAtTop = this.element.scrollTop < 1;
    const count = Math.min(1000, Math.max(0, last - first + 1));
    let anchor: { id: string; at: number } | null = null;
    if (!isAtTop || this.#isPointerInside) {
      for (let at = first; at <= last && anchor === null; at++) {
        const id = this.rows.row(at)?.id;
        if (id !== undefined) anchor = { id, at };
      }
    }
    return { first: Math.max(0, first), count, anchor, isAtTop };
  }

  get isPointerInside(): boolean {
    return this.#isPointerInside;
  }

  /** Another choice of columns, widths or clock. */
  arrange(layout: Layout, clock: ClockKind): void {
    const before = this.#layout;
    this.#layout = layout;
    this.#clockKind = clock;
    this.element.style.setProperty('--columns', templateOf(layout));
    const least = shownColumns(layout).reduce((sum, column) => sum + leastWidthOf(layout, column), 0);
    this.element.style.setProperty('--least', `${least}px`);
    if (before?.hidden !== layout.hidden) {
      this.#columns = shownColumns(layout);
      this.element.setAttribute('aria-colcount', String(this.#columns.length));
      for (const { element } of this.#drawn) element.remove();
      this.#drawn = [];
      this.#drawHeader();
    }
    this.draw();
  }

  /** Another order. */
  setSort(sort: Sort): void {
    this.#sort = sort;
    for (const cell of this.#header.querySelectorAll('[role="columnheader"]')) this.#sayOrder(cell);
  }

  /**
   * The rows are those of another snapshot, which {@link Grid.rows} has.
   * @param moved by how many rows what was in sight has moved down
   * @param isOther of another filter or order
   */
  takeSnapshot(moved: number, isOther: boolean): void {
    const above = moved === 0 ? this.element.scrollTop : undefined;
    const rows = moved === 0 ? 0 : rowsAbove(this.#geometryBefore, this.element.scrollTop) + moved;
    this.#size();
    if (above === undefined) this.element.scrollTop = scrollTopOf(this.#geometry, rows);
    if (this.#activeId !== undefined) {
      const at = this.rows.placeOf(this.#activeId);
      const stays = isOther || this.#active === -1 ? -1 : Math.min(this.rows.total - 1, this.#active + moved);
      this.#active = at ?? stays;
      this.#from = this.#active;
    }
    this.draw();
  }

  /** Goes to the first row. */
  toTop(): void {
    this.element.scrollTop = 0;
    this.draw();
  }

  /** Goes so far that so many rows are above the sight. */
  toRow(rows: number): void {
    this.#size();
    this.element.scrollTop = scrollTopOf(this.#geometry, rows);
    this.draw();
  }

  /** Selects a row that another view has selected. @param at its position; null where it is not in the table */
  reveal(id: string, at: number | null): void {
    this.#selected = new Set([id]);
    this.#activeId = id;
    this.#active = at ?? -1;
    this.#from = this.#active;
    this.#isPending = false;
    if (at !== null) this.element.scrollTop = revealing(this.#geometry, at, this.element.scrollTop);
    this.draw();
  }

  /** Draws what is in sight, before the next frame. */
  draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  get #geometry(): Geometry {
    return { total: this.rows.total, rowHeight: this.#rowHeight, viewHeight: this.#viewHeight };
  }

  #measure(): void {
    const height = parseFloat(getComputedStyle(this.element).getPropertyValue('--row-height'));
    if (height > 0) this.#rowHeight = height;
    this.#viewHeight = Math.max(0, this.element.clientHeight - this.#header.offsetHeight);
    this.#size();
    this.draw();
  }

  #size(): void {
    this.#geometryBefore = this.#geometry;
    this.#body.style.setProperty('height', `${bodyHeight(this.#geometry)}px`);
    this.#body.hidden = this.rows.total === 0;
    this.element.setAttribute('aria-rowcount', String(this.rows.total + 1));
  }

  #scrolled(): void {
    const top = this.element.scrollTop;
    if (top !== this.#lastTop) this.#forwards = top > this.#lastTop;
    this.#lastTop = top;
    this.draw();
    this.#events.seen();
  }

  #drawNow(): void {
    const geometry = this.#geometry;
    const { scrollTop } = this.element;
    const { first, last } = rowsInSight(geometry, scrollTop);
    const from = Math.max(0, first - overscan);
    const to = Math.min(geometry.total - 1, last + overscan, from + mostDrawn - 1);
    const inSight: TableRow[] = [];
    for (let index = first; index <= last; index++) {
      const row = this.rows.row(index);
      if (row != null) inSight.push(row);
    }
    this.#setClock(clockOf(inSight, this.#clockKind));
    if (this.#isPending && this.rows.row(this.#active) != null) this.#go(this.#active, this.#from !== this.#active);
    const needed = Math.max(0, to - from + 1);
    while (this.#drawn.length < needed) this.#drawn.push(this.#makeRow());
    const places = this.#drawn.length;
    // An element stays with its row while that is drawn: what scrolls by costs what comes in alone.
    for (let index = from; index < from + places; index++) {
      const drawn = this.#drawn[index % places];
      if (drawn === undefined) continue;
      if (index > to) drawn.element.hidden = true;
      else this.#show(drawn, index, topOf(geometry, index, scrollTop));
    }
    const active = this.#drawn.find(({ index, element }) => index === this.#active && !element.hidden);
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active.element.id);
    const wanted = geometry.total === 0 ? [] : this.rows.wanted(first, last, this.#forwards);
    const wish = `${this.rows.snapshot} ${wanted.join()}`;
    if (wanted.length > 0 && wish !== this.#wish) this.#events.want(wanted);
    this.#wish = wish;
  }

  #setClock(clock: Clock): void {
    const { kind, from, to } = this.#clock;
    if (kind === clock.kind && from === clock.from && to === clock.to) return;
    this.#clock = clock;
    const scale = this.#header.querySelector('.scale');
    if (scale !== null) scale.textContent = this.#scaleText();
  }

  #scaleText(): string {
    const { kind, from, to } = this.#clock;
    if (kind === 'since') return `0 – ${durationText(to, this.#texts, this.#language)}`;
    const time = (at: number): string => new Date(at).toLocaleTimeString(this.#language);
    return `${time(from)} – ${time(to)}`;
  }

  #makeRow(): DrawnRow {
    const texts = new Map<ColumnName, HTMLElement>();
    let icon: StateIcon | undefined;
    let waterfall: HTMLElement | undefined;
    const cells = this.#columns.map(({ name, numbers }, index) => {
      const cell = element('div', {
        ...{ role: 'gridcell', class: numbers === true ? 'cell numbers' : 'cell', 'data-column': name },
        'aria-colindex': String(index + 1),
      });
      if (name === 'waterfall') {
        waterfall = element('div', { class: 'waterfall', role: 'img' });
        cell.append(waterfall);
        return cell;
      }
      if (name === 'state') {
        icon = new StateIcon();
        const text = element('span');
        cell.append(icon.svg, text);
        texts.set(name, text);
        return cell;
      }
      texts.set(name, cell);
      return cell;
    });
    const made = element('div', { role: 'row', class: 'row' }, ...cells);
    made.id = `row-${this.#drawn.length}`;
    this.#body.append(made);
    return { element: made, cells, texts, icon, waterfall, index: -1, row: undefined, clock: undefined };
  }

  #show(drawn: DrawnRow, index: number, top: number): void {
    const { element } = drawn;
    const row = this.rows.row(index);
    element.style.setProperty('transform', `translateY(${top}px)`);
    if (element.hidden) element.hidden = false;
    if (drawn.index !== index) {
      drawn.index = index;
      element.setAttribute('aria-rowindex', String(index + 2));
      element.classList.toggle('odd', index % 2 === 1);
    }
    const isOther = drawn.row !== row;
    if (isOther) this.#fill(drawn, row);
    if (drawn.waterfall !== undefined && row != null && (isOther || drawn.clock !== this.#clock)) {
      drawn.clock = this.#clock;
      this.#fillWaterfall(drawn.waterfall, row);
    }
    const isSelected = row != null && this.#selected.has(row.id);
    element.setAttribute('aria-selected', String(isSelected));
    element.classList.toggle('active', index === this.#active);
  }

  #fill(drawn: DrawnRow, row: TableRow | null | undefined): void {
    drawn.row = row;
    const { element, texts } = drawn;
    element.dataset['state'] = row?.state ?? '';
    element.classList.toggle('loading', row === undefined);
    element.toggleAttribute('aria-busy', row === undefined);
    for (const [name, cell] of texts) {
      cell.removeAttribute('title');
      cell.textContent = this.#cellText(name, row);
    }
    if (row != null) drawn.icon?.show(row.state);
    drawn.icon?.svg.toggleAttribute('hidden', row == null);
    if (row == null) drawn.waterfall?.replaceChildren();
    drawn.waterfall?.setAttribute('aria-label', row?.waterfallWords ?? this.#texts.loading);
  }

  #cellText(name: ColumnName, row: TableRow | null | undefined): string {
    if (row === undefined) return '';
    if (row === null) return name === 'address' ? this.#texts.removed : '';
    if (name === 'time') return this.#times.format(row.receivedAt);
    return name === 'waterfall' ? '' : row.cells[name];
  }

  #fillWaterfall(place: HTMLElement, row: TableRow): void {
    const pieces = piecesOf(row, this.#clock);
    while (place.childElementCount > pieces.length) place.lastElementChild?.remove();
    while (place.childElementCount < pieces.length) place.append(element('i'));
    for (const [at, { kind, left, width }] of pieces.entries()) {
      const piece = place.children[at] as HTMLElement;
      piece.className = kind;
      piece.style.setProperty('left', `${left}%`);
      piece.style.setProperty('width', `${width}%`);
    }
  }

  #drawHeader(): void {
    const cells = this.#columns.map((column, index) => {
      const { name, numbers, sort } = column;
      const cell = element(
        'div',
        {
          ...{ role: 'columnheader', class: numbers === true ? 'cell numbers' : 'cell', 'data-column': name },
          'aria-colindex': String(index + 1),
          'aria-description': this.#texts.resize,
          tabindex: name === this.#focusedColumn || (index === 0 && !this.#shows(this.#focusedColumn)) ? '0' : '-1',
        },
        element('span', { class: 'label' }, this.#texts[name]),
      );
      if (name === 'waterfall') cell.append(element('span', { class: 'scale' }, this.#scaleText()));
      if (sort !== null) {
        cell.classList.add('sortable');
        cell.append(element('span', { class: 'order', 'aria-hidden': 'true' }));
      }
      const grip = element('div', { class: 'grip', 'aria-hidden': 'true' });
      grip.addEventListener('pointerdown', (event) => this.#drag(event, column));
      cell.append(grip);
      cell.addEventListener('click', (event) => {
        if (event.target !== grip) this.#orderBy(column);
      });
      cell.addEventListener('keydown', (event) => this.#headerKey(event, column));
      this.#sayOrder(cell);
      return cell;
    });
    const hadFocus = this.#header.contains(document.activeElement);
    this.#header.replaceChildren(element('div', { role: 'row', class: 'row', 'aria-rowindex': '1' }, ...cells));
    if (hadFocus) this.#header.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  #shows(name: ColumnName): boolean {
    return this.#columns.some((each) => each.name === name);
  }

  #sayOrder(cell: Element): void {
    const sort = this.#columns.find(({ name }) => name === cell.getAttribute('data-column'))?.sort ?? null;
    if (sort === null) return;
    const { by, descending } = this.#sort;
    const order = descending ? 'descending' : 'ascending';
    cell.setAttribute('aria-sort', sort === by ? order : 'none');
  }

  #orderBy({ sort }: Column): void {
    if (sort === null) return;
    const { by, descending } = this.#sort;
    // The newest and the longest first; names from A on.
    this.#events.sort({ by: sort, descending: sort === by ? !descending : sort !== 'type' && sort !== 'state' });
  }

  #headerKey(event: KeyboardEvent, column: Column): void {
    const at = this.#columns.indexOf(column);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step !== 0 && event.altKey)
      this.#events.resize(column.name, (event.currentTarget as HTMLElement).offsetWidth + step * resizeStep);
    else if (step !== 0) this.#focusHeader(at + step);
    else if (event.key === 'Home') this.#focusHeader(0);
    else if (event.key === 'End') this.#focusHeader(this.#columns.length - 1);
    else if (event.key === 'Enter' || event.key === ' ') this.#orderBy(column);
    else if (event.key === 'ArrowDown') this.element.focus();
    else if (isMenuKey(event)) {
      const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
      this.#events.columns({ x: left, y: bottom });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #focusHeader(at: number): void {
    const cells = [...this.#header.querySelectorAll<HTMLElement>('[role="columnheader"]')];
    const cell = cells[Math.max(0, Math.min(cells.length - 1, at))];
    const column = this.#columns[cells.indexOf(cell as HTMLElement)];
    if (cell === undefined || column === undefined) return;
    for (const each of cells) each.tabIndex = -1;
    this.#focusedColumn = column.name;
    cell.tabIndex = 0;
    cell.focus();
  }

  #drag(event: PointerEvent, column: Column): void {
    const grip = event.currentTarget as HTMLElement;
    const [from, before] = [event.clientX, grip.parentElement?.offsetWidth ?? leastWidth];
    grip.setPointerCapture(event.pointerId);
    const move = (each: PointerEvent): void => this.#events.resize(column.name, before + each.clientX - from);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
    event.preventDefault();
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    const page = Math.max(1, Math.floor(this.#viewHeight / this.#rowHeight) - 1);
    const { total } = this.rows;
    const isAlone = !event.ctrlKey && !event.metaKey && !event.altKey;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active === -1 ? 0 : this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: total - 1,
    };
    const to = moves[event.key];
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (to !== undefined && isAlone) {
      if (event.key === 'ArrowUp' && this.#active <= 0) this.#focusHeader(0);
      else if (total > 0) this.#go(Math.max(0, Math.min(total - 1, to)), event.shiftKey);
    } else if (event.key === 'Enter' && isAlone) this.#act('open');
    else if (event.key === 'Delete' && isAlone) this.#act('discard');
    else if (isCommand && event.key === 'c') this.#act('copyAsCurl');
    else if (isCommand && event.key === 'r') this.#act('replay');
    else if (isCommand && event.key === 'Enter') this.#act('release');
    else if (isCommand && event.key === 'f') this.#events.filter();
    else if (isMenuKey(event)) this.#menuOfActive();
    else return;
    // VS Code would take the key for one of its own.
    event.preventDefault();
    event.stopPropagation();
  }

  #act(action: TableAction): void {
    if (this.#selected.size > 0) this.#events.act(action, [...this.#selected]);
  }

  /** Makes a row the active one, and selects it, or with `extending` all from where the selection began. */
  #go(index: number, extending: boolean): void {
    this.#active = index;
    this.#activeId = this.rows.row(index)?.id;
    this.#isPending = this.rows.row(index) === undefined;
    if (!extending || this.#from === -1) this.#from = index;
    this.#select(this.#range(this.#from, index));
    this.element.scrollTop = revealing(this.#geometry, index, this.element.scrollTop);
    this.draw();
  }

  /** The ids of these rows, as far as they are there, the active one first. */
  #range(from: number, to: number): string[] {
    const ids: string[] = [];
    const step = from <= to ? -1 : 1;
    for (let at = to; ids.length < 1000; at += step) {
      const id = this.rows.row(at)?.id;
      if (id !== undefined) ids.push(id);
      if (at === from) break;
    }
    return ids;
  }

  #select(ids: readonly string[]): void {
    this.#selected = new Set(ids);
    this.#events.select(ids);
  }

  /** The drawn row in which something happened. */
  #rowAt(event: Event): DrawnRow | undefined {
    const target = (event.target as Element).closest('.row');
    return this.#drawn.find(({ element }) => element === target);
  }

  #click(event: MouseEvent): void {
    const drawn = this.#rowAt(event);
    if (drawn?.row == null) return;
    const { id } = drawn.row;
    if (event.ctrlKey || event.metaKey) {
      this.#active = this.#from = drawn.index;
      this.#activeId = id;
      this.#select(
        this.#selected.has(id) ? [...this.#selected].filter((each) => each !== id) : [id, ...this.#selected],
      );
      this.draw();
      return;
    }
    this.#go(drawn.index, event.shiftKey);
    if (!event.shiftKey) this.#events.act('open', [id]);
  }

  /** The menu is VS Code's: it is told what it is about. */
  #menu(event: MouseEvent): void {
    const drawn = this.#rowAt(event);
    if (drawn?.row == null) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!this.#selected.has(drawn.row.id)) this.#go(drawn.index, false);
    const chosen = this.#chosenRows();
    const flags = drawn.row.flags.match(/;\w+;/g) ?? [];
    drawn.element.dataset['vscodeContext'] = JSON.stringify({
      webviewSection: 'row',
      // What can be done with all of them.
      viewItem: flags.filter((flag) => chosen.every((row) => row.flags.includes(flag))).join(''),
      listMultiSelection: this.#selected.size > 1,
      listDoubleSelection: this.#selected.size === 2,
      preventDefaultContextMenuItems: true,
    });
  }

  #chosenRows(): TableRow[] {
    return [...this.#selected]
      .map((id) => this.rows.placeOf(id))
      .map((at) => (at === undefined ? undefined : this.rows.row(at)))
      .filter((row) => row != null);
  }

  #menuOfActive(): void {
    const drawn = this.#drawn.find(({ index, element }) => index === this.#active && !element.hidden);
    if (drawn === undefined) return;
    const { left, bottom } = drawn.element.getBoundingClientRect();
    const at = { clientX: Math.max(0, left) + 24, clientY: bottom - 4 };
    drawn.element.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }));
  }

  /** The whole of what a cell cuts, under the pointer. */
  #explain(event: PointerEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>('.cell');
    const row = this.#rowAt(event)?.row;
    if (cell === null || row == null) return;
    const name = cell.dataset['column'] as ColumnName;
    if (name === 'waterfall') cell.title = row.waterfallWords;
    else if (name === 'time') cell.title = new Date(row.receivedAt).toLocaleString(this.#language);
    else if (name === 'state' || name === 'list' || name === 'destination') cell.title = row.details;
    else cell.title = row.cells[name];
  }
}

function isMenuKey({ key, shiftKey }: KeyboardEvent): boolean {
  return key === 'ContextMenu' || (shiftKey && key === 'F10');
}
