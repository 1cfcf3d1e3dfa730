import assert from 'node:assert/strict';
import fc from 'fast-check';
import { indentJson, jsonErrorAt, lineOfEntry } from '../../../src/extension/documents/json-text.ts';

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
  it('is indented as JSON.stringify does it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        assert.equal(indentJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
      }),
    );
  });

  it('keeps numbers, escapes, order and repeated keys as they came', () => {
    assert.equal(
      indentJson('{"2":1.50,"1":10000000000000000001,"a":"\\u00e9","a":[],"b":{ }}'),
      '{\n  "2": 1.50,\n  "1": 10000000000000000001,\n  "a": "\\u00e9",\n  "a": [],\n  "b": {}\n}',
    );
  });

  it('is not touched inside strings', () => {
    assert.equal(indentJson('["{,: [\\"]}"]'), '[\n  "{,: [\\"]}"\n]');
  });

  it('that is none is not indented', () => {
    assert.equal(indentJson('{"a":}'), undefined);
    assert.equal(indentJson(''), undefined);
  });

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
    const text = indentJson(
      '{"ListID":"l","Events":[{"CustomFields":[{"Key":"a"}]},{"Type":"Update"}],"More":[{},{}]}',
    );
    const lines = text?.split('\n') ?? [];
    assert.equal(lines[lineOfEntry(text ?? '', 'Events', 0) ?? -1], '    {');
    assert.equal(lines[(lineOfEntry(text ?? '', 'Events', 1) ?? -1) + 1], '      "Type": "Update"');
    assert.equal(lineOfEntry(text ?? '', 'Events', 2), undefined);
    assert.equal(lineOfEntry(text ?? '', 'Missing', 0), undefined);
  });
});
