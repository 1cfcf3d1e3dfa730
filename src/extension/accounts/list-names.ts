/** The names of Campaign Monitor's lists, as accounts have told them: rows say those in place of 32 hex digits. */
import type { Memento } from 'vscode';
import { prefix } from '../prefix.ts';

const namesKey = `${prefix}.listNames`;

/** Lists kept for one account: an agency has thousands, and a window holds what it kept in memory. */
const mostLists = 2000;

/** By account, and in it by list id. */
type Kept = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Learns names while an account is signed in, and forgets them with it. */
export class ListNames {
  readonly #memory: Pick<Memento, 'get' | 'update'>;
  readonly #listeners = new Set<() => void>();
  #names: ReadonlyMap<string, string> | undefined;

  /** @param memory kept between windows, such as the global state */
  constructor(memory: Pick<Memento, 'get' | 'update'>) {
    this.#memory = memory;
  }

  /** Calls a listener whenever a name has come or was forgotten. */
  onDidChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** The name of a list; undefined where no account that is signed in has told it. */
  readonly nameOf = (listId: string): string | undefined => {
    this.#names ??= new Map(Object.values(this.#kept).flatMap((lists) => Object.entries(lists)));
    return this.#names.get(listId);
  };

  /** Keeps the names of lists that an account has told. */
  learn(accountId: string, lists: readonly { readonly listId: string; readonly name: string }[]): void {
    const known = this.#kept[accountId] ?? {};
    if (lists.every(({ listId, name }) => known[listId] === name)) return;
    const entries = Object.entries({
      ...known,
      ...Object.fromEntries(lists.map(({ listId, name }) => [listId, name])),
    });
    this.#keep({ ...this.#kept, [accountId]: Object.fromEntries(entries.slice(-mostLists)) });
  }

  /** Forgets what accounts have told that are signed out. */
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
