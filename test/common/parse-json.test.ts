import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson, structureOf } from '../../src/common/parse-json.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, each) => sum + countOf(each), 1);
}

function mostMembersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Math.max(own, ...Object.values(value).map(mostMembersOf));
}

describe('What a text would unfold to as JSON', () => {
  it('is told before it is parsed: how deep it is, and no fewer values than there are', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8, stringUnit: 'binary' }), (text) => {
        const value: unknown = JSON.parse(text);
        const { depth, values, members } = structureOf(text);
        assert.equal(members, mostMembersOf(value));
        assert.equal(depth, depthOf(value));
        assert.ok(values >= countOf(value) && values <= 2 * countOf(value), `${values} of ${countOf(value)}`);
      }),
    );
  });

  it('looks at no bracket or comma of a text, whatever is escaped', () => {
    assert.deepEqual(structureOf(JSON.stringify(['[[,', '\\"[,', '\\', '"'])), { values: 5, depth: 1, members: 0 });
  });

  it('is told of what is no JSON, too', () => {
    assert.equal(structureOf('['.repeat(1000)).depth, 1000);
    assert.deepEqual(structureOf('"['), { values: 1, depth: 0, members: 0 });
  });
});

describe('A text from outside', () => {
  it('is not parsed if it would unfold to more values than may be', () => {
    const of = (values: number): string => `[${'{},'.repeat((values - 3) / 2)}{}]`;
    assert.equal((parseJson(of(99_999)) as object[]).length, 49_999);
    assert.equal(parseJson(of(100_001)), undefined);
    assert.equal((parseJson(of(100_001), 100_001) as object[]).length, 50_000);
    assert.equal(parseJson(JSON.stringify(',['.repeat(100_000))), ',['.repeat(100_000), 'a text is one value');
  });
});
