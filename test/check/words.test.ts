import assert from 'node:assert/strict';
import { joined, ownText, SaidError, saidOf, textOf, words } from '../../src/check/words.ts';
import { inGerman } from '../common/in-german.ts';

describe('What checks say', () => {
  it('is put together of codes and values, in English where nothing else is asked for', () => {
    const said = words('from-to', words('more', 2), 2, 4);
    assert.equal(textOf(said), '+2 (from 2 to 4)');
    inGerman(() => {
      assert.equal(textOf(said), '+2 (von 2 auf 4)');
      assert.equal(textOf('of the user’s own'), 'of the user’s own');
    });
  });

  it('may hold a text that is written elsewhere in the code', () => {
    const said = words('nothing-answers', ownText('The same eventId twice'));
    assert.equal(textOf(said), 'the destination hasn’t answered since the check "The same eventId twice"');
    assert.match(
      inGerman(() => textOf(said)),
      /^das Ziel antwortet seit der Prüfung „Dieselbe eventId zweimal“ nicht mehr/,
    );
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
