import { html, nothing, render, type TemplateResult } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ColumnName, Sort, TableTexts } from '../../extension/event-table/messages.ts';
import { durationText, type Clock } from './clock.ts';
import { leastWidth, type Column } from './columns.ts';

const resizeStep = 16;

export interface HeaderEvents {
  sort(sort: Sort): void;
  resize(name: ColumnName, width: number): void;
  columns(at: { readonly x: number; readonly y: number }): void;
}

export interface HeaderOptions {
  readonly texts: TableTexts;
  readonly language: string;
  readonly events: HeaderEvents;
  toRows(): void;
}

export class Header {
  readonly element: HTMLElement;
  readonly #options: HeaderOptions;
  columns: readonly Column[] = [];
  sort: Sort = { by: 'time', descending: true };
  clock: Clock = { kind: 'since', from: 0, to: 10 };
  #focusedColumn: ColumnName = 'time';

  constructor(element: HTMLElement, options: HeaderOptions) {
    this.element = element;
    this.#options = options;
    element.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      event.stopPropagation();
      options.events.columns({ x: event.clientX, y: event.clientY });
    });
  }

  setClock(clock: Clock): void {
    const { kind, from, to } = this.clock;
    if (kind !== clock.kind || from !== clock.from || to !== clock.to) this.clock = clock;
  }

  #scaleText(): string {
    const { kind, from, to } = this.clock;
    if (kind === 'since') return `0 – ${durationText(to, this.#options.texts, this.#options.language)}`;
    const time = (at: number): string => new Date(at).toLocaleTimeString(this.#options.language);
    return `${time(from)} – ${time(to)}`;
  }

  draw(): void {
    const heads = repeat(
      this.columns,
      ({ name }) => name,
      (column, index) => this.#headTemplate(column, index),
    );
    render(html`<div role="row" class="row" aria-rowindex="1">${heads}</div>`, this.element);
  }

  #headTemplate(column: Column, index: number): TemplateResult {
    const { name, numbers, sort } = column;
    const stop = this.columns.find((each) => each.name === this.#focusedColumn) ?? this.columns[0];
    const scale = guard([this.clock], () => this.#scaleText());
    return html`<div
      role="columnheader"
      class="cell ${numbers === true ? 'numbers' : ''} ${sort === null ? '' : 'sortable'}"
      data-column=${name}
      aria-colindex=${index + 1}
      aria-description=${this.#options.texts.resize}
      aria-sort=${sort === null ? nothing : this.#orderOf(sort)}
      tabindex=${column === stop ? '0' : '-1'}
      @click=${() => this.#orderBy(column)}
      @keydown=${(event: KeyboardEvent) => this.#headerKey(event, column)}
    >
      <span class="label">${this.#options.texts[name]}</span
      >${name === 'waterfall' ? html`<span class="scale">${scale}</span>` : nothing}${
        sort === null ? nothing : html`<span class="order" aria-hidden="true"></span>`
      }
      <div
        class="grip"
        aria-hidden="true"
        @pointerdown=${(event: PointerEvent) => this.#drag(event, column)}
        @click=${(event: Event) => event.stopPropagation()}
      ></div>
    </div>`;
  }

  #orderOf(sort: Sort['by']): string {
    const { by, descending } = this.sort;
    if (sort !== by) return 'none';
    return descending ? 'descending' : 'ascending';
  }

  #orderBy({ sort }: Column): void {
    if (sort === null) return;
    const { by, descending } = this.sort;
    // Start with the newest or longest; with names from A.
    this.#options.events.sort({
      by: sort,
      descending: sort === by ? !descending : sort !== 'type' && sort !== 'state',
    });
  }

  #headerKey(event: KeyboardEvent, column: Column): void {
    const at = this.columns.indexOf(column);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step !== 0 && event.altKey)
      this.#options.events.resize(column.name, (event.currentTarget as HTMLElement).offsetWidth + step * resizeStep);
    else if (step !== 0) this.focus(at + step);
    else if (event.key === 'Home') this.focus(0);
    else if (event.key === 'End') this.focus(this.columns.length - 1);
    else if (event.key === 'Enter' || event.key === ' ') this.#orderBy(column);
    else if (event.key === 'ArrowDown') this.#options.toRows();
    else if (isMenuKey(event)) {
      const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
      this.#options.events.columns({ x: left, y: bottom });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  focus(at: number): void {
    const column = this.columns[Math.max(0, Math.min(this.columns.length - 1, at))];
    if (column === undefined) return;
    this.#focusedColumn = column.name;
    this.draw();
    this.element.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  #drag(event: PointerEvent, column: Column): void {
    const grip = event.currentTarget as HTMLElement;
    const [from, before] = [event.clientX, grip.parentElement?.offsetWidth ?? leastWidth];
    grip.setPointerCapture(event.pointerId);
    const move = (each: PointerEvent): void => this.#options.events.resize(column.name, before + each.clientX - from);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
    event.preventDefault();
  }
}

export function isMenuKey({ key, shiftKey }: KeyboardEvent): boolean {
  return key === 'ContextMenu' || (shiftKey && key === 'F10');
}
