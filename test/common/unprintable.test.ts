import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withEscapes, oneLine } from '../../src/common/unprintable.ts';

const emoji = new RegExp('\\p{RGI_Emoji}', 'gv');

describe('what cannot be shown', () => {
  it('becomes a visible escape, but for what was to be kept', () => {
    assert.equal(withEscapes('a\x1b[2J\r\n\u202e'), 'a\\x1b[2J\\x0d\\x0a\\u{202e}');
    assert.equal(withEscapes('a\nb\tc\x07', '\n\t'), 'a\nb\tc\\x07');
  });

  it('is nowhere in what comes out, whatever comes in, emoji apart', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2 }),
      fc.constantFrom('👩', '💻', '\u200d', '\ufe0f', '🏴', '\u{e0067}', '\u{e007f}', '\u202e', '\x1b'),
    );
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        assert.doesNotMatch(withEscapes(units.join('')).replace(emoji, ''), /[\p{Control}\p{Format}\u2028\u2029]/u);
      }),
    );
  });
});

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
