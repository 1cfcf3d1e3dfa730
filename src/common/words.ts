/**
 * What is said where no language is known yet: by a code, with the values that stand in its text. A room has the English
 * of its codes in one table; the extension finds the user's language by that English.
 */

/** What a code says of its values. A text among them came from outside, or is the same in every language. */
export interface Words {
  readonly code: string;
  readonly values: readonly (string | number | Words)[];
}

/** A text that is the same in every language, such as a name from outside; or words. */
export type Said = string | Words;

/** Says an English text with values in the places of `{0}`, `{1}` and so on: as it is, or in another language. */
export type Say = (english: string, ...values: (string | number)[]) => string;

/** Says it as it is. */
export const inEnglish: Say = (english, ...values) =>
  english.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));

/**
 * Words as a text.
 * @param textOf the English of a code; undefined where it is not known
 * @returns undefined where a code, of the words or of what stands in them, is not known
 */
export function spokenWords(
  { code, values }: Words,
  textOf: (code: string) => string | undefined,
  say: Say,
): string | undefined {
  const english = textOf(code);
  if (english === undefined) return undefined;
  const spoken: (string | number)[] = [];
  for (const value of values) {
    const text = typeof value === 'object' ? spokenWords(value, textOf, say) : value;
    if (text === undefined) return undefined;
    spoken.push(text);
  }
  return say(english, ...spoken);
}

/** The same words with every text among their values changed, such as by a mask. */
export function withTexts({ code, values }: Words, change: (text: string) => string): Words {
  return {
    code,
    values: values.map((value) =>
      typeof value === 'string' ? change(value) : typeof value === 'number' ? value : withTexts(value, change),
    ),
  };
}
