/** Texts that are said later, in the language of whoever reads them. */
import { translate } from './say.ts';

/** A text in English, with `{0}` for the first value. */
export interface Words {
  readonly text: string;
  readonly values: readonly Said[];
}

/** A text that is the same in every language, such as a name from outside; or words. */
export type Said = string | Words;

/** The text is a literal, because scripts/check-manifest.ts collects it for the translations. */
export function words(text: string, ...values: readonly Said[]): Words {
  return { text, values };
}

/** In the user's language. */
export function spoken({ text, values }: Words): string {
  return translate(text, ...values.map((value) => (typeof value === 'string' ? value : spoken(value))));
}

/** Sentences as one text, in the user's language. @param said without full stops */
export function sentences(said: readonly Words[]): string {
  return said.map((each) => `${spoken(each)}.`).join(' ');
}

/** Changes every string among the values, such as by a mask. */
export function withTexts({ text, values }: Words, change: (value: string) => string): Words {
  return {
    text,
    values: values.map((value) => (typeof value === 'string' ? change(value) : withTexts(value, change))),
  };
}
