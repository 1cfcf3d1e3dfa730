/** Row elements are reused while scrolling. The active row is `aria-activedescendant`. */
import { html, render, type TemplateResult } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import type {
  ChosenEvents,
  ColumnName,
  Sort,
  TableAction,
  TableRow,
  TableTexts,
} from '../../extension/event-table/messages.ts';
import { Choice, type ChoiceEvents } from './choice.ts';
import { clockOf, piecesOf, type ClockKind } from './clock.ts';
import { leastWidthOf, templateOf, type Column, type Layout } from './columns.ts';
import { Header, isMenuKey, type HeaderEvents, type HeaderOptions } from './header.ts';
import { RowCache } from './row-cache.ts';
import { bodyHeight, revealing, rowsAbove, rowsInSight, scrollTopOf, topOf, type Geometry } from './scroll-window.ts';

const overscan = 8;

const mostDrawn = 280;

export interface GridEvents extends ChoiceEvents, HeaderEvents {
  want(offsets: number[]): void;
  seen(): void;
  act(action: TableAction, chosen: ChosenEvents): void;
  filter(): void;
  left(): void;
}

export interface GridOptions extends Omit<HeaderOptions, 'toRows'> {
  readonly events: GridEvents;
}

export class Grid {
  readonly element = document.createElement('div');
  readonly rows = new RowCache();
  readonly choice: Choice;
  readonly #texts: TableTexts;
  readonly #language: string;
  readonly #events: GridEvents;
  readonly #header: Header;
  readonly #body: HTMLElement;
  readonly #times: Intl.DateTimeFormat;
  /** Number of reused elements; a row's is determined by its position. */
  #places = 0;
  #explained: { readonly cell: HTMLElement; readonly row: TableRow } | undefined;
  #clockKind: ClockKind = 'since';
  #rowHeight = 22;
  #viewHeight = 0;
  #geometryBefore: Geometry = { total: 0, rowHeight: 22, viewHeight: 0 };
  #drawing = false;
  #lastTop = 0;
  #forwards = true;
  #wantedKey = '';
  #isPointerInside = false;

