import assert from 'node:assert/strict';
import { inEnglish, setLanguage } from '../../src/common/say.ts';
import { spokenWords, withTexts } from '../../src/common/words.ts';
import type { Words } from '../../src/common/words.ts';

const texts: Readonly<Record<string, string>> = { away: '{0} is away', until: '{0} until {1}', soon: 'soon' };
const textOf = (code: string): string | undefined => texts[code];
const words: Words = {
  code: 'until',
  values: [
    { code: 'away', values: ['Ada'] },
    { code: 'soon', values: [] },
  ],
};

describe('Words', () => {
  it('are put together of pieces, each in the language', () => {
    assert.equal(spokenWords(words, textOf), 'Ada is away until soon');
    setLanguage((english, ...values) => inEnglish(english.toUpperCase(), ...values));
    try {
      assert.equal(spokenWords(words, textOf), 'Ada IS AWAY UNTIL SOON');
    } finally {
      setLanguage(inEnglish);
    }
  });

  it('are not said where a code within them is not known', () => {
    assert.equal(spokenWords({ ...words, values: [{ code: 'later', values: [] }, 1] }, textOf), undefined);
  });

  it('take no value for a place of another, and say numbers', () => {
    const odd: Words = { code: 'until', values: ['{1}', 7] };
    assert.equal(spokenWords(odd, textOf), '{1} until 7');
  });

  it('have their texts changed, wherever they stand, and nothing else', () => {
    assert.deepEqual(
      withTexts({ code: 'until', values: [...words.values.slice(0, 1), 7] }, (text) => text.toUpperCase()),
      { code: 'until', values: [{ code: 'away', values: ['ADA'] }, 7] },
    );
  });
});
