/** One menu is open at a time. The keyboard works as in ARIA's pattern. */
import { html, nothing, render, type TemplateResult } from 'lit/html.js';
import { stepOf } from './keyboard.ts';

export interface MenuEntry {
  readonly label: string;
  /** Undefined if not checkable. A checkable entry keeps the menu open. */
  readonly checked?: boolean;
  readonly radio?: boolean;
  readonly heading?: string;
  readonly choose: () => void;
}

export interface MenuOptions {
  readonly label: string;
  readonly entries: () => readonly MenuEntry[];
  readonly back: HTMLElement;
}

interface OpenMenu extends MenuOptions {
  readonly element: HTMLElement;
  readonly button: HTMLElement | undefined;
}

let open: OpenMenu | undefined;

window.addEventListener('blur', closeMenu);
window.addEventListener('pointerdown', ({ target }) => {
  // The button closes its menu itself.
  if (open?.element.contains(target as Node) === false && open.button?.contains(target as Node) !== true) closeMenu();
});

export function menuButton(
  id: string,
  label: string,
  entries: () => readonly MenuEntry[],
  title?: string,
): TemplateResult {
  const show = (event: Event, last: boolean): void => {
    const button = event.currentTarget as HTMLElement;
    const wasOpen = open?.button === button;
    closeMenu();
    if (wasOpen) return;
    const { left, bottom } = button.getBoundingClientRect();
    openAt({ label, entries, back: button, button }, { x: left, y: bottom + 2 }, last);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    show(event, event.key === 'ArrowUp');
  };
  return html`<button
    id=${id}
    type="button"
    class="button opens"
    title=${title ?? nothing}
    aria-haspopup="menu"
    aria-expanded="false"
    @click=${(event: Event) => show(event, false)}
    @keydown=${key}
  >
    ${label}
  </button>`;
}

export function openMenu(options: MenuOptions, at: { readonly x: number; readonly y: number }): void {
  closeMenu();
  openAt({ ...options, button: undefined }, at, false);
}

export function closeMenu(): void {
  if (open === undefined) return;
  const { element, button, back } = open;
  open = undefined;
  button?.setAttribute('aria-expanded', 'false');
  const hadFocus = element.contains(document.activeElement);
  element.remove();
  if (hadFocus) back.focus();
}

function openAt(menu: Omit<OpenMenu, 'element'>, at: { readonly x: number; readonly y: number }, last: boolean): void {
  const element = document.createElement('div');
  element.role = 'menu';
  element.className = 'popup menu';
  element.ariaLabel = menu.label;
  element.addEventListener('keydown', keyed);
  open = { ...menu, element };
  menu.button?.setAttribute('aria-expanded', 'true');
  draw();
  // Outside what the page draws, which may be drawn again.
  document.querySelector('main')?.prepend(element);
  const { clientWidth, clientHeight } = document.documentElement;
  const x = Math.max(0, Math.min(at.x, clientWidth - element.offsetWidth));
  const y = Math.max(0, Math.min(at.y, clientHeight - element.offsetHeight));
  element.style.setProperty('left', `${x + window.scrollX}px`);
  element.style.setProperty('top', `${y + window.scrollY}px`);
  itemsOf(element)
    .at(last ? -1 : 0)
    ?.focus();
}

function draw(): void {
  if (open === undefined) return;
  const entries = open.entries();
  const ticked = entries.some(({ checked }) => checked !== undefined);
  render(
    entries.map((entry) => entryTemplate(entry, ticked)),
    open.element,
  );
}

function entryTemplate({ label, checked, radio, heading, choose }: MenuEntry, ticked: boolean): TemplateResult {
  const role = checked === undefined ? 'menuitem' : radio === true ? 'menuitemradio' : 'menuitemcheckbox';
  const chosen = (): void => {
    if (checked === undefined) closeMenu();
    choose();
    draw();
  };
  return html`${heading === undefined ? nothing : html`<div role="separator" aria-label=${heading}>${heading}</div>`}
    <div role=${role} tabindex="-1" aria-checked=${checked ?? nothing} @click=${chosen}>
      ${ticked ? html`<span class="tick" aria-hidden="true">${checked === true ? '✓' : ''}</span>` : nothing}${label}
    </div>`;
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
}

function keyed(event: KeyboardEvent): void {
  const items = itemsOf(event.currentTarget as HTMLElement);
  const at = items.findIndex((each) => each === document.activeElement);
  const { key } = event;
  if (key === 'Tab') {
    // The focus must return before Tab moves it.
    closeMenu();
    return;
  }
  if (key === 'Enter' || key === ' ') items[at]?.click();
  else if (key === 'Escape') closeMenu();
  else {
    const next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(
      ({ textContent }) => key.length === 1 && textContent.trim().toLowerCase().startsWith(key.toLowerCase()),
    );
    const element = next ?? items[stepOf(key, at, items.length) ?? -1];
    if (element === undefined) return;
    element.focus();
  }
  event.preventDefault();
  event.stopPropagation();
}
