import * as vscode from 'vscode';
import type { Localiser } from './localiser.ts';

/** The page fills in the placeholders. */
export function pageTexts<Name extends string>(
  make: (l10n: Localiser) => Readonly<Record<Name, string>>,
): () => Readonly<Record<Name, string>> {
  return () => make(vscode.l10n);
}
