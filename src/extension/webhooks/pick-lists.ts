/** The picker of Campaign Monitor lists: for registering webhooks, and for the list IDs of an instance. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { pickAccount } from '../accounts/account-commands.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { printable } from '../ui/printable.ts';
import { askChoices } from '../ui/questions.ts';
import { back, ifAnswered } from '../ui/steps.ts';
import type { Answer, StepPlace } from '../ui/steps.ts';
import type { ListNode, WebhookSource } from './webhook-source.ts';

export interface PickListsParts {
  readonly accounts: AccountStore;
  readonly source: WebhookSource;
  readonly signIn: () => Promise<Account | undefined>;
}

/** Each resolves to undefined if the user cancels. */
export interface ListPicker {
  signIn(): Promise<Account | undefined>;
  /** Asks for one or more lists of an account; starts the sandbox for its account. @param describe of a list */
  askLists(
    place: StepPlace,
    account: Account,
    picked: readonly ListNode[],
    describe: (list: ListNode) => string,
  ): Promise<Answer<readonly ListNode[]>>;
  /**
   * Asks for the IDs of lists; signs in if necessary.
   * @param selected IDs that are initially selected; those of other accounts are offered too
   * @param signal closes the picker
   */
  pickListIds(selected: readonly string[], signal: AbortSignal): Promise<readonly string[] | undefined>;
}

interface ListItem extends vscode.QuickPickItem {
  readonly listId?: string;
  readonly list?: ListNode;
}

/** The picker reads the lists again each time. */
export function createListPicker({ accounts, source, signIn }: PickListsParts): ListPicker {
  const itemsOf = async (
    account: Account,
    selected: readonly string[],
    describe: (list: ListNode) => string,
    signal: AbortSignal,
  ): Promise<readonly ListItem[]> =>
    (await source.lists(account, signal)).flatMap(({ client, lists }): ListItem[] => [
      { label: printable(client.name), kind: vscode.QuickPickItemKind.Separator },
      ...lists.map((list) => ({
        label: printable(list.name),
        description: [list.listId, describe(list)].filter((part) => part !== '').join(' · '),
        picked: selected.includes(list.listId),
        listId: list.listId,
        list,
      })),
    ]);
  return {
    signIn,
    async askLists(place, account, picked, describe) {
      const ids = picked.map(({ listId }) => listId);
      const chosen = await askChoices<ListItem>(place, {
        placeholder: say('Which lists?'),
        items: (signal) => itemsOf(account, ids, describe, signal),
        check: ({ length }) => (length === 0 ? say('Select at least one list') : undefined),
      });
      return ifAnswered(chosen, (all) => all.flatMap(({ list }) => (list === undefined ? [] : [list])));
    },
    async pickListIds(selected, signal) {
      const title = say('Campaign Monitor Lists');
      const account = accounts.all().length === 0 ? await signIn() : await pickAccount(accounts, title);
      if (account === undefined || signal.aborted) return undefined;
      const chosen = await askChoices<ListItem>(
        { title, step: 1, totalSteps: 1 },
        {
          placeholder: say('Which lists?'),
          signal,
          check: () => undefined,
          items: async (ended) => {
            const offered = await itemsOf(account, selected, () => '', ended);
            const others = selected.filter((id) => !offered.some(({ listId }) => listId === id));
            if (others.length === 0) return offered;
            return [
              ...offered,
              { label: say('Not in this account'), kind: vscode.QuickPickItemKind.Separator },
              ...others.map((listId) => ({ label: printable(listId), picked: true, listId })),
            ];
          },
        },
      );
      if (chosen === undefined || chosen === back) return undefined;
      return chosen.flatMap(({ listId }) => (listId === undefined ? [] : [listId]));
    },
  };
}
