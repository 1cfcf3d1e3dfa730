/** Activation: what VS Code calls, and nothing else. */
import type { ExtensionContext } from 'vscode';
import { compose } from './composition.ts';

/** Called by VS Code when the extension is first needed. */
export function activate(context: ExtensionContext): void {
  compose(context);
}

/** What must end is in the context's subscriptions; the relay goes on, so that a window that comes back finds it. */
export function deactivate(): void {
  return;
}
