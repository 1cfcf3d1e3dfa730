import * as vscode from 'vscode';
import type { Localiser } from './localiser.ts';

/**
 * A page's texts in the user's language, by name; the page fills in the placeholders.
 * @param make translates all of them
 */
export function pageTexts<Name extends string>(
  make: (l10n: Localiser) => Readonly<Record<Name, string>>,
): () => Readonly<Record<Name, string>> {
  return () => make(vscode.l10n);
}
