import * as vscode from 'vscode';
import { commandId, type CommandName } from '../commands.ts';
import type { ViewName } from '../describing.ts';
import { prefix } from '../prefix.ts';
import { unlinked } from './printable.ts';

export type MessageActions = Readonly<Record<string, () => unknown>>;

/** Resolves after the chosen action, or when the message is dismissed. Rethrows the action's errors. */
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
