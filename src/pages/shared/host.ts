/** A page's end of its webview: messages to and from the extension, and the saved state. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

export type MessageHandlers<Heard extends { readonly type: string }> = {
  readonly [Type in Heard['type']]: (message: Extract<Heard, { readonly type: Type }>) => void;
};

/**
 * One for a page, because VS Code gives its API once. `Said` and `Heard` are the messages; `PageState` is saved while
 * the page is hidden and across a reload.
 */
export class Host<Said, Heard extends { readonly type: string }, PageState extends object> {
  readonly #vscode = acquireVsCodeApi();
  #pageState: Partial<PageState>;

  constructor() {
    const state = this.#vscode.getState();
    this.#pageState = typeof state === 'object' && state !== null ? state : {};
  }

  /** What this page, or an earlier version of it, has saved. */
  get pageState(): Partial<PageState> {
    return this.#pageState;
  }

  savePageState(change: Partial<PageState>): void {
    this.#pageState = { ...this.#pageState, ...change };
    this.#vscode.setState(this.#pageState);
  }

  say(message: Said): void {
    this.#vscode.postMessage(message);
  }

  /** The extension's messages come through VS Code's frame, which checks them; others aren't for a page. */
  onMessages(handlers: MessageHandlers<Heard>): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const { type } = (data ?? {}) as { readonly type?: unknown };
      if (typeof type !== 'string' || !Object.hasOwn(handlers, type)) return;
      (handlers as Readonly<Record<string, (message: unknown) => void>>)[type]?.(data);
    });
  }
}
