/** The filter: a box with what may be filtered by on offer below it, and what is wrong with what was typed. */
import type { OfferedFilter, TableTexts } from '../../extension/events/table/messages.ts';
import { element } from './element.ts';

/** A typed filter is checked when so long nothing was typed, in milliseconds. */
const checkAfterMs = 200;

export interface FilterEvents {
  /** @param done it is to be in force; else it is only checked */
  filter(text: string, done: boolean): void;
  /** The keyboard goes on to the rows. */
  leave(): void;
}

export class FilterBox {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #clear: HTMLButtonElement;
  readonly #list: HTMLElement;
  readonly #problem: HTMLElement;
  readonly #events: FilterEvents;
  #offered: readonly OfferedFilter[] = [];
  #options: readonly OfferedFilter[] = [];
  #chosen = -1;
  #inForce = '';
  #timer: number | undefined;

  constructor(texts: TableTexts, events: FilterEvents) {
    this.#events = events;
    this.#input = element('input', {
      ...{ type: 'text', role: 'combobox', spellcheck: 'false', autocomplete: 'off', maxlength: '1000' },
      ...{ 'aria-label': texts.filter, placeholder: texts.filterHelp, 'aria-describedby': 'filter-problem' },
      ...{ 'aria-expanded': 'false', 'aria-controls': 'offered', 'aria-autocomplete': 'list' },
    });
    this.#clear = element('button', { type: 'button', class: 'clear', 'aria-label': texts.clearFilter }, '✕');
    this.#clear.title = texts.clearFilter;
    this.#list = element('div', { role: 'listbox', id: 'offered', class: 'offered', 'aria-label': texts.offered });
    this.#list.hidden = true;
    this.#problem = element('div', { id: 'filter-problem', class: 'problem', 'aria-live': 'polite' });
    this.element = element('div', { class: 'filter' }, this.#input, this.#clear, this.#list, this.#problem);
    this.#input.addEventListener('input', () => this.#typed());
    this.#input.addEventListener('focus', () => this.#input.select());
    this.#input.addEventListener('click', () => this.#show());
    this.#input.addEventListener('blur', () => this.#hide());
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      const at = [...this.#list.children].indexOf((event.target as Element).closest('[role="option"]') as Element);
      if (at !== -1) this.#take(at);
    });
    this.#clear.addEventListener('click', () => {
      this.#input.value = '';
      this.#apply();
      this.#input.focus();
    });
    this.#clear.hidden = true;
  }

  focus(): void {
    this.#input.focus();
  }

  /** Which filter is in force, and what is on offer. What is being typed stays. */
  show(filter: string, offered: readonly OfferedFilter[]): void {
    this.#offered = offered;
    if (document.activeElement !== this.#input || this.#input.value.trim() === this.#inForce)
      this.#input.value = filter;
    this.#inForce = filter;
    this.#clear.hidden = this.#input.value === '';
    if (filter === this.#input.value.trim()) this.#say(null);
  }

  /** What is wrong with a filter; null where nothing is. */
  showProblem(text: string, problem: string | null): void {
    if (text === this.#input.value.trim()) this.#say(problem);
  }

  #say(problem: string | null): void {
    this.#problem.textContent = problem ?? '';
    this.#input.setAttribute('aria-invalid', String(problem !== null));
    if (problem !== null) this.#hide();
  }

  #typed(): void {
    this.#say(null);
    this.#clear.hidden = this.#input.value === '';
    this.#show();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#events.filter(this.#input.value.trim(), false), checkAfterMs);
  }

  #apply(): void {
    clearTimeout(this.#timer);
    this.#hide();
    this.#clear.hidden = this.#input.value === '';
    this.#events.filter(this.#input.value.trim(), true);
  }

  /** Shows what is on offer that goes on from what was typed. */
  #show(): void {
    const typed = this.#input.value.trim().toLowerCase();
    const isKnown = typed === '' || typed === this.#inForce.toLowerCase();
    this.#options = this.#offered.filter(({ filter }) => isKnown || filter.toLowerCase().startsWith(typed));
    this.#chosen = -1;
    this.#list.replaceChildren(
      ...this.#options.map(({ filter, description }, index) =>
        element(
          'div',
          { role: 'option', id: `offered-${index}`, 'aria-selected': 'false' },
          element('span', { class: 'name' }, filter),
          element('span', { class: 'description' }, description),
        ),
      ),
    );
    this.#list.hidden = this.#options.length === 0;
    this.#input.setAttribute('aria-expanded', String(!this.#list.hidden));
    this.#input.removeAttribute('aria-activedescendant');
  }

  #hide(): void {
    this.#list.hidden = true;
    this.#chosen = -1;
    this.#input.setAttribute('aria-expanded', 'false');
    this.#input.removeAttribute('aria-activedescendant');
  }

  #choose(at: number): void {
    if (this.#list.hidden) this.#show();
    const count = this.#options.length;
    if (count === 0) return;
    this.#chosen = (at + count) % count;
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(index === this.#chosen));
      if (index === this.#chosen) option.scrollIntoView({ block: 'nearest' });
    }
    this.#input.setAttribute('aria-activedescendant', `offered-${this.#chosen}`);
  }

  #take(at: number): void {
    const option = this.#options[at];
    if (option === undefined) return;
    this.#input.value = option.filter;
    if (option.begins) this.#typed();
    else this.#apply();
  }

  #key(event: KeyboardEvent): void {
    const isOpen = !this.#list.hidden;
    if (event.key === 'ArrowDown' && (isOpen || event.altKey || this.#input.value === ''))
      this.#choose(this.#chosen + 1);
    else if (event.key === 'ArrowDown') this.#events.leave();
    else if (event.key === 'ArrowUp' && isOpen) this.#choose(this.#chosen === -1 ? -1 : this.#chosen - 1);
    else if (event.key === 'Enter' && isOpen && this.#chosen !== -1) this.#take(this.#chosen);
    else if (event.key === 'Enter') this.#apply();
    else if (event.key === 'Escape' && isOpen) this.#hide();
    else if (event.key === 'Escape') {
      this.#input.value = this.#inForce;
      this.#clear.hidden = this.#inForce === '';
      this.#say(null);
      this.#events.leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
