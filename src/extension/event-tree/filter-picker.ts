import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { printable } from '../ui/printable.ts';
import { suggest, type FilterSuggestion, type KnownList } from './filter-suggestions.ts';

export interface FilterItem extends vscode.QuickPickItem {
  readonly filter: string;
  /** Accepting the item puts this text into the input, to continue typing. */
  readonly typeOn?: string;
  readonly suggested?: true;
}

const checkAfterMs = 200;

export interface FilterQuestion {
  readonly current: string;
  readonly recent: readonly string[];
  readonly lists: readonly KnownList[];
  readonly check: (filter: string) => Promise<string | null>;
}

/** @returns an empty filter for everything; undefined if the user canceled */
export function pickFilter({ current, recent, lists, check }: FilterQuestion): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<FilterItem>();
  picker.title = say('Filter Events');
  picker.placeholder = say('Enter a filter, such as type:subscribe state:failed since:2h ann@example.com');
  picker.value = current;
  // A document that a click on a row has just opened must not close the picker.
  picker.ignoreFocusOut = true;
  const others = [...recentItems(recent), ...exampleItems()];
  let problem: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  // VS Code reports the chosen item by its index: until it has drawn the last items, that is an index of earlier ones.
  let [made, drawn] = [0, 0];
  const show = (): void => {
    const asked = ++made;
    void whenDrawn().then(() => (drawn = asked));
    const typed = picker.value.trim();
    const { suggestions, needed } = suggest(typed, lists);
    const ways = suggestions.map(suggestionItem);
    const own = typedItems(typed, current, problem);
    // An incomplete input is neither a filter nor an error.
    if (needed && problem === null) own.length = 0;
    picker.items = needed || problem !== null ? [...ways, ...own, ...others] : [...own, ...ways, ...others];
    const [first] = picker.items;
    if (typed !== '' && first !== undefined) picker.activeItems = [first];
  };
  const recheck = async (): Promise<boolean> => {
    const typed = picker.value.trim();
    const found = typed === '' ? null : await check(typed);
    if (picker.value.trim() !== typed) return false;
    if (found !== problem) {
      problem = found;
      show();
    }
    return found === null;
  };
  const typeOn = (text: string): void => {
    picker.value = text;
    problem = null;
    show();
  };
  show();
  return new Promise((resolve) => {
    const accept = async (): Promise<void> => {
      const [chosen] = drawn === made ? picker.selectedItems : [];
      if (chosen?.typeOn !== undefined) {
        typeOn(chosen.typeOn);
        return;
      }
      const filter = chosen?.filter ?? picker.value.trim();
      // The words before a completion may be invalid, too.
      if (chosen?.suggested === true && (await check(filter)) !== null) {
        typeOn(filter);
        await recheck();
        return;
      }
      if (filter === picker.value.trim() && !(await recheck())) return;
      resolve(filter);
      picker.hide();
    };
    picker.onDidChangeValue(() => {
      problem = null;
      show();
      clearTimeout(timer);
      timer = setTimeout(() => void recheck(), checkAfterMs);
    });
    picker.onDidAccept(() => void accept());
    picker.onDidHide(() => {
      clearTimeout(timer);
      picker.dispose();
      resolve(undefined);
    });
    picker.show();
  });
}

/** Resolves when the window has drawn all changes until now: VS Code sends them in order, in a separate turn. */
async function whenDrawn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  await vscode.commands.executeCommand('noop');
}

function suggestionItem({ word, filter, name, open }: FilterSuggestion): FilterItem {
  return {
    label: word,
    ...(name !== undefined && { description: printable(name) }),
    // VS Code filters items by the whole input; this one completes its last word.
    alwaysShow: true,
    iconPath: new vscode.ThemeIcon('lightbulb'),
    filter,
    ...(open ? { typeOn: filter } : { suggested: true }),
  };
}

function typedItems(typed: string, current: string, problem: string | null): FilterItem[] {
  if (typed === '') {
    if (current === '') return [];
    return [{ label: say('Show All Events'), iconPath: new vscode.ThemeIcon('clear-all'), filter: '' }];
  }
  if (problem !== null) {
    return [
      {
        label: say('Not a valid filter'),
        detail: problem,
        filter: typed,
        alwaysShow: true,
        iconPath: new vscode.ThemeIcon('error'),
      },
    ];
  }
  return [
    {
      label: typed,
      filter: typed,
      alwaysShow: true,
      iconPath: new vscode.ThemeIcon('filter'),
      description: say('Apply this filter'),
    },
  ];
}

function separator(label: string): FilterItem {
  return { label, kind: vscode.QuickPickItemKind.Separator, filter: '' };
}

function recentItems(recent: readonly string[]): FilterItem[] {
  if (recent.length === 0) return [];
  return [
    separator(say('recently used')),
    ...recent.map((filter) => ({ label: filter, filter, iconPath: new vscode.ThemeIcon('history') })),
  ];
}

export function exampleItems(): FilterItem[] {
  const whole = (filter: string, description: string): FilterItem => ({ label: filter, description, filter });
  const begin = (label: string, description: string): FilterItem => ({
    label,
    description,
    filter: label,
    typeOn: label,
  });
  return [
    separator(say('examples')),
    whole('state:failed', say('Failed: not accepted by a destination')),
    whole('state:waiting,held', say('Not sent yet')),
    whole('type:Subscribe since:1h', say('Subscriptions in the last hour')),
    whole('kind:rejected', say('Rejected deliveries')),
    whole('duplicate:yes', say('Possible duplicates')),
    separator(say('start a filter')),
    begin('address:', say('Email address, or the start of one')),
    begin('list:', say('List ID')),
    begin('until:', say('Before a time, such as 2026-03-01 or 7d (7 days ago)')),
  ];
}
