/**
 * The rows for a key. VS Code tells an extension which rows are selected, not which one has the focus, and arrow keys
 * move only the focus: a key must not act on what was clicked before.
 */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { CommandError } from './command-error.ts';
import type { Redraws } from './redraws.ts';

/** Adds the focused row of the focused list to its selection, or removes it. Opens nothing. */
const toggle = 'list.toggleSelection';

/**
 * The argument of keybindings in place of a row, for commands that are also in the palette, where the user is asked for
 * one.
 */
export const byKey = 'focused';

/** How long to wait for a tree's rows, and how often to check, in milliseconds. */
const timeoutMs = 3000;
const lookMs = 20;

export type FocusedRows<Node> = (named?: number) => Promise<readonly Node[]>;

export interface KeyedTree<Node> {
  readonly view: Pick<vscode.TreeView<Node>, 'selection' | 'visible'>;
  readonly redraws: Redraws<Node>;
  /** Its `getTreeItem`. */
  readonly itemOf: (node: Node) => vscode.TreeItem;
}

/**
 * The focused row of the focused tree; if it is selected, the whole selection. Leaves the selection as it was.
 * @param named number of selected rows that VS Code passed as `undefined`: a tree that is being redrawn has no rows, so
 * wait for them
 * @throws CommandError if the tree keeps changing, so that it isn't certain
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

/**
 * A row command that also has a key: VS Code passes no row then.
 * @param focused the rows for a key
 * @param run acts on the clicked node with its selection
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
