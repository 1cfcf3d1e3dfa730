/** The picker of Campaign Monitor lists: for registering webhooks, and for the list ids of an instance. */
import * as vscode from 'vscode';
import { pickAccount } from '../accounts/account-commands.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { printable } from '../../ui/printable.ts';
import type { ListNode } from './webhook-node.ts';
import type { WebhooksView } from './webhooks-view.ts';

export interface PickListsParts {
  readonly accounts: AccountStore;
  readonly view: WebhooksView;
  readonly signIn: () => Promise<Account | undefined>;
}

/** Each resolves to undefined where the user gave up. Both sign in where nobody is, and start the sandbox for its account. */
export interface ListPicker {
  /** @param describe what is said beside a list */
  pickLists(title: string, describe: (list: ListNode) => string): Promise<readonly ListNode[] | undefined>;
  /**
   * @param selected ids that are picked at the beginning; those of other accounts are offered too
   * @param signal closes the picker
   */
  pickListIds(selected: readonly string[], signal: AbortSignal): Promise<readonly string[] | undefined>;
}

interface ListItem extends vscode.QuickPickItem {
  readonly listId?: string;
  readonly list?: ListNode;
}

/** Makes the picker; it reads the lists anew each time. */
export function createListPicker(parts: PickListsParts): ListPicker {
  return {
    async pickLists(title, describe) {
      const chosen = await ask(parts, title, [], describe, new AbortController().signal);
      return chosen?.flatMap(({ list }) => (list === undefined ? [] : [list]));
    },
    async pickListIds(selected, signal) {
      const chosen = await ask(parts, vscode.l10n.t('Lists of Campaign Monitor'), selected, () => '', signal);
      return chosen?.flatMap(({ listId }) => (listId === undefined ? [] : [listId]));
    },
  };
}

async function ask(
  { accounts, view, signIn }: PickListsParts,
  title: string,
  selected: readonly string[],
  describe: (list: ListNode) => string,
  signal: AbortSignal,
): Promise<readonly ListItem[] | undefined> {
  const account = accounts.all().length === 0 ? await signIn() : await pickAccount(accounts, title);
  if (account === undefined || signal.aborted) return undefined;
  const abort = new AbortController();
  const close = new vscode.CancellationTokenSource();
  signal.addEventListener('abort', () => close.cancel(), { signal: abort.signal });
  const items = view.lists(account, abort.signal).then((clients): ListItem[] => {
    const offered = clients.flatMap(({ client, lists }): ListItem[] => [
      { label: printable(client.name), kind: vscode.QuickPickItemKind.Separator },
      ...lists.map((list) => ({
        label: printable(list.name),
        description: [list.listId, describe(list)].filter((part) => part !== '').join(' · '),
        picked: selected.includes(list.listId),
        listId: list.listId,
        list,
      })),
    ]);
    const others = selected.filter((id) => !offered.some(({ listId }) => listId === id));
    if (others.length === 0) return offered;
    return [
      ...offered,
      { label: vscode.l10n.t('Not of this account'), kind: vscode.QuickPickItemKind.Separator },
      ...others.map((listId) => ({ label: printable(listId), picked: true, listId })),
    ];
  });
  try {
    return await vscode.window.showQuickPick<ListItem>(
      items,
      {
        title,
        placeHolder: vscode.l10n.t('Which lists?'),
        canPickMany: true,
        matchOnDescription: true,
        ignoreFocusOut: true,
      },
      close.token,
    );
  } finally {
    abort.abort();
    close.dispose();
    // What the picker no longer waits for fails in nobody's sight.
    items.catch(() => undefined);
  }
}
