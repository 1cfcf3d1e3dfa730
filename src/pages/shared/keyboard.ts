/** As in ARIA's patterns: one stop for the tab key, arrow keys within a list. */

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

export function walkByKey(event: KeyboardEvent, selector: string, choose?: (element: HTMLElement) => void): void {
  const list = event.currentTarget as HTMLElement;
  const all = [...list.querySelectorAll<HTMLElement>(selector)];
  const at = all.findIndex((each) => each === document.activeElement);
  const next = at === -1 ? undefined : stepOf(event.key, at, all.length);
  const element = next === undefined ? undefined : all[next];
  if (element === undefined) return;
  event.preventDefault();
  choose?.(element);
  element.focus();
}
