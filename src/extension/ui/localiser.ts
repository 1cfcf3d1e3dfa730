/** `vscode.l10n`, or in tests the English: what makes words takes it, so that it needs no VS Code. */
export interface Localiser {
  t(message: string, ...args: (string | number)[]): string;
}
