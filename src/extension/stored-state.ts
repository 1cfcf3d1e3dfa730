import type * as vscode from 'vscode';

/**
 * A state that VS Code stores, updated one at a time: when an update is stored, VS Code replaces the whole state in
 * memory by what that update contained, and so loses an update made in between (`ExtensionMemento` in VS Code 1.139).
 */
export class StoredState {
  readonly #state: vscode.Memento;
  readonly #waiting = new Map<string, { readonly value: unknown }>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  get<T>(key: string, fallback?: T): T | undefined {
    const waiting = this.#waiting.get(key);
    const value = waiting === undefined ? this.#state.get(key) : waiting.value;
    return value === undefined ? fallback : (value as T);
  }

  update(key: string, value: unknown): Promise<void> {
    const waiting = { value };
    this.#waiting.set(key, waiting);
    const stored = this.#last.then(async () => {
      try {
        await this.#state.update(key, value);
      } finally {
        if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      }
    });
    this.#last = stored.catch(() => undefined);
    return stored;
  }
}

export function withStoredStates(context: vscode.ExtensionContext): vscode.ExtensionContext {
  const stored = (state: vscode.Memento): PropertyDescriptor => ({ value: new StoredState(state) });
  const own = { globalState: stored(context.globalState), workspaceState: stored(context.workspaceState) };
  return Object.create(context, own) as vscode.ExtensionContext;
}
