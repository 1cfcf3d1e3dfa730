import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  clip,
  columnsOf,
  count,
  duration,
  localTime,
  printable,
  size,
  wrapped,
} from '../../../src/cli/terminal/text.ts';

describe('text for a terminal', () => {
  it('shows control characters as escapes', () => {
    assert.equal(
      printable('a\x1b[2Jb\r\n\x9b1m\u202ec\u2028\ud800'),
      'a\\x1b[2Jb\\x0d\\x0a\\x9b1m\\u{202e}c\\u{2028}\\u{d800}',
    );
    assert.equal(printable('a\nb\x07', '\n'), 'a\nb\\x07');
    assert.equal(printable('Müller 陽子 📚'), 'Müller 陽子 📚');
  });

  it('is broken between words alone, and loses nothing of them', () => {
    assert.equal(wrapped('  one two three', 10), '  one two\n  three');
    assert.equal(wrapped('label:    one two', 12, 4), 'label:\n    one two');
    assert.equal(wrapped('see http://127.0.0.1:8787/hooks/x now', 12), 'see\nhttp://127.0.0.1:8787/hooks/x\nnow');
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zäß語]{1,30}$/)),
        fc.integer({ min: 1, max: 100 }),
        (words, columns) => {
          const lines = wrapped(words.join(' '), columns).split('\n');
          assert.deepEqual(lines.join(' ').split(' '), words.length === 0 ? [''] : words);
          for (const line of lines) assert.ok(columnsOf(line) <= columns || !line.includes(' '), line);
        },
      ),
    );
  });

  it('lets nothing through that drives a terminal, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const withoutEmoji = printable(text).replace(new RegExp('\\p{RGI_Emoji}', 'gv'), '');
        assert.doesNotMatch(withoutEmoji, /[\p{Control}\p{Format}\u2028\u2029]/u);
      }),
    );
  });

  it('clips to columns, wide characters counted as two', () => {
    assert.equal(clip('abcdef', 6), 'abcdef');
    assert.equal(clip('abcdefg', 6), 'abcde…');
    assert.equal(clip('陽子陽子', 5), '陽子…');
    assert.equal(clip('陽子', 4), '陽子');
    assert.equal(clip('long', Infinity), 'long');
    assert.equal(clip('👩‍💻👩‍💻👩‍💻', 5), '👩‍💻👩‍💻…');
    assert.equal(clip('e\u0301e\u0301e\u0301', 2), 'e\u0301…');
  });

  it('counts, measures and tells the time in few characters', () => {
    assert.deepEqual(
      [count(1, 'event'), count(3, 'delivery'), count(0, 'event')],
      ['1 event', '3 deliveries', '0 events'],
    );
    assert.deepEqual([12.4, 3400, 64_000, 512_000, 32_768_000, 262_144_000].map(duration), [
      '12 ms',
      '3.4 s',
      '64 s',
      '9 min',
      '9 h',
      '3 days',
    ]);
    assert.deepEqual([1, 312, 12_345, 5_242_880].map(size), ['1 byte', '312 bytes', '12.3 KB', '5.2 MB']);
    const moment = new Date(2026, 0, 15, 9, 5, 7);
    assert.equal(localTime(moment.toISOString(), moment), '09:05:07');
    assert.equal(localTime(moment.toISOString(), new Date(0)), '2026-01-15 09:05:07');
  });
});
