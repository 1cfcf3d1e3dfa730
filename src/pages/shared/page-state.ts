import { html, type TemplateResult } from 'lit/html.js';

export interface ReadingState {
  readonly unfolded?: Readonly<Record<string, boolean>>;
  /** In pixels, by element ID; the page's own has an empty ID. */
  readonly scrolled?: Readonly<Record<string, number>>;
}

export interface PageStateStore {
  readonly pageState: ReadingState;
  savePageState(change: ReadingState): void;
}

export function foldTemplate(
  store: PageStateStore,
  id: string,
  head: TemplateResult | string,
  inside: TemplateResult,
): TemplateResult {
  const toggled = (event: Event): void => {
    const { open } = event.currentTarget as HTMLDetailsElement;
    const { unfolded } = store.pageState;
    if (unfolded?.[id] !== open) store.savePageState({ unfolded: { ...unfolded, [id]: open } });
  };
  return html`<details id=${id} ?open=${store.pageState.unfolded?.[id] === true} @toggle=${toggled}>
    <summary>${head}</summary>
    ${inside}
  </details>`;
}

/** Saves scroll positions, once the page has restored them. @returns restores them, once everything is drawn */
export function restoreScroll(store: PageStateStore): () => void {
  let restored = false;
  document.addEventListener(
    'scrollend',
    ({ target }) => {
      const [id, top] =
        target instanceof HTMLElement ? [target.id, target.scrollTop] : ['', document.scrollingElement?.scrollTop ?? 0];
      if (restored) store.savePageState({ scrolled: { ...store.pageState.scrolled, [id]: top } });
    },
    { capture: true, passive: true },
  );
  return () => {
    if (restored) return;
    restored = true;
    for (const [id, top] of Object.entries(store.pageState.scrolled ?? {}))
      (id === '' ? document.scrollingElement : document.getElementById(id))?.scrollTo({ top });
  };
}
