const inner = 'input, textarea, [role="combobox"]';

/** IDs don't reach out of a shadow tree, so connects each control to its help and error by element, or as text. */
export function describeControls(root: HTMLElement): void {
  for (const element of root.querySelectorAll<HTMLElement & { updateComplete?: Promise<unknown> }>('[data-field]'))
    void Promise.resolve(element.updateComplete).then(() => describe(root, element));
}

function describe(root: HTMLElement, element: HTMLElement): void {
  const control = element.shadowRoot?.querySelector<HTMLElement>(inner);
  if (control == null) return;
  const texts = ['note', 'state', 'help']
    .map((part) => root.querySelector<HTMLElement>(`#${element.id}-${part}`))
    .filter((each) => each !== null && each.textContent.trim() !== '') as HTMLElement[];
  // VS Code 1.101 has Chromium 134, which doesn't support this.
  const canRefer = 'ariaDescribedByElements' in Element.prototype;
  if (canRefer) control.ariaDescribedByElements = texts;
  else control.setAttribute('aria-description', texts.map((each) => each.textContent.trim()).join(' '));
  control.setAttribute('aria-invalid', String(element.hasAttribute('invalid')));
}

export function focusField(names: readonly string[]): void {
  const first = [...document.querySelectorAll<HTMLElement>('[data-field]')].find(({ id }) => names.includes(id));
  first?.scrollIntoView({ block: 'center' });
  first?.focus();
}
