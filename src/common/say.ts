/** VS Code's language in the extension, English elsewhere. */

export type Say = (english: string, ...values: (string | number)[]) => string;

export const inEnglish: Say = (english, ...values) =>
  english.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));

let inLanguage = inEnglish;

export function setLanguage(say: Say): void {
  inLanguage = say;
}

/** The English text is a literal: scripts/check-manifest.ts collects it. */
export const say: Say = (english, ...values) => inLanguage(english, ...values);

/** For texts of a table, all of which scripts/check-manifest.ts collects. */
export const translate = say;
