import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mostShown, nothingMarked, shownBody } from '../../../src/extension/event-editor/shown-body.ts';

const notice = ({ kind }: { readonly kind: string }): string => kind;

describe('A body in the editor', () => {
  it('keeps its lines and tabs, and shows what cannot be seen', () => {
    const { text } = shownBody({ text: 'a\tb\r\nc\u0000\u2028', extension: 'txt' }, nothingMarked, notice);
    assert.equal(text, 'a\tb\nc\\x00\\u{2028}');
  });

  it('of a long text shows the part with the event, marked where it is', () => {
    const events = Array.from({ length: 3000 }, (_, i) => ({ Name: `n${i}`, Text: 'x'.repeat(100) }));
    const text = JSON.stringify({ Events: events }, null, 2);
    const marked = { marks: [['Events', 2500]], mapped: [['Events', 2500, 'Name']], element: null };
    const body = shownBody({ text, extension: 'json' }, marked, notice);
    assert.ok(body.text.length <= mostShown);
    const [mark] = body.marks;
    assert.match(body.text.slice(mark?.start, mark?.end), /^ {4}\{\n {6}"Name": "n2500"/);
    const [mapped] = body.mapped;
    assert.equal(body.text.slice(mapped?.start, mapped?.end).trim(), '"Name": "n2500",');
    assert.match(body.notices[0] ?? '', /^Showing [\d,]+ of [\d,]+ characters around this event/);
    const first = shownBody({ text, extension: 'json' }, nothingMarked, notice);
    assert.ok(text.startsWith(first.text));
    assert.match(first.notices[0] ?? '', new RegExp(`^Showing the first ${mostShown} of ${text.length} characters`));
  });

  it('never grows beyond what the page draws, parts no character, and marks nothing outside', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('😀', 'ab', '\n', '\u202e', '<Event>', '</Event>'), { maxLength: 30 }),
        fc.constantFrom('json', 'xml', 'txt'),
        fc.nat(40),
        (pieces, extension, index) => {
          const text = pieces.join('').repeat(2000);
          const body = shownBody({ text, extension }, { ...nothingMarked, element: { index, of: 40 } }, notice);
          assert.ok(body.text.length <= mostShown);
          assert.doesNotMatch(body.text, /\p{Surrogate}/u);
          for (const { start, end } of body.marks) assert.ok(start >= 0 && start < end && end <= body.text.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
