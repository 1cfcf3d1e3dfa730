import * as vscode from 'vscode';
import { setLanguage } from '../common/say.ts';
import { compose } from './composition.ts';

export function activate(context: vscode.ExtensionContext): void {
  setLanguage((english, ...values) => vscode.l10n.t(english, ...values));
  compose(context);
}

/** The context's subscriptions end everything else; the relay continues, so that a reloaded window finds it. */
export function deactivate(): void {
  return;
}
