import assert from 'node:assert/strict';
import fc from 'fast-check';
import { oneLine } from '../../src/common/one-line.ts';

describe('words from outside', () => {
  it('are one line, with nothing hidden in it and nothing to click', () => {
    assert.equal(oneLine(' a\r\n\tb\u202ec\u2028d ', 100), 'a b c d');
    assert.equal(oneLine('[x](command:y)', 100), '[x] (command:y)');
    assert.equal(oneLine('Müller 陽子 📚', 100), 'Müller 陽子 📚');
    const hostile = fc.string({ unit: fc.constantFrom(']', '(', ' ', '\n', '\u200b', '\u202e', '\x1b', 'a', '📚') });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), fc.nat({ max: 50 }), (text, longest) => {
        const line = oneLine(text, longest);
        assert.ok(line.length <= longest);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\]\(/u);
      }),
    );
  });
});
