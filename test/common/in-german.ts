import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inEnglish, setLanguage } from '../../src/common/say.ts';

const bundle = new URL('../../l10n/bundle.l10n.de.json', import.meta.url);
export const germanTexts = JSON.parse(readFileSync(bundle, 'utf8')) as Readonly<Record<string, string>>;

/** @param untranslated what is said of a text that has no translation; by default, that fails */
export function inGerman<T>(work: () => T, untranslated = failFor): T {
  setLanguage((english, ...values) => {
    const text = germanTexts[english] ?? untranslated(english);
    // As VS Code does.
    return values.length === 0 ? text : inEnglish(text, ...values);
  });
  const inEnglishAgain = (): void => setLanguage(inEnglish);
  let result: T | undefined;
  try {
    return (result = work());
  } finally {
    if (result instanceof Promise) void result.finally(inEnglishAgain).catch(() => undefined);
    else inEnglishAgain();
  }
}

function failFor(english: string): string {
  return assert.fail(`in English alone: ${english}`);
}
