/** Applies the filter while it is typed, but shows errors only when the input is complete. */
import { html, nothing, render, type TemplateResult } from 'lit/html.js';
import type { HostMessage, OfferedFilter, TableTexts } from '../../extension/event-table/messages.ts';

const askAfterMs = 120;

type Typed = Extract<HostMessage, { readonly type: 'typed' }>;

export interface FilterEvents {
  filter(text: string, done: boolean): void;
  leave(): void;
}

export class FilterBox {
  readonly element = document.createElement('div');
  readonly #texts: TableTexts;
  readonly #input: HTMLInputElement;
  readonly #events: FilterEvents;
  #offered: readonly OfferedFilter[] = [];
  #ways: Typed | undefined;
  #options: readonly OfferedFilter[] = [];
  #chosen = -1;
  #inForce = '';
  /** The filter before the user began to type. */
  #before: string | undefined;
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

  show(filter: string, offered: readonly OfferedFilter[]): void {
    this.#offered = offered;
    if (this.#before === undefined && this.#problem === null) this.#input.value = filter;
    this.#inForce = filter;
    this.#draw();
  }

  showTyped(said: Typed): void {
    if (said.text !== this.#typed) return;
    this.#ways = said;
    this.#problem = said.problem;
    if (this.#before !== undefined && said.problem === null) {
      this.#open();
      return;
    }
    // Unless the user is typing or there is an error, the box shows the current filter.
    if (said.problem === null) this.#input.value = this.#inForce;
    this.#close();
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
          @blur=${() => this.#leave()}
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
    this.#before ??= this.#inForce;
    this.#problem = null;
    this.#chosen = -1;
    this.#open();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#ask(), askAfterMs);
  }

  #ask(): void {
    clearTimeout(this.#timer);
    this.#events.filter(this.#typed, false);
  }

  #apply(): void {
    clearTimeout(this.#timer);
    this.#before = undefined;
    this.#close();
    this.#events.filter(this.#typed, true);
  }

  #empty(): void {
    this.#input.value = '';
    this.#apply();
    this.#input.focus();
  }

  #open(): void {
    const typed = this.#typed.toLowerCase();
    const isKnown = typed === '' || (this.#before === undefined && typed === this.#inForce.toLowerCase());
    const ways = this.#ways?.text === this.#typed && !isKnown ? this.#ways.ways : [];
    const whole = this.#offered.filter(
      ({ filter }) =>
        (isKnown || (filter.toLowerCase().startsWith(typed) && filter.toLowerCase() !== typed)) &&
        !ways.some((way) => way.filter === filter),
    );
    const chosen = this.#options[this.#chosen]?.filter;
    this.#options = [...ways, ...whole];
    // A late response must not change the selection.
    this.#chosen = this.#options.findIndex(({ filter }) => filter === chosen);
    this.#draw();
  }

  #leave(): void {
    if (this.#before !== undefined) this.#ask();
    else {
      this.#problem = null;
      this.#input.value = this.#inForce;
    }
    this.#before = undefined;
    this.#close();
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

  #giveUp(): void {
    const isTyped = this.#before !== undefined;
    this.#input.value = this.#before ?? this.#inForce;
    this.#problem = null;
    if (isTyped) this.#apply();
    this.#events.leave();
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
    else if (event.key === 'Escape') this.#giveUp();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
