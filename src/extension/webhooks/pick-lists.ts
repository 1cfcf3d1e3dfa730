/** The picker of Campaign Monitor lists: for registering webhooks, and for the list ids of an instance. */
import * as vscode from 'vscode';
import { pickAccount } from '../accounts/account-commands.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { printable } from '../events-view/printable.ts';
import type { ListNode } from './node.ts';
import type { WebhooksView } from './webhooks-view.ts';

export interface PickListsOptions {
  readonly title?: string;
  /** Ids of lists that are picked at the beginning. */
  readonly selected?: readonly string[];
  /** Said beside a list. */
  readonly describe?: (list: ListNode) => string;
}

/** Resolves to undefined where the user gave up. */
export type PickLists = (options?: PickListsOptions) => Promise<readonly ListNode[] | undefined>;

export interface PickListsParts {
  readonly accounts: AccountStore;
  readonly view: WebhooksView;
  readonly signIn: () => Promise<Account | undefined>;
}

/** The picker. It signs in where nobody is, and starts the sandbox where the account is the sandbox's. */
export function createPickLists({ accounts, view, signIn }: PickListsParts): PickLists {
  return async ({ title = vscode.l10n.t('Lists of Campaign Monitor'), selected = [], describe } = {}) => {
    const account = accounts.all().length === 0 ? await signIn() : await pickAccount(accounts, title);
    if (account === undefined) return undefined;
    const abort = new AbortController();
    type Item = vscode.QuickPickItem & { readonly list?: ListNode };
    const items = view.lists(account, abort.signal).then((clients) =>
      clients.flatMap(({ client, lists }): Item[] => [
        { label: printable(client.name), kind: vscode.QuickPickItemKind.Separator },
        ...lists.map((list) => ({
          label: printable(list.name),
          description: [list.listId, describe?.(list) ?? ''].filter((part) => part !== '').join(' · '),
          picked: selected.includes(list.listId),
          list,
        })),
      ]),
    );
    try {
      const chosen = await vscode.window.showQuickPick<Item>(items, {
        title,
        placeHolder: vscode.l10n.t('Which lists?'),
        canPickMany: true,
        matchOnDescription: true,
        ignoreFocusOut: true,
      });
      if (chosen === undefined) return undefined;
      return chosen.flatMap(({ list }) => (list === undefined ? [] : [list]));
    } finally {
      abort.abort();
      // What the picker no longer waits for fails in nobody's sight.
      items.catch(() => undefined);
    }
  };
}
