import assert from 'node:assert/strict';
import { UnsafeSocketFolderError } from '../../../src/protocol/control-channel.ts';
import { nextOf, nextOfRelay } from '../../../src/extension/ui/error-words.ts';
import { DataDirectoryError } from '../../../src/protocol/data-directory.ts';
import { relayAdvice, type RelayAdvice } from '../../../src/protocol/advice.ts';
import { NoRelayError, RelayRequestError } from '../../../src/protocol/errors.ts';
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

describe('what to do next about an error', () => {
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
