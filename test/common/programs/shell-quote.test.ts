import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { shellQuoted, shellWord } from '../../../src/common/programs/shell-quote.ts';

// No shell and no command line holds a NUL.
const words = fc.array(
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  { maxLength: 40 },
);

describe('a word for a shell', () => {
  for (const [name, quoted] of Object.entries({ shellQuoted, shellWord })) {
    it(`is the text again, by ${name}`, () => {
      fc.assert(
        fc.property(words, (texts) => {
          const script = `printf '%s\\0' ${texts.map((text) => quoted(text)).join(' ')}`;
          const said = execFileSync('sh', ['-c', texts.length === 0 ? ':' : script], { encoding: 'utf8' });
          assert.deepEqual(said.split('\0').slice(0, -1), texts);
        }),
        { numRuns: 50 },
      );
    });
  }

  it('is quoted only where it has to be', () => {
    assert.equal(shellWord('/home/me/relay-1.0'), '/home/me/relay-1.0');
    for (const text of ['', 'a b', '~', '$HOME', "it's", '*', 'a;b', '#a'])
      assert.equal(shellWord(text), shellQuoted(text));
  });
});
