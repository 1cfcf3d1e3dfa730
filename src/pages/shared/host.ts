/** A page's end of its webview: what it says to the extension and hears of it, and what VS Code keeps for it. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** What a page does with each message of the extension's. */
export type Hearing<Heard extends { readonly type: string }> = {
  readonly [Type in Heard['type']]: (message: Extract<Heard, { readonly type: Type }>) => void;
};

/**
 * One for a page: VS Code gives its part once. `Said` and `Heard` are the messages; `Kept` is what is kept while the page
 * is hidden and over a reload.
 */
export class Host<Said, Heard extends { readonly type: string }, Kept extends object> {
  readonly #vscode = acquireVsCodeApi();
  #kept: Partial<Kept>;

  constructor() {
    const state = this.#vscode.getState();
    this.#kept = typeof state === 'object' && state !== null ? state : {};
  }

  /** What this page, or an earlier version of it, has kept. */
  get kept(): Partial<Kept> {
    return this.#kept;
  }

  keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    this.#vscode.setState(this.#kept);
  }

  say(message: Said): void {
    this.#vscode.postMessage(message);
  }

  /** The extension's messages come through VS Code's frame, checked on their way; anything else is not for a page. */
  hear(hearing: Hearing<Heard>): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const { type } = (data ?? {}) as { readonly type?: unknown };
      if (typeof type !== 'string' || !Object.hasOwn(hearing, type)) return;
      (hearing as Readonly<Record<string, (message: unknown) => void>>)[type]?.(data);
    });
  }
}
