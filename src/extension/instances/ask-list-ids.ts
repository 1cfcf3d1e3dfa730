import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { HubList } from '../../open-connectors/answers.ts';
import { printable } from '../ui/printable.ts';
import { askChoice, askChoices, askText } from '../ui/questions.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import type { PlacedInstance } from './instance-node.ts';

interface ListItem extends vscode.QuickPickItem {
  readonly id: string;
}

interface Asked {
  readonly way: 'pick' | 'type' | undefined;
  readonly ids: readonly string[];
}

export async function askListIds(
  facts: PlacedInstance,
  lists: (signal: AbortSignal) => Promise<readonly HubList[]>,
): Promise<readonly string[] | undefined> {
  const title = say('Lists of {0}', printable(facts.name));
  const begin: Asked = { way: undefined, ids: facts.listIds };
  const asked = await inSteps(title, begin, ({ way }) => [
    askWay(facts),
    way === 'type' ? typeIds(facts) : pickIds(facts, lists),
  ]);
  return asked?.ids;
}

function askWay(facts: PlacedInstance): Step<Asked> {
  return async ({ way }, place) => {
    const items = [
      { label: `$(list-selection) ${say('Choose from Account Lists')}`, way: 'pick' },
      { label: `$(edit) ${say('Enter or Paste IDs')}`, way: 'type' },
    ] as const;
    const answer = await askChoice<(typeof items)[number]>(place, {
      placeholder: say('Current number of lists: {0}', facts.listIds.length),
      items,
      active: items.find((item) => item.way === way),
    });
    return ifAnswered(answer, (item) => ({ way: item.way }));
  };
}

function typeIds(facts: PlacedInstance): Step<Asked> {
  return async ({ ids }, place) => {
    const { checkInstanceInput, emptyInstanceInput, parseListIds } = await import('../deferred.ts');
    const problemOf = (typed: string): string | undefined => {
      const problem = checkInstanceInput({
        ...emptyInstanceInput,
        eventsEnabled: facts.eventsEnabled,
        listIds: parseListIds(typed),
      }).find(({ field }) => field === 'listIds');
      if (problem === undefined) return undefined;
      if (problem.code === 'missing') return nameOne();
      return problem.code === 'duplicate-list-id'
        ? say('{0} appears twice', printable(problem.value ?? ''))
        : say('{0} isn’t a list ID: enter 32 hex digits', printable(problem.value ?? ''));
    };
    const answer = await askText(place, {
      value: ids.join(', '),
      prompt: say('API subscriber list IDs with 32 hex digits each, separated by commas'),
      check: problemOf,
    });
    return ifAnswered(answer, (text) => ({ ids: parseListIds(text) }));
  };
}

function nameOne(): string {
  return say('Choose at least one list, or turn events off');
}

function pickIds(facts: PlacedInstance, lists: (signal: AbortSignal) => Promise<readonly HubList[]>): Step<Asked> {
  return async ({ ids }, place) => {
    const answer = await askChoices<ListItem>(place, {
      placeholder: say('Which lists?'),
      none: say('The account has no lists'),
      check: ({ length }) => (length === 0 && facts.eventsEnabled ? nameOne() : undefined),
      items: async (signal) => {
        const found = await lists(signal);
        const known = new Set(found.map(({ id }) => id));
        return [
          ...found.map(({ id, name, clientName }) => ({
            label: printable(name === '' ? id : name),
            description: id,
            detail: printable(clientName),
            picked: ids.includes(id),
            id,
          })),
          // Keep a current ID that the account doesn't list, until the user clears it.
          ...ids
            .filter((id) => !known.has(id))
            .map((id) => ({
              label: id,
              description: say('not in this account'),
              detail: '',
              picked: true,
              id,
            })),
        ];
      },
    });
    return ifAnswered(answer, (chosen) => ({ ids: chosen.map(({ id }) => id) }));
  };
}
