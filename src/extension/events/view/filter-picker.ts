/** Asks for a filter: typed, one of the last ones, or one of the examples. */
import * as vscode from 'vscode';

interface FilterItem extends vscode.QuickPickItem {
  /** What it filters by; null where it begins a filter that is to be typed on. */
  readonly filter: string | null;
}

/** A typed filter is checked when so long nothing was typed, in milliseconds. */
const checkAfterMs = 200;

/**
 * Asks for a filter until it is one that can be read.
 * @param current the filter in force
 * @param recent the last ones, the latest first
 * @param check resolves to what is wrong with a filter; null where nothing is
 * @returns the filter, empty for everything; undefined where the user changed their mind
 */
export function pickFilter(
  current: string,
  recent: readonly string[],
  check: (filter: string) => Promise<string | null>,
): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<FilterItem>();
  picker.title = vscode.l10n.t('Filter Events');
  picker.placeholder = vscode.l10n.t('Type a filter, such as type:subscribe state:failed since:2h ann@example.com');
  picker.value = current;
  const others = [...recentItems(recent), ...exampleItems()];
  let problem: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    picker.items = [...typedItems(picker.value.trim(), current, problem), ...others];
    // What was typed is what Enter takes.
    const [first] = picker.items;
    if (picker.value.trim() !== '' && first !== undefined) picker.activeItems = [first];
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
  show();
  return new Promise((resolve) => {
    const accept = async (): Promise<void> => {
      const [chosen] = picker.selectedItems;
      if (chosen !== undefined && chosen.filter === null) {
        picker.value = chosen.label;
        problem = null;
        show();
        return;
      }
      const filter = chosen?.filter ?? picker.value.trim();
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

function typedItems(typed: string, current: string, problem: string | null): FilterItem[] {
  if (typed === '') {
    if (current === '') return [];
    return [{ label: vscode.l10n.t('Show All Events'), iconPath: new vscode.ThemeIcon('clear-all'), filter: '' }];
  }
  return [
    {
      label: typed,
      filter: typed,
      alwaysShow: true,
      iconPath: new vscode.ThemeIcon(problem === null ? 'filter' : 'error'),
      ...(problem === null ? { description: vscode.l10n.t('Filter by this') } : { detail: problem }),
    },
  ];
}

function separator(label: string): FilterItem {
  return { label, kind: vscode.QuickPickItemKind.Separator, filter: null };
}

function recentItems(recent: readonly string[]): FilterItem[] {
  if (recent.length === 0) return [];
  return [
    separator(vscode.l10n.t('last used')),
    ...recent.map((filter) => ({ label: filter, filter, iconPath: new vscode.ThemeIcon('history') })),
  ];
}

function exampleItems(): FilterItem[] {
  const { l10n } = vscode;
  const whole = (filter: string, description: string): FilterItem => ({ label: filter, description, filter });
  const begin = (label: string, description: string): FilterItem => ({ label, description, filter: null });
  return [
    separator(l10n.t('examples')),
    whole('state:failed', l10n.t('Given up: the destination did not take it')),
    whole('state:waiting,held', l10n.t('Not sent yet')),
    whole('type:Subscribe since:1h', l10n.t('Subscriptions of the last hour')),
    whole('kind:rejected', l10n.t('Deliveries that could not be read')),
    whole('duplicate:yes', l10n.t('Possibly delivered twice')),
    separator(l10n.t('begin with')),
    begin('address:', l10n.t('An e-mail address, or its beginning')),
    begin('list:', l10n.t('A list’s ID')),
    begin('until:', l10n.t('Before a time, such as 2026-03-01 or 7d')),
  ];
}
