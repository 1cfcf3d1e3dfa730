import type { ExtensionContext } from 'vscode';
import { compose } from './composition.ts';

export function activate(context: ExtensionContext): void {
  compose(context);
}

/** The context's subscriptions end everything else; the relay continues, so that a reloaded window finds it. */
export function deactivate(): void {
  return;
}
