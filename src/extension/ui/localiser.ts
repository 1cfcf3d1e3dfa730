import type { Say } from '../../common/words.ts';

/** `vscode.l10n`, or in tests the English: what makes words takes it, so that it needs no VS Code. */
export interface Localiser {
  t(message: string, ...args: (string | number)[]): string;
}

/** Says what rooms that know no VS Code have in English: scripts/check-manifest.ts gathers their texts. */
export function sayIn(l10n: Localiser): Say {
  return (english, ...values) => l10n.t.call(l10n, english, ...values);
}