  constructor({ texts, language, events }: GridOptions) {
    this.#texts = texts;
    this.#language = language;
    this.#events = events;
    this.choice = new Choice(this.rows, events);
    this.#times = new Intl.DateTimeFormat(language, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
    });
    this.element.className = 'grid';
    this.element.role = 'grid';
    this.element.tabIndex = 0;
    this.element.ariaLabel = texts.title;
    this.element.ariaMultiSelectable = 'true';
    this.#header = new Header(this.#part('header'), { texts, language, events, toRows: () => this.element.focus() });
    this.#body = this.#part('rows');
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('click', (event) => this.#click(event));
    // With Shift, select rows, not the text between two clicks.
    this.#body.addEventListener('mousedown', (event) => this.#keepText(event));
    this.#body.addEventListener('contextmenu', (event) => this.#menu(event), true);
    this.#body.addEventListener('pointerover', (event) => this.#explain(event));
    this.#body.addEventListener('pointerenter', () => (this.#isPointerInside = true));
    this.#body.addEventListener('pointerleave', () => {
      this.#isPointerInside = false;
      events.left();
    });
    new ResizeObserver(() => this.#measure()).observe(this.element);
  }

  /** The anchor is a row by which to find the place again. */
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

  arrange(layout: Layout, shown: readonly Column[], clock: ClockKind): void {
    this.#clockKind = clock;
    this.element.style.setProperty('--columns', templateOf(layout, shown));
    const least = shown.reduce((sum, column) => sum + leastWidthOf(layout, column), 0);
    this.element.style.setProperty('--least', `${least}px`);
    this.#header.columns = shown;
    this.element.setAttribute('aria-colcount', String(shown.length));
    this.draw();
  }

  get sort(): Sort {
    return this.#header.sort;
  }

  setSort(sort: Sort): void {
    this.#header.sort = sort;
    this.draw();
  }

  /** @param moved number of rows by which the visible part has moved down */
  takeRows(moved: number): void {
    const above = moved === 0 ? this.element.scrollTop : undefined;
    const rows = moved === 0 ? 0 : rowsAbove(this.#geometryBefore, this.element.scrollTop) + moved;
    this.#size();
    if (above === undefined) this.element.scrollTop = scrollTopOf(this.#geometry, rows);
    this.draw();
  }

  toTop(): void {
    this.element.scrollTop = 0;
    this.draw();
  }

  toRow(rows: number): void {
    this.#size();
    this.element.scrollTop = scrollTopOf(this.#geometry, rows);
    this.draw();
  }

  reveal(place: number): void {
    this.#go(this.rows.above + place, false);
  }

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
    this.#viewHeight = Math.max(0, this.element.clientHeight - this.#header.element.offsetHeight);
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
      if (row !== undefined) inSight.push(row);
    }
    this.#header.setClock(clockOf(inSight, this.#clockKind));
    this.choice.arrived();
    this.#places = Math.max(this.#places, to - from + 1);
    // An element keeps its row while that is drawn: scrolling only costs the new rows.
    const rows: TemplateResult[] = [];
    for (let index = from; index < from + this.#places; index++)
      rows[index % this.#places] = this.#rowTemplate(index, index > to, topOf(geometry, index, scrollTop));
    this.#header.draw();
    render(rows, this.#body);
    const { active } = this.choice;
    const isActiveDrawn = active >= from && active <= to;
    if (isActiveDrawn) this.element.setAttribute('aria-activedescendant', this.#idOf(active));
    else this.element.removeAttribute('aria-activedescendant');
    if (this.#explained !== undefined && this.#rowAt(this.#explained.cell) !== this.#explained.row)
      this.#explained.cell.removeAttribute('title');
    const wanted = geometry.total === 0 ? [] : this.rows.wanted(first, last, this.#forwards);
    const wantedKey = `${this.rows.view.generation} ${wanted.join()}`;
    if (wanted.length > 0 && wantedKey !== this.#wantedKey) this.#events.want(wanted);
    this.#wantedKey = wantedKey;
  }

  #part(name: string): HTMLElement {
    const part = document.createElement('div');
    part.role = 'rowgroup';
    part.className = name;
    this.element.append(part);
    return part;
  }

  #idOf(index: number): string {
    return `row-${index % this.#places}`;
  }

  #rowTemplate(index: number, isHidden: boolean, top: number): TemplateResult {
    const row = this.rows.row(index);
    const names = [
      'row',
      index % 2 === 1 ? 'odd' : '',
      row === undefined ? 'loading' : '',
      index === this.choice.active ? 'active' : '',
    ];
    return html`<div
      role="row"
      id=${this.#idOf(index)}
      class=${names.join(' ')}
      data-state=${row?.state ?? ''}
      aria-rowindex=${index + 2}
      aria-selected=${this.choice.has(index)}
      ?aria-busy=${row === undefined}
      ?hidden=${isHidden}
      .style=${`transform: translateY(${top}px)`}
    >
      ${guard([row, this.#header.clock, this.#header.columns], () =>
        this.#header.columns.map((column, at) => this.#cellTemplate(column, at, row)),
      )}
    </div>`;
  }

  #cellTemplate({ name, numbers }: Column, at: number, row: TableRow | undefined): TemplateResult {
    const text = this.#cellText(name, row);
    const content =
      name === 'waterfall'
        ? this.#waterfallTemplate(row)
        : name === 'state' && row !== undefined
          ? html`${stateIcon(row.state)}<span>${text}</span>`
          : text;
    return html`<div
      role="gridcell"
      class=${numbers === true ? 'cell numbers' : 'cell'}
      data-column=${name}
      aria-colindex=${at + 1}
    >
      ${content}
    </div>`;
  }

  #cellText(name: ColumnName, row: TableRow | undefined): string {
    if (row === undefined) return '';
    if (name === 'time') return this.#times.format(row.receivedAt);
    return name === 'waterfall' ? '' : row.cells[name];
  }

  #waterfallTemplate(row: TableRow | undefined): TemplateResult {
    const pieces = row === undefined ? [] : piecesOf(row, this.#header.clock);
    return html`<div class="waterfall" role="img" aria-label=${row?.waterfallWords ?? this.#texts.loading}>
      ${pieces.map(
        ({ kind, left, width, isBeyond }) =>
          html`<i
            class=${isBeyond === true ? `${kind} beyond` : kind}
            .style=${`left: ${left}%; width: ${width}%`}
          ></i>`,
      )}
    </div>`;
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    const page = Math.max(1, Math.floor(this.#viewHeight / this.#rowHeight) - 1);
    const { total } = this.rows;
    const { active } = this.choice;
    const isAlone = !event.ctrlKey && !event.metaKey && !event.altKey;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active === -1 ? 0 : active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    };
    const to = moves[event.key];
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase();
    if (to !== undefined && isAlone) {
      if (event.key === 'ArrowUp' && active <= 0) this.#header.focus(0);
      else if (total > 0) this.#go(Math.max(0, Math.min(total - 1, to)), event.shiftKey);
    } else if (to !== undefined && command !== false) {
      if (total > 0) this.#move(Math.max(0, Math.min(total - 1, to)));
    } else if (event.key === 'Enter' && isAlone) this.#act('open');
    else if ((event.key === 'Delete' && isAlone) || (event.key === 'Backspace' && event.metaKey)) this.#act('discard');
    else if (command === 'a') this.choice.chooseAll();
    else if (command === ' ') this.#toggleActive();
    else if (command === 'c') this.#act('copyAsCurl');
    else if (command === 'r') this.#act('resend');
    else if (command === 'enter') this.#act('release');
    else if (command === 'f') this.#events.filter();
    else if (isMenuKey(event)) this.#menuOfActive();
    else return;
    // VS Code would use the key.
    event.preventDefault();
    event.stopPropagation();
  }

  #act(action: TableAction): void {
    const { meant, active } = this.choice;
    if (meant === undefined) return;
    // Show the row that the action is for.
    if (active !== -1) this.#show(active);
    this.#events.act(action, meant);
  }

  #go(index: number, extending: boolean): void {
    this.choice.go(index, extending);
    this.#show(index);
  }

  #move(index: number): void {
    this.choice.move(index);
    this.#show(index);
  }

  #toggleActive(): void {
    const { active } = this.choice;
    if (this.rows.row(active) === undefined) return;
    this.choice.toggle(active);
    this.#show(active);
  }

  #show(index: number): void {
    this.element.scrollTop = revealing(this.#geometry, index, this.element.scrollTop);
    this.draw();
  }

  #indexAt(target: EventTarget | null): number {
    const element = target instanceof Element ? target.closest('.rows > .row') : null;
    return element === null ? -1 : Number(element.ariaRowIndex) - 2;
  }

  #rowAt(target: EventTarget | null): TableRow | undefined {
    return this.rows.row(this.#indexAt(target));
  }

  #keepText(event: MouseEvent): void {
    if (!event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
  }

  #click(event: MouseEvent): void {
    const index = this.#indexAt(event.target);
    if (this.rows.row(index) === undefined) return;
    const toggles = event.ctrlKey || event.metaKey;
    if (toggles) this.choice.toggle(index);
    else this.#go(index, event.shiftKey);
    if (!toggles && !event.shiftKey) this.#act('open');
  }

  /** VS Code shows the menu, and reads from this attribute what it is for. */
  #menu(event: MouseEvent): void {
    const index = this.#indexAt(event.target);
    const row = this.rows.row(index);
    if (row === undefined) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!this.choice.has(index)) this.choice.go(index, false);
    const { count } = this.choice;
    const element = (event.target as Element).closest<HTMLElement>('.row');
    element?.setAttribute(
      'data-vscode-context',
      JSON.stringify({
        webviewSection: 'row',
        // As in the tree, the clicked row decides what is offered; a command skips rows that it can't act on.
        viewItem: row.flags,
        listMultiSelection: count > 1,
        listDoubleSelection: count === 2,
        // The commands get these rows, even if others are shown by then.
        chosen: this.choice.all,
        preventDefaultContextMenuItems: true,
      }),
    );
  }

  #menuOfActive(): void {
    const { active } = this.choice;
    if (active === -1) return;
    // A row that was scrolled out of view has no element.
    this.#show(active);
    this.#drawNow();
    const element = document.getElementById(this.element.getAttribute('aria-activedescendant') ?? '');
    if (element === null) return;
    const { left, bottom } = element.getBoundingClientRect();
    const at = { clientX: Math.max(0, left) + 24, clientY: bottom - 4 };
    element.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }));
  }

  #explain(event: PointerEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>('.cell');
    const row = this.#rowAt(cell);
    if (cell === null || row === undefined) return;
    this.#explained?.cell.removeAttribute('title');
    this.#explained = { cell, row };
    const name = cell.dataset['column'] as ColumnName;
    if (name === 'waterfall') cell.title = row.waterfallWords;
    else if (name === 'time') cell.title = new Date(row.receivedAt).toLocaleString(this.#language);
    else if (name === 'state' || name === 'list' || name === 'destination') cell.title = row.details;
    else cell.title = row.cells[name];
  }
}

/** A shape for each state, so that it is visible without color. */
const shapes: Readonly<Record<TableRow['state'], string>> = {
  sent: 'M3 8.5l3.5 3.5L13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  retrying: 'M12.5 8a4.5 4.5 0 1 1-1.4-3.2M11.5 2v3h-3',
  waiting: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.5l2 1.5',
  held: 'M5.5 3.5v9M10.5 3.5v9',
  discarded: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 11.8l7.6-7.6',
  rejected: 'M5.7 2.5h4.6l3.2 3.2v4.6l-3.2 3.2H5.7l-3.2-3.2V5.7zM8 5v4M8 10.5v1',
  test: 'M8 2.5l5.5 5.5l-5.5 5.5L2.5 8z',
  none: 'M3.5 8h9',
};

function stateIcon(state: TableRow['state']): TemplateResult {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true" class="icon"><path d=${shapes[state]}></path></svg>`;
}
