import type * as vscode from 'vscode';

/**
 * VS Code's global state, updated one at a time: when an update is stored, VS Code replaces the whole state in memory by
 * what that update contained, and so loses an update made in between (`ExtensionMemento` in VS Code 1.139).
 */
export class GlobalState {
  readonly #state: vscode.Memento;
  readonly #waiting = new Map<string, unknown>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  get<T>(key: string, fallback?: T): T | undefined {
    const value = this.#waiting.has(key) ? this.#waiting.get(key) : this.#state.get(key);
    return value === undefined ? fallback : (value as T);
  }

  update(key: string, value: unknown): Promise<void> {
    this.#waiting.set(key, value);
    const stored = this.#last.then(async () => {
      try {
        await this.#state.update(key, value);
      } finally {
        if (this.#waiting.get(key) === value) this.#waiting.delete(key);
      }
    });
    this.#last = stored.catch(() => undefined);
    return stored;
  }
}

export function withGlobalState(context: vscode.ExtensionContext): vscode.ExtensionContext {
  const globalState = new GlobalState(context.globalState);
  return Object.create(context, { globalState: { value: globalState } }) as vscode.ExtensionContext;
}
