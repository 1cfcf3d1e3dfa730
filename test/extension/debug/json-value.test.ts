import assert from 'node:assert/strict';
import { jsonText, readTyped, valueAt, withValueAt } from '../../../src/extension/debug/json-value.ts';
import type { Json } from '../../../src/extension/debug/json-value.ts';

describe('JSON in the debugger', () => {
  it('shows what cannot be seen, and is still the same JSON', () => {
    const value = 'a\u202eb\u200d\u2028\u0007"\u{e0001}';
    const text = jsonText(value);
    assert.equal(text, '"a\\u202eb\\u200d\\u2028\\u0007\\"\\udb40\\udc01"');
    assert.equal(JSON.parse(text), value);
  });

  it('is changed at one place alone, whatever the names on the way are', () => {
    const body = JSON.parse('{"Events":[{"a":1},{"__proto__":{"b":[true,false]}}],"ListID":"l"}') as Json;
    const path = ['Events', '1', '__proto__', 'b', '0'];
    assert.equal(valueAt(body, path), true);
    const changed = withValueAt(body, path, 'new');
    assert.equal(JSON.stringify(changed), '{"Events":[{"a":1},{"__proto__":{"b":["new",false]}}],"ListID":"l"}');
    assert.equal(valueAt(body, path), true, 'the one before is as it was');
    assert.equal(valueAt({ a: 1 }, ['toString']), undefined);
  });

  it('is typed as JSON, and in the place of a text as the text itself', () => {
    assert.equal(readTyped('"b"', 'a'), 'b');
    assert.equal(readTyped('eve@example.org', 'a'), 'eve@example.org');
    assert.deepEqual(readTyped('[1, {"a": null}]', 'a'), [1, { a: null }]);
    assert.equal(readTyped('7', 1), 7);
    assert.throws(() => readTyped('seven', 1), SyntaxError);
    assert.throws(() => readTyped('"open', 'a'), SyntaxError);
  });
});
