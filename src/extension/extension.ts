import * as vscode from 'vscode';
import { setLanguage } from '../common/say.ts';
import { compose } from './composition.ts';
import { withStoredStates } from './stored-state.ts';

export function activate(context: vscode.ExtensionContext): void {
  setLanguage((english, ...values) => vscode.l10n.t(english, ...values));
  compose(withStoredStates(context));
}

/** The relay keeps running, so that a reloaded window finds it; the context's subscriptions end the rest. */
export function deactivate(): void {
  return;
}
