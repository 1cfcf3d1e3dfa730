import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonErrorAt, lineOfEntry } from '../../../../src/extension/events/documents/json-text.ts';

/** Whether JavaScript takes a text as JSON. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('JSON as text', () => {
  it('is accepted exactly where JavaScript accepts it', () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...Array.from('{}[],:" \\-.0123e+ntrufalse\n'),
        '"a"',
        '{"a":',
        'true',
        'null',
        '1.5',
        '\\u00e9',
        '\u0001',
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        pieces.map((all) => all.join('')),
        (text) => assert.equal(jsonErrorAt(text) === undefined, isJson(text), JSON.stringify(text)),
      ),
      { numRuns: 5000 },
    );
    fc.assert(fc.property(fc.json(), (text) => assert.equal(jsonErrorAt(text), undefined)));
  });

  it('tells where it goes wrong', () => {
    const places: [string, number][] = [
      ['{"a":}', 5],
      ['{"a":1,}', 7],
      ['[1 2]', 3],
      ['{"a" 1}', 5],
      ['{a:1}', 1],
      ['{"a":1', 6],
      ['', 0],
      ['{} x', 3],
      ["{'a':1}", 1],
      ['[01]', 1],
    ];
    for (const [text, place] of places) assert.equal(jsonErrorAt(text), place, text);
  });

  it('tells on which line an entry of a list begins', () => {
    const events = [{ CustomFields: [{ Key: 'a' }] }, { Type: 'Update' }];
    const text = JSON.stringify({ ListID: 'l', Events: events, More: [{}, {}] }, null, 2);
    const lines = text.split('\n');
    assert.equal(lines[lineOfEntry(text, 'Events', 0) ?? -1], '    {');
    assert.equal(lines[(lineOfEntry(text, 'Events', 1) ?? -1) + 1], '      "Type": "Update"');
    assert.equal(lineOfEntry(text, 'Events', 2), undefined);
    assert.equal(lineOfEntry(text, 'Missing', 0), undefined);
  });

  it('is looked through however deep and long it is', () => {
    const deep = '['.repeat(1_000_000);
    assert.equal(jsonErrorAt(deep), deep.length);
    assert.equal(jsonErrorAt(deep + ']'.repeat(deep.length)), undefined);
    assert.equal(jsonErrorAt(`"${'\\n'.repeat(1_000_000)}"`), undefined);
    assert.equal(jsonErrorAt(`"${'\\u00e9'.repeat(500_000)}`), 0);
  });
});
