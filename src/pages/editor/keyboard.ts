/** Menus and lists by keyboard, as ARIA's patterns have them: one stop for the tab key, arrows within. */

/** Where the arrow keys lead in a list of so many; undefined for other keys. */
export function stepOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowLeft':
    case 'ArrowUp':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** Moves the focus among the elements of a list and does what that means; other keys are left alone. */
export function chooseByKey(event: KeyboardEvent, selector: string, choose: (element: HTMLElement) => void): void {
  const list = event.currentTarget as HTMLElement;
  const all = [...list.querySelectorAll<HTMLElement>(selector)];
  const at = all.findIndex((each) => each === document.activeElement);
  const next = at === -1 ? undefined : stepOf(event.key, at, all.length);
  const element = next === undefined ? undefined : all[next];
  if (element === undefined) return;
  event.preventDefault();
  choose(element);
  element.focus();
}

/** The button whose menu is open. */
let openButton: HTMLElement | undefined;

function menuOf(button: HTMLElement): HTMLElement | null {
  return document.getElementById(button.getAttribute('aria-controls') ?? '');
}

/** Opens a button's menu, or closes it where it is open. @param last begin at its end, as the arrow up does */
export function openMenu(button: HTMLElement, last = false): void {
  const wasOpen = openButton === button;
  closeMenu();
  const menu = menuOf(button);
  if (wasOpen || menu === null) return;
  openButton = button;
  button.setAttribute('aria-expanded', 'true');
  menu.hidden = false;
  // Not beyond the edge of the page.
  menu.classList.toggle('to-the-left', menu.getBoundingClientRect().right > document.documentElement.clientWidth);
  const items = menu.querySelectorAll<HTMLElement>('[role="menuitem"]');
  items[last ? items.length - 1 : 0]?.focus();
}

/** Closes the menu that is open. @param back whether the focus returns to its button */
export function closeMenu(back = false): void {
  const button = openButton;
  openButton = undefined;
  if (button === undefined) return;
  button.setAttribute('aria-expanded', 'false');
  const menu = menuOf(button);
  const hadFocus = menu?.contains(document.activeElement) === true;
  if (menu !== null) menu.hidden = true;
  if (back || hadFocus) button.focus();
}

/** Keys on a menu's button, and in the menu. */
export function menuKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const button = target.closest<HTMLElement>('[aria-haspopup="menu"]');
  if (button !== null) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    if (openButton !== button) openMenu(button, event.key === 'ArrowUp');
    return;
  }
  if (event.key === 'Escape') {
    event.preventDefault();
    closeMenu(true);
  } else if (event.key === 'Tab') closeMenu();
  else {
    const menu = target.closest<HTMLElement>('[role="menu"]');
    const items = [...(menu?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = items.indexOf(target);
    const letter = event.key.length === 1 ? event.key.toLowerCase() : undefined;
    const next =
      letter === undefined
        ? stepOf(event.key, at, items.length)
        : [...items.keys()].find((_, i) =>
            items[(at + 1 + i) % items.length]?.textContent.trim().toLowerCase().startsWith(letter),
          );
    if (next === undefined || (letter !== undefined && event.key === ' ')) return;
    event.preventDefault();
    items[letter === undefined ? next : (at + 1 + next) % items.length]?.focus();
  }
}
