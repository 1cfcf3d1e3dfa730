import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonErrorAt, stretchOf } from '../../../src/extension/event-documents/json-text.ts';

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

  it('tells where a value stands, whatever the JSON', () => {
    const pathsOf = (value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] =>
      typeof value !== 'object' || value === null
        ? [path]
        : [
            path,
            ...(Array.isArray(value)
              ? value.flatMap((each: unknown, index) => pathsOf(each, [...path, index]))
              : Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))),
          ];
    const valueAt = (value: unknown, path: readonly (string | number)[]): unknown =>
      path.reduce((inside, step) => (inside as Record<string | number, unknown>)[step], value);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        for (const path of pathsOf(value)) {
          const found = stretchOf(text, path);
          if (path.length === 0) assert.equal(found, undefined);
          else {
            assert.ok(found, `${JSON.stringify(path)} in ${text}`);
            const lines = text.slice(found.start, found.end).trim().replace(/,$/, '');
            const own = path.at(-1);
            const json = typeof own === 'string' ? lines.slice(JSON.stringify(own).length + 1) : lines;
            assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(valueAt(value, path))));
          }
        }
      }),
    );
  });

  it('tells where the entries of a list stand, and of a repeated key the last', () => {
    const text = `{
  "Events": [],
  "Events": [
    {
      "Type": "Subscribe"
    },
    {
      "Type": "Update"
    }
  ],
  "More": [
    {}
  ]
}`;
    const lines = (...path: (string | number)[]): string | undefined => {
      const found = stretchOf(text, path);
      return found && text.slice(found.start, found.end);
    };
    assert.equal(lines('Events', 0), '    {\n      "Type": "Subscribe"\n    },\n');
    assert.equal(lines('Events', 1), '    {\n      "Type": "Update"\n    }\n');
    assert.equal(lines('Events', 1, 'Type'), '      "Type": "Update"\n');
    assert.equal(lines('Events', 2), undefined);
    assert.equal(lines('Missing', 0), undefined);
  });
});
