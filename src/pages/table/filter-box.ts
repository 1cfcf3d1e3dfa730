/**
 * The filter: it is in force while it is typed, with what may be filtered by on offer below the box. What was typed is
 * complained about only when it was meant to be all.
 */
import { html, nothing, render } from 'lit/html.js';
import type { TemplateResult } from 'lit/html.js';
import type { HostMessage, OfferedFilter, TableTexts } from '../../extension/event-table/messages.ts';

/** A typed filter is asked about when so long nothing was typed, in milliseconds. */
const askAfterMs = 120;

type Typed = Extract<HostMessage, { readonly type: 'typed' }>;

export interface FilterEvents {
  /** @param done it is to be in force as it stands; else it is being typed */
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
  /** How what was typed may go on. */
  #ways: Typed | undefined;
  /** What the list below the box holds; nothing while it is closed. */
  #options: readonly OfferedFilter[] = [];
  #chosen = -1;
  #inForce = '';
  /** What was in force when the user began to type. */
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

  /** Which filter is in force, and what is on offer. What is being typed stays. */
  show(filter: string, offered: readonly OfferedFilter[]): void {
    this.#offered = offered;
    if (this.#before === undefined && this.#problem === null) this.#input.value = filter;
    this.#inForce = filter;
    this.#draw();
  }

  /** How what was typed may go on, and what is wrong with it. */
  showTyped(said: Typed): void {
    if (said.text !== this.#typed) return;
    this.#ways = said;
    this.#problem = said.problem;
    if (this.#before !== undefined && said.problem === null) {
      this.#open();
      return;
    }
    // The box says what is in force, where nobody types and nothing is wrong with it.
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
    this.#timer = undefined;
    this.#events.filter(this.#typed, false);
  }

  /** What stands in the box is to be in force. */
  #apply(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#before = undefined;
    this.#close();
    this.#events.filter(this.#typed, true);
  }

  #empty(): void {
    this.#input.value = '';
    this.#apply();
    this.#input.focus();
  }

  /** Shows what is on offer: how what was typed goes on, and what goes on from it as a whole. */
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
    // An answer that comes late takes nothing away from who has chosen meanwhile.
    this.#chosen = this.#options.findIndex(({ filter }) => filter === chosen);
    this.#draw();
  }

  /** What was typed is in force as far as it goes, and the box says so; what was wrong does not stay. */
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

  /** What was in force before is again. */
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
