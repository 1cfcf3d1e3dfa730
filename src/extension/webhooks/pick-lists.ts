import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { pickAccount } from '../accounts/account-commands.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { printable } from '../ui/printable.ts';
import { alone, askChoices, only } from '../ui/questions.ts';
import { ifAnswered, type Answer, type StepPlace } from '../ui/steps.ts';
import type { ListNode, WebhookSource } from './webhook-source.ts';

interface PickListsParts {
  readonly accounts: AccountStore;
  readonly source: WebhookSource;
  readonly signIn: () => Promise<Account | undefined>;
}

interface ListItem extends vscode.QuickPickItem {
  readonly listId?: string;
  readonly list?: ListNode;
}

export async function askLists(
  source: WebhookSource,
  place: StepPlace,
  account: Account,
  picked: readonly ListNode[],
  describe: (list: ListNode) => string,
): Promise<Answer<readonly ListNode[]>> {
  const ids = picked.map(({ listId }) => listId);
  const chosen = await askChoices<ListItem>(place, {
    placeholder: say('Which lists?'),
    items: (signal) => readItems(source, account, ids, describe, signal),
    check: ({ length }) => (length === 0 ? say('Select at least one list') : undefined),
  });
  return ifAnswered(chosen, (all) => all.flatMap(({ list }) => (list === undefined ? [] : [list])));
}

/** Undefined if the user cancels. @param selected IDs of other accounts are offered too */
export async function pickListIds(
  { accounts, source, signIn }: PickListsParts,
  selected: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const title = say('Campaign Monitor Lists');
  const account = accounts.all().length === 0 ? await signIn() : await pickAccount(accounts, title);
  if (account === undefined || signal.aborted) return undefined;
  const chosen = await only(
    askChoices<ListItem>(alone(title), {
      placeholder: say('Which lists?'),
      signal,
      check: () => undefined,
      items: async (ended) => {
        const offered = await readItems(source, account, selected, () => '', ended);
        const others = selected.filter((id) => !offered.some(({ listId }) => listId === id));
        if (others.length === 0) return offered;
        return [
          ...offered,
          { label: say('Not in this account'), kind: vscode.QuickPickItemKind.Separator },
          ...others.map((listId) => ({ label: printable(listId), picked: true, listId })),
        ];
      },
    }),
  );
  return chosen?.flatMap(({ listId }) => (listId === undefined ? [] : [listId]));
}

async function readItems(
  source: WebhookSource,
  account: Account,
  selected: readonly string[],
  describe: (list: ListNode) => string,
  signal: AbortSignal,
): Promise<readonly ListItem[]> {
  return (await source.lists(account, signal)).flatMap(({ client, lists }): ListItem[] => [
    { label: printable(client.name), kind: vscode.QuickPickItemKind.Separator },
    ...lists.map((list) => ({
      label: printable(list.name),
      description: [list.listId, describe(list)].filter((part) => part !== '').join(' · '),
      picked: selected.includes(list.listId),
      listId: list.listId,
      list,
    })),
  ]);
}
