/** VS Code reports the selected rows, not the focused one: a key must not act on an earlier click. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { CommandError } from './command-error.ts';
import type { Redraws } from './redraws.ts';

const toggle = 'list.toggleSelection';

/** The argument of keybindings instead of a row; from the palette, the user is asked for one. */
export const byKey = 'focused';

/** Milliseconds to wait for a tree's rows, and between checks. */
const timeoutMs = 3000;
const lookMs = 20;

export type FocusedRows<Node> = (named?: number) => Promise<readonly Node[]>;

export interface KeyedTree<Node> {
  readonly view: Pick<vscode.TreeView<Node>, 'selection' | 'visible'>;
  readonly redraws: Redraws<Node>;
  readonly itemOf: (node: Node) => vscode.TreeItem;
}

/**
 * The focused row, or the whole selection if it is selected. Restores the selection.
 * @param named number of selected rows passed as `undefined`: a tree has no rows while it is redrawn, so wait for them
 * @throws CommandError if the tree keeps changing
 */
export async function focusedRows<Node>(
  { view, redraws, itemOf }: KeyedTree<Node>,
  named = 0,
): Promise<readonly Node[]> {
  if (named > 0) {
    for (const end = Date.now() + timeoutMs; Date.now() < end;) {
      if (view.selection.length === named) return view.selection;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    throw rowsChanged();
  }
  if (!view.visible) return view.selection;
  const keyOf = (node: Node): string => {
    const { id, label } = itemOf(node);
    return id ?? (typeof label === 'string' ? label : (label?.label ?? ''));
  };
  const { probeFocus } = await import('./focus-probe.ts');
  const rows = await probeFocus({ view, redraws, keyOf }, () => vscode.commands.executeCommand(toggle));
  if (rows === undefined) throw rowsChanged();
  return rows;
}

export function rowsChanged(): CommandError {
  return new CommandError(say('The rows just changed'), say('Check which row has the focus, and then try again.'));
}

/** VS Code passes no row for a key. */
export function byKeyToo<Node, Result>(
  focused: FocusedRows<Node>,
  run: (node?: Node, nodes?: readonly Node[]) => Promise<Result>,
): (node?: Node, nodes?: readonly Node[]) => Promise<Result> {
  return async (node, nodes) => {
    const isThere = nodes?.every((each: Node | undefined) => each !== undefined) ?? true;
    if (node !== undefined && isThere) return run(node, nodes);
    const rows = await focused(isThere ? 0 : nodes?.length);
    return run(rows[0], rows);
  };
}
