/**
 * Texts by code and values, for code that doesn't know the user's language. Each module has one table of English texts
 * by code; the extension finds the translation by the English.
 */
import { translate } from './say.ts';

/** String values are from outside, or the same in every language. */
export interface Words {
  readonly code: string;
  readonly values: readonly (string | number | Words)[];
}

/** A text that is the same in every language, such as a name from outside; or words. */
export type Said = string | Words;

/** @returns undefined if a code of the words, or of their values, is not known */
export function spokenWords({ code, values }: Words, textOf: (code: string) => string | undefined): string | undefined {
  const english = textOf(code);
  if (english === undefined) return undefined;
  const spoken: (string | number)[] = [];
  for (const value of values) {
    const text = typeof value === 'object' ? spokenWords(value, textOf) : value;
    if (text === undefined) return undefined;
    spoken.push(text);
  }
  return translate(english, ...spoken);
}

/** Changes every string among the values, such as by a mask. */
export function withTexts({ code, values }: Words, change: (text: string) => string): Words {
  return {
    code,
    values: values.map((value) =>
      typeof value === 'string' ? change(value) : typeof value === 'number' ? value : withTexts(value, change),
    ),
  };
}
