import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deepestIndented, indentJson, longestIndented } from '../../src/export/indented-json.ts';
import { hostileJson } from './hostile-json.ts';

describe('JSON to read', () => {
  it('is indented as JSON.stringify does it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        assert.deepEqual(indentJson(JSON.stringify(value)), {
          kind: 'indented',
          text: JSON.stringify(value, null, 2),
        });
        assert.deepEqual(indentJson(JSON.stringify(value), 4), {
          kind: 'indented',
          text: JSON.stringify(value, null, 2).replaceAll('\n', '\n    '),
        });
      }),
    );
  });

  it('keeps numbers, escapes, order and repeated keys as they came', () => {
    assert.deepEqual(indentJson('{"2":1.50,"1":10000000000000000001,"a":"\\u00e9","a":[],"b":{ }}'), {
      kind: 'indented',
      text: '{\n  "2": 1.50,\n  "1": 10000000000000000001,\n  "a": "\\u00e9",\n  "a": [],\n  "b": {}\n}',
    });
  });

  it('is shown as it came beyond a depth and a size', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.equal(indentJson(nested(deepestIndented)).kind, 'indented');
    assert.deepEqual(indentJson(nested(deepestIndented + 1)), { kind: 'as it came', why: 'deep' });
    assert.deepEqual(indentJson(nested(15_000)), { kind: 'as it came', why: 'deep' });
    assert.deepEqual(indentJson(nested(900_000)), { kind: 'as it came', why: 'deep' });
    assert.deepEqual(indentJson(`"${'a'.repeat(longestIndented)}"`), { kind: 'as it came', why: 'long' });
    const wide = `${'['.repeat(90)}${'1,'.repeat(100_000)}1${']'.repeat(90)}`;
    assert.deepEqual(indentJson(wide), { kind: 'as it came', why: 'long' });
  });

  it('never grows beyond a bound, whatever its shape', () => {
    fc.assert(
      fc.property(hostileJson, fc.nat({ max: 8 }), (text, base) => {
        const indented = indentJson(text, base);
        assert.notEqual(indented.kind, 'no JSON');
        if (indented.kind === 'indented') assert.ok(indented.text.length <= 4 * text.length + 65_536);
      }),
      { numRuns: 60 },
    );
  });
});
