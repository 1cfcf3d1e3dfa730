import assert from 'node:assert/strict';
import { celValue } from '../../src/common/cel-value.ts';
import type { CelValue } from '../../src/common/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../../src/common/expressions.ts';

const language = new ExpressionLanguage<{ answer: Readonly<Record<string, CelValue>>; count: bigint }>({
  answer: { status: 'int', json: 'dyn' },
  count: 'int',
});

const same = (text: string): string => text;

describe('Expressions in CEL', () => {
  it('know variables of one value and of several fields', () => {
    const sum = language.readExpression('answer.status + count');
    assert.equal(sum.type, 'int');
    assert.equal(sum.evaluate({ answer: { status: 200n }, count: 3n }), 203n);
    assert.equal(
      language.readCondition('answer.json.a[0] == "x"')({ answer: { json: { a: ['x'] } }, count: 0n }),
      true,
    );
  });

  it('refuse what is not there, where it stands, and what is no condition', () => {
    assert.throws(
      () => language.readExpression('answer.stats == 1'),
      (error: unknown) => error instanceof ExpressionError && error.end > error.start,
    );
    assert.throws(() => language.readExpression('counts'), ExpressionError);
    assert.throws(() => language.readExpression('"a".matches("(a+)+$")'), /"matches" is not there/);
    assert.throws(() => language.readCondition('count'), /true or false/);
  });
});

describe('A value that expressions are asked about', () => {
  it('has whole numbers as such, and no more elements than are seen', () => {
    assert.deepEqual(celValue({ a: [1, 2.5, null, 'x', true] }, same), { a: [1n, 2.5, null, 'x', true] });
    const many = Array.from({ length: 5000 }, (_, index) => index);
    assert.equal((celValue(many, same) as unknown[]).length, 200);
    assert.equal((celValue(many, same, { elements: 10_000, values: 10_000 }) as unknown[]).length, 5000);
    assert.deepEqual(
      celValue({ long: 'abc' }, (text) => text.slice(0, 2)),
      { lo: 'ab' },
    );
  });
});
