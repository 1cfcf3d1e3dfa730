/** The texts of a page of ours. */
import * as vscode from 'vscode';
import type { Localiser } from './localiser.ts';

/**
 * Gives a page's texts, in the user's language, by name; the page itself puts in what stands in braces.
 * @param make has each of them translated
 */
export function pageTexts<Name extends string>(
  make: (l10n: Localiser) => Readonly<Record<Name, string>>,
): () => Readonly<Record<Name, string>> {
  return () => make(vscode.l10n);
}
