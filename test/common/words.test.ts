import assert from 'node:assert/strict';
import { sentences, spoken, withTexts, words } from '../../src/common/words.ts';
import { inGerman } from '../common/in-german.ts';

const refused = words('{0} isn’t answering ({1})', 'https://a.example', words('connection refused'));

describe('Words', () => {
  it('are put together of pieces, each in the language', () => {
    const said = [words('{0}; trying again in {1}', refused, '2 s'), words('See the log')];
    assert.equal(
      sentences(said),
      'https://a.example isn’t answering (connection refused); trying again in 2 s. See the log.',
    );
    assert.equal(
      inGerman(() => sentences(said)),
      'https://a.example antwortet nicht (Verbindung abgelehnt); neuer Versuch in 2 s. Siehe Protokoll.',
    );
  });

  it('take no value for a place of another', () => {
    assert.equal(
      spoken(words('{0} isn’t answering ({1})', 'https://a.example/{1}', '{0}')),
      'https://a.example/{1} isn’t answering ({0})',
    );
  });

  it('have their values changed, wherever they stand, and nothing else', () => {
    const said = words('{0}; trying again in {1}', refused, '2 s');
    const masked = withTexts(said, (value) => value.replace('a.example', '…'));
    assert.equal(spoken(masked), 'https://… isn’t answering (connection refused); trying again in 2 s');
  });
});
