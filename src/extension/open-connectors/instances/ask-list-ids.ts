/** Asks for the lists that an instance watches: typed, pasted, or picked. */
import * as vscode from 'vscode';
import type { HubList } from '../../../open-connectors/answers.ts';
import { printable } from '../../ui/printable.ts';
import type { PlacedInstance } from './placed-instance.ts';
import { working } from '../../ui/progress.ts';

/**
 * @param lists reads the lists of the account behind the instance
 * @returns undefined where the user does not want to change them
 */
export async function askListIds(
  facts: PlacedInstance,
  lists: (signal: AbortSignal) => Promise<readonly HubList[]>,
): Promise<readonly string[] | undefined> {
  const title = vscode.l10n.t('Lists of {0}', printable(facts.name));
  const way = await vscode.window.showQuickPick(
    [
      { label: `$(list-selection) ${vscode.l10n.t('Pick from the Account’s Lists')}`, picked: true },
      { label: `$(edit) ${vscode.l10n.t('Type or Paste IDs')}`, picked: false },
    ],
    {
      title,
      placeHolder: vscode.l10n.t('{0} now', facts.listIds.length),
    },
  );
  if (way === undefined) return undefined;
  return way.picked ? pick(title, facts, lists) : type(title, facts);
}

async function type(title: string, facts: PlacedInstance): Promise<readonly string[] | undefined> {
  const { checkInstanceInput, emptyInstanceInput, parseListIds } = await import('../../deferred.ts');
  const text = await vscode.window.showInputBox({
    title,
    value: facts.listIds.join(', '),
    prompt: vscode.l10n.t('API Subscriber List IDs, 32 hex digits each, separated by commas'),
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const problem = checkInstanceInput({
        ...emptyInstanceInput,
        eventsEnabled: facts.eventsEnabled,
        listIds: parseListIds(typed),
      }).find(({ field }) => field === 'listIds');
      if (problem === undefined) return undefined;
      if (problem.code === 'missing') return vscode.l10n.t('Name at least one list while events are on');
      return problem.code === 'duplicate-list-id'
        ? vscode.l10n.t('{0} stands there twice', printable(problem.value ?? ''))
        : vscode.l10n.t('{0} is not a list ID: it has 32 hex digits', printable(problem.value ?? ''));
    },
  });
  return text === undefined ? undefined : parseListIds(text);
}

async function pick(
  title: string,
  facts: PlacedInstance,
  lists: (signal: AbortSignal) => Promise<readonly HubList[]>,
): Promise<readonly string[] | undefined> {
  const found = await working(vscode.l10n.t('Reading the lists'), lists);
  const known = new Set(found.map(({ id }) => id));
  const items = [
    ...found.map(({ id, name, clientName }) => ({
      label: printable(name === '' ? id : name),
      description: id,
      detail: printable(clientName),
      picked: facts.listIds.includes(id),
      id,
    })),
    // What is watched now and the account does not show stays unless it is unticked.
    ...facts.listIds
      .filter((id) => !known.has(id))
      .map((id) => ({
        label: id,
        description: vscode.l10n.t('not among the account’s lists'),
        detail: '',
        picked: true,
        id,
      })),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
    placeHolder: items.length === 0 ? vscode.l10n.t('The account has no lists') : vscode.l10n.t('Which lists?'),
  });
  if (chosen === undefined) return undefined;
  if (chosen.length === 0 && facts.eventsEnabled) {
    void vscode.window.showWarningMessage(vscode.l10n.t('Name at least one list while events are on'));
    return undefined;
  }
  return chosen.map(({ id }) => id);
}
