/**
 * The rows that a key acts on. VS Code tells an extension which rows of a tree are selected, not which one has the
 * focus, and the arrow keys move the focus alone: a key must not act on what was clicked before.
 */
import * as vscode from 'vscode';
import { CommandError } from './command-error.ts';
import type { Redraws } from './redraws.ts';

/** Adds the focused row of the list that has the focus to its selection, or takes it away. Nothing is opened by it. */
const toggle = 'list.toggleSelection';

/** What a keybinding gives in place of a row, for commands that the palette offers, too: there the user is asked for one. */
export const byKey = 'focused';

/** How long a tree may take until its rows are there again, in milliseconds, and how often that is looked at. */
const timeoutMs = 3000;
const lookMs = 20;

/** The rows of a tree that something is done to. */
export type FocusedRows<Node> = (named?: number) => Promise<readonly Node[]>;

/** A tree whose rows keys act on. */
export interface KeyedTree<Node> {
  readonly view: Pick<vscode.TreeView<Node>, 'selection' | 'visible'>;
  readonly redraws: Redraws<Node>;
  /** Its `getTreeItem`. */
  readonly itemOf: (node: Node) => vscode.TreeItem;
}

/**
 * The focused row of a tree that has the focus; where that is one of the selected ones, all of these. The selection is
 * afterwards as it was.
 * @param named how many selected rows VS Code named that were not there at that moment: then it is these, once they are
 *   there again. A tree that is drawn anew has none in between, and a command from a menu gets `undefined` for them.
 * @throws CommandError where the tree changes all the time, so that it is not certain
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

/** It is not certain which rows are meant. */
export function rowsChanged(): CommandError {
  return new CommandError(
    vscode.l10n.t('The rows just changed'),
    vscode.l10n.t('Check which row has the focus, and then try again.'),
  );
}

/**
 * A command of a tree's rows that a key runs, too: VS Code names no row then.
 * @param focused the rows that a key acts on
 * @param run acts on the clicked node with the selection it belongs to
 */
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
