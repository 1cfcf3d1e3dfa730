import type { Say } from '../../common/words.ts';

/** `vscode.l10n`, or English in tests, so that what uses it needs no VS Code. */
export interface Localiser {
  t(message: string, ...args: (string | number)[]): string;
}

/** Translates the English texts of modules that don't know VS Code, which scripts/check-manifest.ts collects. */
export function sayIn(l10n: Localiser): Say {
  return (english, ...values) => l10n.t.call(l10n, english, ...values);
}
