/** The filter: a box with what may be filtered by on offer below it, and what is wrong with what was typed. */
import { html, nothing, render } from 'lit/html.js';
import type { TemplateResult } from 'lit/html.js';
import type { OfferedFilter, TableTexts } from '../../extension/event-table/messages.ts';

/** A typed filter is checked when so long nothing was typed, in milliseconds. */
const checkAfterMs = 200;

export interface FilterEvents {
  /** @param done it is to be in force; else it is only checked */
  filter(text: string, done: boolean): void;
  /** The keyboard goes on to the rows. */
  leave(): void;
}

export class FilterBox {
  readonly element = document.createElement('div');
  readonly #texts: TableTexts;
  readonly #input: HTMLInputElement;
  readonly #events: FilterEvents;
  #offered: readonly OfferedFilter[] = [];
  /** What is on offer for what was typed; none while the list is closed. */
  #options: readonly OfferedFilter[] = [];
  #chosen = -1;
  #inForce = '';
  #problem: string | null = null;
  #timer: number | undefined;

  constructor(texts: TableTexts, events: FilterEvents) {
    this.#texts = texts;
    this.#events = events;
    this.element.className = 'filter';
    this.#draw();
    this.#input = this.element.querySelector('input') as HTMLInputElement;
  }

  focus(): void {
    this.#input.focus();
  }

  /** Which filter is in force, and what is on offer. What is being typed stays. */
  show(filter: string, offered: readonly OfferedFilter[]): void {
    this.#offered = offered;
    if (document.activeElement !== this.#input || this.#typed === this.#inForce) this.#input.value = filter;
    this.#inForce = filter;
    if (filter === this.#typed) this.#problem = null;
    this.#draw();
  }

  /** What is wrong with a filter; null where nothing is. */
  showProblem(text: string, problem: string | null): void {
    if (text !== this.#typed) return;
    this.#problem = problem;
    if (problem === null) this.#draw();
    else this.#close();
  }

  get #typed(): string {
    return this.#input.value.trim();
  }

  #draw(): void {
    const { filter, filterHelp, clearFilter, offered } = this.#texts;
    const isOpen = this.#options.length > 0;
    render(
      html`<input
          type="text"
          role="combobox"
          spellcheck="false"
          autocomplete="off"
          maxlength="1000"
          aria-label=${filter}
          placeholder=${filterHelp}
          aria-describedby="filter-problem"
          aria-controls="offered"
          aria-autocomplete="list"
          aria-expanded=${isOpen}
          aria-activedescendant=${this.#chosen === -1 ? nothing : `offered-${this.#chosen}`}
          aria-invalid=${this.#problem !== null}
          @input=${() => this.#change()}
          @focus=${() => this.#input.select()}
          @click=${() => this.#open()}
          @blur=${() => this.#close()}
          @keydown=${(event: KeyboardEvent) => this.#key(event)}
        /><button
          type="button"
          class="clear"
          aria-label=${clearFilter}
          title=${clearFilter}
          ?hidden=${(this.element.querySelector('input')?.value ?? '') === ''}
          @click=${() => this.#empty()}
        >
          ✕
        </button>
        <div
          role="listbox"
          id="offered"
          class="popup offered"
          aria-label=${offered}
          ?hidden=${!isOpen}
          @pointerdown=${(event: Event) => event.preventDefault()}
        >
          ${this.#options.map((option, index) => this.#optionTemplate(option, index))}
        </div>
        <div id="filter-problem" class="problem" aria-live="polite">${this.#problem}</div>`,
      this.element,
    );
  }

  #optionTemplate(option: OfferedFilter, index: number): TemplateResult {
    return html`<div
      role="option"
      id="offered-${index}"
      aria-selected=${index === this.#chosen}
      @pointerdown=${() => this.#take(option)}
    >
      <span class="name">${option.filter}</span><span class="description">${option.description}</span>
    </div>`;
  }

  #change(): void {
    this.#problem = null;
    this.#open();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#events.filter(this.#typed, false), checkAfterMs);
  }

  #apply(): void {
    clearTimeout(this.#timer);
    this.#close();
    this.#events.filter(this.#typed, true);
  }

  #empty(): void {
    this.#input.value = '';
    this.#apply();
    this.#input.focus();
  }

  /** Shows what is on offer that goes on from what was typed. */
  #open(): void {
    const typed = this.#typed.toLowerCase();
    const isKnown = typed === '' || typed === this.#inForce.toLowerCase();
    this.#options = this.#offered.filter(({ filter }) => isKnown || filter.toLowerCase().startsWith(typed));
    this.#chosen = -1;
    this.#draw();
  }

  #close(): void {
    this.#options = [];
    this.#chosen = -1;
    this.#draw();
  }

  #choose(at: number): void {
    if (this.#options.length === 0) this.#open();
    const count = this.#options.length;
    if (count === 0) return;
    this.#chosen = (at + count) % count;
    this.#draw();
    this.element.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  #take(option: OfferedFilter): void {
    this.#input.value = option.filter;
    if (option.begins) this.#change();
    else this.#apply();
  }

  #key(event: KeyboardEvent): void {
    const isOpen = this.#options.length > 0;
    const chosen = this.#options[this.#chosen];
    if (event.key === 'ArrowDown' && (isOpen || event.altKey || this.#input.value === ''))
      this.#choose(this.#chosen + 1);
    else if (event.key === 'ArrowDown') this.#events.leave();
    else if (event.key === 'ArrowUp' && isOpen) this.#choose(this.#chosen === -1 ? -1 : this.#chosen - 1);
    else if (event.key === 'Enter' && chosen !== undefined) this.#take(chosen);
    else if (event.key === 'Enter') this.#apply();
    else if (event.key === 'Escape' && isOpen) this.#close();
    else if (event.key === 'Escape') {
      this.#input.value = this.#inForce;
      this.#problem = null;
      this.#draw();
      this.#events.leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
