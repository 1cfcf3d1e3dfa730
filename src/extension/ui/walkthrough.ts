/**
 * VS Code completes a step when its key becomes true after the walkthrough was opened, but not if it was true before:
 * so set the key for a moment, when a step is done and whenever the walkthrough may have been opened.
 */
import * as vscode from 'vscode';
import { prefix } from '../prefix.ts';

export type WalkthroughStep = 'start' | 'sample' | 'look' | 'callback' | 'public';

const done = new Set<WalkthroughStep>();

export function walked(step: WalkthroughStep): void {
  if (done.has(step)) return;
  done.add(step);
  void tick([step]);
}

export function walkthroughOpened(): Promise<void> {
  return tick(done);
}

async function tick(steps: Iterable<WalkthroughStep>): Promise<void> {
  for (const step of [...steps, '']) await vscode.commands.executeCommand('setContext', `${prefix}.walked`, step);
}
