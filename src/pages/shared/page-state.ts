/** What a reader has unfolded, and how far they have scrolled: kept while the page is hidden, and over a reload. */
import { html } from 'lit/html.js';
import type { TemplateResult } from 'lit/html.js';

/** Nothing of what the page shows. */
export interface ReadingState {
  /** What is unfolded or folded, by its id. */
  readonly unfolded?: Readonly<Record<string, boolean>>;
  /** Offsets of what scrolls, by its id, in pixels; the page's own by the empty one. */
  readonly scrolled?: Readonly<Record<string, number>>;
}

/** Where it is kept. */
export interface PageStateStore {
  readonly pageState: ReadingState;
  savePageState(change: ReadingState): void;
}

/**
 * Something that is unfolded by its head.
 * @param id by which it is found on the page, and again after a reload
 * @param openAtFirst whether it is open until the reader says otherwise
 */
export function foldTemplate(
  store: PageStateStore,
  id: string,
  openAtFirst: boolean,
  head: TemplateResult | string,
  inside: TemplateResult,
): TemplateResult {
  const toggled = (event: Event): void => {
    const { open } = event.currentTarget as HTMLDetailsElement;
    const { unfolded } = store.pageState;
    if (unfolded?.[id] !== open) store.savePageState({ unfolded: { ...unfolded, [id]: open } });
  };
  return html`<details id=${id} ?open=${store.pageState.unfolded?.[id] ?? openAtFirst} @toggle=${toggled}>
    <summary>${head}</summary>
    ${inside}
  </details>`;
}

/**
 * Keeps how far is scrolled, from when the page has gone back to where the reader was.
 * @returns goes back there, once: to be called when all is drawn
 */
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
