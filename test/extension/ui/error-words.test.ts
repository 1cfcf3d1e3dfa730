import assert from 'node:assert/strict';
import { UnsafeSocketFolderError } from '../../../src/protocol/control-channel.ts';
import { messageOf, nextOf, nextOfRelay, withNext } from '../../../src/extension/ui/error-words.ts';
import { DataDirectoryError } from '../../../src/protocol/data-directory.ts';
import { NoRelayError, relayAdvice, RelayRequestError, type RelayAdvice } from '../../../src/protocol/errors.ts';
import { germanTexts as german, inGerman } from '../../common/in-german.ts';

/** One of each of the relay's, and of each advice. */
const errors: readonly (Error & { readonly next?: string | undefined })[] = [
  ...(Object.keys(relayAdvice) as RelayAdvice[]).map(
    (advice) => new RelayRequestError('failed', 'internal', { advice }),
  ),
  new NoRelayError('/data'),
  new DataDirectoryError('/data', 'belongs to another user', 'choose-data-directory'),
  new UnsafeSocketFolderError('/run/cm', 'is open to others'),
];

describe('what happened', () => {
  it('is what the error says', () => {
    assert.equal(messageOf(new Error('Kaputt')), 'Kaputt');
    assert.equal(messageOf('kaputt'), 'kaputt');
  });
});

describe('what to do next about an error', () => {
  it('does not name a setting that VS Code does not have', () => {
    const error = new RelayRequestError('too large', 'conflict', { advice: 'send-smaller-body' });
    assert.equal(
      inGerman(() => nextOf(error)),
      'Senden Sie einen kleineren Body.',
    );
  });

  for (const error of errors) {
    it(`is said in the user’s language: ${error.name} ${(error as { advice?: string }).advice ?? ''}`, () => {
      const next = inGerman(() => nextOf(error));
      assert.ok(next !== undefined && next !== '');
      assert.ok(Object.values(german).includes(next), next);
      assert.notEqual(next, error.next);
    });
  }

  it('is VS Code’s own where a terminal’s would not help', () => {
    assert.equal(
      nextOf(new DataDirectoryError('/data', 'stays accessible', 'choose-file-system')),
      'Move VS Code’s user data to a file system that stores permissions.',
    );
  });

  it('is the error’s own where that is translated already, and nothing where there is none', () => {
    assert.equal(nextOf(Object.assign(new Error('failed'), { next: 'Weiter.' })), 'Weiter.');
    assert.equal(nextOf(new Error('failed')), undefined);
    assert.equal(nextOf('failed'), undefined);
    assert.equal(withNext(new Error('failed')), 'failed');
  });

  it('follows a message with one full stop between them', () => {
    assert.equal(withNext(Object.assign(new Error('failed'), { next: 'Weiter.' })), 'failed. Weiter.');
    assert.equal(withNext(Object.assign(new Error('It failed.'), { next: 'Weiter.' })), 'It failed. Weiter.');
  });

  it('is the relay’s sentence where a newer one names what this version does not know', () => {
    const told = { next: 'Do {0} that.', advice: 'of-the-future' };
    // As VS Code says what it has in no other language.
    const lenient = (english: string): string => english;
    assert.equal(
      inGerman(() => nextOfRelay(told), lenient),
      'Do {0} that.',
    );
    const refused = RelayRequestError.of('failed', 1, told);
    assert.equal(
      inGerman(() => nextOf(refused), lenient),
      'Do {0} that.',
    );
    assert.equal(nextOf(RelayRequestError.of('failed', 1, undefined)), undefined);
  });
});
