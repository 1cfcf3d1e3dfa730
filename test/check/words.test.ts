import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { joined, ownText, SaidError, saidOf, textOf, words } from '../../src/check/words.ts';

const german = JSON.parse(readFileSync(new URL('../../l10n/bundle.l10n.de.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;
const inGerman = (english: string, ...values: (string | number)[]): string =>
  (german[english] ?? english).replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));

describe('What checks say', () => {
  it('is put together of codes and values, in English where nothing else is asked for', () => {
    const said = words('from-to', words('more', 2), 2, 4);
    assert.equal(textOf(said), '+2 (from 2 to 4)');
    assert.equal(textOf(said, inGerman), '+2 (von 2 auf 4)');
    assert.equal(textOf('of the user’s own', inGerman), 'of the user’s own');
  });

  it('may hold a text that is written elsewhere in the code', () => {
    const said = words('nothing-answers', ownText('The same eventId twice'));
    assert.equal(textOf(said), 'the destination hasn’t answered since the check "The same eventId twice"');
    assert.match(textOf(said, inGerman), /^das Ziel antwortet seit der Prüfung „Dieselbe eventId zweimal“ nicht mehr/);
  });

  it('joins several as one, and none as nothing', () => {
    assert.equal(textOf(joined('or', ['200', '2xx', '409'])), '200 or 2xx or 409');
    assert.equal(textOf(joined('list', [])), '');
  });

  it('is what an error says, by codes where it has them', () => {
    const error = new SaidError(words('must-be', words('a-list')), words('try-again'));
    assert.deepEqual([error.message, error.next], ['must be a list', 'Try again.']);
    assert.equal(saidOf(error), error.said);
    assert.equal(saidOf(new Error('disk full')), 'disk full');
  });
});
