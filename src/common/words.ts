import { translate } from './say.ts';

/** A text in English, with `{0}` for the first value. */
export interface Words {
  readonly text: string;
  readonly values: readonly Said[];
}

export type Said = string | Words;

/** A literal: scripts/check-manifest.ts collects it. */
export function words(text: string, ...values: readonly Said[]): Words {
  return { text, values };
}

export function spoken({ text, values }: Words): string {
  return translate(text, ...values.map((value) => (typeof value === 'string' ? value : spoken(value))));
}

/** @param said without full stops */
export function sentences(said: readonly Words[]): string {
  return said.map((each) => `${spoken(each)}.`).join(' ');
}

export function withTexts({ text, values }: Words, change: (value: string) => string): Words {
  return {
    text,
    values: values.map((value) => (typeof value === 'string' ? change(value) : withTexts(value, change))),
  };
}
