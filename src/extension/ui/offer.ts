import * as vscode from 'vscode';
import { commandId } from '../commands.ts';
import type { CommandName } from '../commands.ts';
import type { ViewName } from '../describing.ts';
import { prefix } from '../prefix.ts';
import { unlinked } from './printable.ts';

/** By the label of the button. */
export type MessageActions = Readonly<Record<string, () => unknown>>;

/**
 * Shows a message, and does what the user chooses.
 * @returns when that is done, or the message was dismissed
 * @throws what the action throws
 */
export async function offer(
  kind: 'Information' | 'Warning' | 'Error',
  text: string,
  actions: MessageActions,
): Promise<void> {
  const choice = await vscode.window[`show${kind}Message`](unlinked(text), ...Object.keys(actions));
  if (choice !== undefined) await actions[choice]?.();
}

export function byCommand(name: CommandName, ...args: readonly unknown[]): () => Thenable<unknown> {
  return () => vscode.commands.executeCommand(commandId(name), ...args);
}

export function focusView(view: ViewName): Thenable<unknown> {
  return vscode.commands.executeCommand(`${prefix}.${view}.focus`);
}
