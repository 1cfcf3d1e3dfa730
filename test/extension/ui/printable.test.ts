import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markdownText } from '../../../src/extension/ui/printable.ts';
import { eventLogText } from '../../../src/extension/instances/event-log.ts';
import { logRows, platformEvents } from '../../../src/open-connectors/instance-log.ts';
import { previewed } from '../preview.ts';

/** Text that means something in Markdown, to VS Code, or to a browser. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[x](command:workbench.action.quit)',
        '![x](http://evil.example/pixel.png)',
        '<img src=x onerror=alert(1)>',
        '<script>alert(1)</script>',
        '<http://evil.example>',
        'https://evil.example/',
        'HTTP://evil.example',
        '//evil.example',
        'www.evil.example',
        'mailto:a@evil.example',
        'a@evil.example',
        '[x]: http://evil.example',
        '[x]',
        '`',
        '```',
        '~~~',
        '````',
        '```\n[x](command:y)',
        '\r```\r<b>',
        '\n\n# heading',
        '\n---\n',
        '\n> quote',
        '\n- item',
        '\n    code',
        '\n|a|b|\n|-|-|\n',
        '&#60;b&#62;',
        '\\',
        '*a*',
        '__a__',
        '$$a$$',
        '\u2028',
        '\u202e',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** What stands in a preview where nothing from outside became markup. */
const inert = new Set([
  'heading_open',
  'heading_close',
  'paragraph_open',
  'paragraph_close',
  'bullet_list_open',
  'bullet_list_close',
  'list_item_open',
  'list_item_close',
  'inline',
  'text',
  'softbreak',
  'code_inline',
  'fence',
]);

function assertInert(markdown: string): void {
  for (const type of previewed(markdown)) assert.ok(inert.has(type), `${type} in ${markdown}`);
}

describe('Text from outside in Markdown', () => {
  it('is text or a code span, with as many blocks around it as before', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const types = previewed(`# Before ${markdownText(text)} after\n\nNext ${markdownText(text)}`);
        assert.deepEqual(
          types.filter((type) => !['text', 'code_inline'].includes(type)),
          ['heading_open', 'inline', 'heading_close', 'paragraph_open', 'inline', 'paragraph_close'],
        );
      }),
      { numRuns: 1000 },
    );
    assert.equal(markdownText('2026-03-01T12:00:00Z'), '2026-03-01T12:00:00Z');
    assert.equal(markdownText('`a`'), '`` `a` ``');
  });

  it('makes no link, image or HTML in the event log of an instance', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, id, status) => {
        const frame = { name, id: 1, at: '2026-03-01T13:00:00Z', relayRuns: true, cut: false };
        const rows = logRows(platformEvents([{ id, eventDate: status, status }]), [], 1);
        assertInert(eventLogText(frame, rows));
      }),
    );
  });
});
