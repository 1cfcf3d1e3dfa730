interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

export type MessageHandlers<Heard extends { readonly type: string }> = {
  readonly [Type in Heard['type']]: (message: Extract<Heard, { readonly type: Type }>) => void;
};

/** Create one per page, since VS Code gives its API only once. Saves `PageState` while the page is hidden. */
export class Host<Said, Heard extends { readonly type: string }, PageState extends object> {
  readonly #vscode = acquireVsCodeApi();
  #pageState: Partial<PageState>;

  constructor() {
    const state = this.#vscode.getState();
    this.#pageState = typeof state === 'object' && state !== null ? state : {};
  }

  /** An earlier version of the page may have saved it. */
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

  /** VS Code's frame checks that messages are the extension's. */
  onMessages(handlers: MessageHandlers<Heard>): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const { type } = (data ?? {}) as { readonly type?: unknown };
      if (typeof type !== 'string' || !Object.hasOwn(handlers, type)) return;
      (handlers as Readonly<Record<string, (message: unknown) => void>>)[type]?.(data);
    });
  }
}
