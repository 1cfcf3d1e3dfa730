/**
 * Ticks the steps of the walkthrough. VS Code takes a step for done when a key of its becomes true after the walkthrough was
 * first opened in a window, and never where the key was true already: so it is said for a moment alone, when a step is
 * done and again whenever the walkthrough may have been opened.
 */
import * as vscode from 'vscode';
import { prefix } from '../prefix.ts';

export type WalkthroughStep = 'start' | 'sample' | 'look' | 'callback' | 'public';

const done = new Set<WalkthroughStep>();

/** A step is done, by whatever way. */
export function walked(step: WalkthroughStep): void {
  if (done.has(step)) return;
  done.add(step);
  void tick([step]);
}

/** The walkthrough may have been opened: what this window has seen done is ticked there. */
export function walkthroughOpened(): Promise<void> {
  return tick(done);
}

async function tick(steps: Iterable<WalkthroughStep>): Promise<void> {
  for (const step of [...steps, '']) await vscode.commands.executeCommand('setContext', `${prefix}.walked`, step);
}
