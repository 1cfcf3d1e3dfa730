/** The menu of columns: which are shown, and the clock of the waterfall. */
import { element } from './element.ts';

export interface MenuEntry {
  readonly label: string;
  /** Undefined: it is neither on nor off. */
  readonly checked?: boolean;
  /** One of several of which one is on. */
  readonly radio?: boolean;
  /** Where a part of its own begins, its heading. */
  readonly heading?: string;
  readonly choose: () => void;
}

/** Opens below a place of the window; one at a time. */
export class Menu {
  readonly #label: string;
  #open: HTMLElement | undefined;
  #back: HTMLElement | undefined;

  /** @param label what a screen reader calls it */
  constructor(label: string) {
    this.#label = label;
    window.addEventListener('blur', () => this.close());
    window.addEventListener('pointerdown', ({ target }) => {
      if (this.#open?.contains(target as Node) === false) this.close();
    });
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /**
   * Shows it with the focus on its first entry, or the one that had it.
   * @param entries are asked for again after each choice
   * @param back has the focus afterwards
   */
  open(entries: () => readonly MenuEntry[], at: { readonly x: number; readonly y: number }, back: HTMLElement): void {
    this.close();
    const menu = element('div', { role: 'menu', class: 'menu', 'aria-label': this.#label });
    this.#open = menu;
    this.#back = back;
    this.#fill(entries);
    document.body.append(menu);
    const { offsetWidth, offsetHeight } = menu;
    menu.style.setProperty('left', `${Math.max(0, Math.min(at.x, window.innerWidth - offsetWidth))}px`);
    menu.style.setProperty('top', `${Math.max(0, Math.min(at.y, window.innerHeight - offsetHeight))}px`);
    this.#focus(0);
    menu.addEventListener('keydown', (event) => this.#key(event));
  }

  close(): void {
    if (this.#open === undefined) return;
    const hadFocus = this.#open.contains(document.activeElement);
    this.#open.remove();
    this.#open = undefined;
    if (hadFocus) this.#back?.focus();
  }

  #fill(entries: () => readonly MenuEntry[]): void {
    const children = entries().flatMap(({ label, checked, radio, heading, choose }, index) => {
      const role = checked === undefined ? 'menuitem' : radio === true ? 'menuitemradio' : 'menuitemcheckbox';
      const item = element(
        'div',
        { role, tabindex: '-1', ...(checked !== undefined && { 'aria-checked': String(checked) }) },
        element('span', { class: 'tick', 'aria-hidden': 'true' }, checked === true ? '✓' : ''),
        label,
      );
      item.addEventListener('click', () => {
        choose();
        if (this.#open === undefined) return;
        this.#fill(entries);
        this.#focus(index);
      });
      return [
        ...(heading === undefined ? [] : [element('div', { role: 'separator', 'aria-label': heading }, heading)]),
        item,
      ];
    });
    this.#open?.replaceChildren(...children);
  }

  get #items(): HTMLElement[] {
    return [...(this.#open?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
  }

  #focus(index: number): void {
    const items = this.#items;
    items[(index + items.length) % items.length]?.focus();
  }

  #key(event: KeyboardEvent): void {
    const at = this.#items.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') this.#focus(at + 1);
    else if (event.key === 'ArrowUp') this.#focus(at - 1);
    else if (event.key === 'Home') this.#focus(0);
    else if (event.key === 'End') this.#focus(-1);
    else if (event.key === 'Enter' || event.key === ' ') this.#items[at]?.click();
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
