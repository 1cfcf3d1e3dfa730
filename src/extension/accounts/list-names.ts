import type { Memento } from 'vscode';
import { prefix } from '../prefix.ts';

const namesKey = `${prefix}.listNames`;

/** An agency has thousands of lists, and they are kept in memory. */
const mostLists = 2000;

type Kept = Readonly<Record<string, Readonly<Record<string, string>>>>;

export class ListNames {
  readonly #memory: Pick<Memento, 'get' | 'update'>;
  readonly #listeners = new Set<() => void>();
  #names: ReadonlyMap<string, string> | undefined;

  constructor(memory: Pick<Memento, 'get' | 'update'>) {
    this.#memory = memory;
  }

  onDidChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  readonly nameOf = (listId: string): string | undefined => {
    this.#names ??= new Map(Object.values(this.#kept).flatMap((lists) => Object.entries(lists)));
    return this.#names.get(listId);
  };

  learn(accountId: string, lists: readonly { readonly listId: string; readonly name: string }[]): void {
    const known = this.#kept[accountId] ?? {};
    if (lists.every(({ listId, name }) => known[listId] === name)) return;
    const entries = Object.entries({
      ...known,
      ...Object.fromEntries(lists.map(({ listId, name }) => [listId, name])),
    });
    this.#keep({ ...this.#kept, [accountId]: Object.fromEntries(entries.slice(-mostLists)) });
  }

  retain(accountIds: readonly string[]): void {
    const kept = Object.entries(this.#kept);
    const left = kept.filter(([accountId]) => accountIds.includes(accountId));
    if (left.length < kept.length) this.#keep(Object.fromEntries(left));
  }

  get #kept(): Kept {
    return this.#memory.get<Kept>(namesKey, {});
  }

  #keep(kept: Kept): void {
    this.#names = undefined;
    void this.#memory.update(namesKey, kept);
    for (const listener of this.#listeners) listener();
  }
}
