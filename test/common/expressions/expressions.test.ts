import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { celValue, cutValue, type CelValue } from '../../../src/check/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../../../src/common/expressions/expressions.ts';

const language = new ExpressionLanguage<{ answer: Readonly<Record<string, CelValue>>; count: bigint }>({
  answer: { status: 'int', json: 'dyn' },
  count: 'int',
});

describe('Expressions in CEL', () => {
  it('know variables of one value and of several fields', () => {
    const sum = language.readExpression('answer.status + count');
    assert.equal(sum.type, 'int');
    assert.equal(sum.evaluate({ answer: { status: 200n }, count: 3n }), 203n);
    assert.equal(
      language.readCondition('answer.json.a[0] == "x"')({ answer: { json: celValue({ a: ['x'] }) }, count: 0n }),
      true,
    );
  });

  it('refuse what is not there, where it stands, and what is no condition', () => {
    assert.throws(
      () => language.readExpression('answer.stats == 1'),
      (error: unknown) => error instanceof ExpressionError && error.end > error.start,
    );
    assert.throws(() => language.readExpression('counts'), ExpressionError);
    assert.throws(() => language.readExpression('"a".matches("(a+)+$")'), /"matches" is not available/);
    assert.throws(() => language.readCondition('count'), /true or false/);
    const neither = language.readCondition('answer.json');
    assert.throws(() => neither({ answer: { json: 'x' }, count: 0n }), /neither/);
  });

  const refusals: Readonly<Record<string, readonly [message: RegExp, start: number, end: number]>> = {
    'answer.typo == "x"': [/^no such key: typo$/, 7, 11],
    'cuont == 1': [/^unknown variable: cuont$/, 0, 5],
    'answer.status == "x"': [/^no such overload: int == string$/, 0, 20],
    'count ==': [/^unexpected token: EOF$/, 8, 8],
    '"a".split("").size() > 3': [/unknown function "split"/, 0, 13],
    'cel.bind(a, count + 1, a == 2)': [/unknown function "bind"/, 0, 30],
    'answer.json.a.all(x, answer.json.b.all(y, x == y))': [/"all" cannot be inside another/, 21, 49],
  };
  for (const [text, [message, start, end]] of Object.entries(refusals)) {
    it(`are refused with their place: ${text}`, () => {
      assert.throws(
        () => language.readCondition(text),
        (error: unknown) => {
          assert.ok(error instanceof ExpressionError);
          assert.match(error.message, message);
          assert.deepEqual([error.start, error.end], [start, end]);
          return true;
        },
      );
    });
  }

  it('have bounds on how deep and how long they are', () => {
    assert.throws(() => language.readCondition(`${'('.repeat(100)}true${')'.repeat(100)}`), /maxDepth/);
    assert.throws(() => language.readCondition(`${'true || '.repeat(300)}true`), /maxAstNodes|maxDepth/);
  });

  it('never throw anything else, whatever is written', () => {
    const word = fc.constantFrom(
      ...[
        'answer',
        '.',
        'status',
        'json',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '==',
        '&&',
        '||',
        '!',
        '-',
        '?',
        ':',
      ],
      ...[
        'in',
        '1',
        '0x',
        '1u',
        '1e9',
        'map',
        'all',
        'has',
        'x',
        ',',
        ' ',
        'b"',
        'r"',
        '//',
        '\\',
        '\u0000',
        '😀',
        '"a"',
      ],
      ...['__proto__', 'constructor', 'matches', 'cel.bind', 'count', 'size', '+', '%', '/', '0'],
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
      fc.string({ maxLength: 100 }),
    );
    const asked = { answer: { status: 503n, json: celValue({ a: ['x'] }) }, count: 1n };
    fc.assert(
      fc.property(text, (written) => {
        try {
          language.readExpression(written).evaluate(asked);
        } catch (error) {
          assert.ok(error instanceof ExpressionError, `${written}: ${String(error)}`);
          assert.ok(error.start >= 0 && error.end >= error.start && error.start <= written.length, written);
        }
      }),
      { numRuns: countRuns(3000) },
    );
  });
});

/** What the library itself evaluates, counted where it does so, whoever has wrapped the nodes of an expression. */
interface Counted {
  steps: number;
  /** Of all lists, objects and texts that were made, in elements and 16 characters. */
  made: number;
}

type Evaluate = (evaluator: unknown, node: unknown, context: { accuValue?: unknown }) => unknown;
type Operator = Record<'evaluate' | 'evaluateSync', Evaluate | undefined> & { readonly name: string };

/** Has the library count, in place of its operators; the nodes of what is read from then on do. */
async function countOperators(): Promise<{ counted: Counted; restore: () => void }> {
  const file = new URL('../../../node_modules/@marcbachmann/cel-js/lib/operators.js', import.meta.url);
  const { OPERATORS } = (await import(file.href)) as { OPERATORS: Record<string, Operator> };
  const counted: Counted = { steps: 0, made: 0 };
  const restores: (() => void)[] = [];
  // Some stand there by two names.
  for (const operator of new Set(Object.values(OPERATORS).filter((each) => typeof each === 'object'))) {
    const { name } = operator;
    for (const key of ['evaluate', 'evaluateSync'] as const) {
      const evaluate = operator[key];
      if (evaluate === undefined) continue;
      operator[key] = (...given) => {
        counted.steps += 1;
        const value = evaluate(...given);
        const [, , context] = given;
        if (name === 'accuPush') counted.made += sizeOf((context.accuValue as readonly unknown[]).at(-1));
        else if (!['id', 'value', '.', '[]', '?:', 'comprehension', 'accuValue'].includes(name))
          counted.made += sizeOf(value);
        return value;
      };
      restores.push(() => (operator[key] = evaluate));
    }
  }
  return { counted, restore: () => restores.forEach((each) => each()) };
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return 1 + value.length / 16;
  if (value instanceof Map) return sizeOf([...value]);
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + sizeOf(each), 1);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return sizeOf(Object.entries(value));
  return 1;
}

/** Expressions grown from the grammar, of every operator and function, also with what no one would write. */
const grown = fc.letrec<Record<'any' | 'within', string>>((tie) => {
  const leaves = ['1', '2.5', 'true', 'null', '"ab"', '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"', 'b"ab"', 'count'];
  const fields = ['answer.status', 'answer.json', 'answer.json.a', 'answer.json.list', 'answer.json.text'];
  const forms = (each: fc.Arbitrary<string>, leaf: fc.Arbitrary<string>): fc.Arbitrary<string>[] => [
    leaf,
    fc
      .tuple(each, fc.constantFrom('+', '+', '+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||'), each)
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc.tuple(each, each, each).map(([test, left, right]) => `(${test} ? ${left} : ${right})`),
    fc.array(each, { minLength: 1, maxLength: 6 }).map((all) => `[${all.join(', ')}]`),
    fc.tuple(each, each).map(([left, right]) => `{"a": ${left}, "b": ${right}}`),
    fc
      .tuple(each, fc.constantFrom('size', 'string', 'int', 'type', 'dyn', 'double'))
      .map(([of, name]) => `${name}(${of})`),
    fc
      .tuple(each, fc.constantFrom('contains', 'startsWith', 'indexOf', 'lastIndexOf'), each)
      .map(([of, name, text]) => `${of}.${name}(${text})`),
    fc.tuple(each, fc.constantFrom('upperAscii', 'lowerAscii', 'trim')).map(([of, name]) => `${of}.${name}()`),
    fc.tuple(each, fc.constantFrom('.a', '.list', '.constructor', '[0]', '["a"]')).map(([of, field]) => of + field),
  ];
  return {
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(...leaves, ...fields),
      ...forms(tie('any'), fc.constantFrom(...leaves, ...fields)),
      // Chains of what goes over a list, each of which may double.
      fc
        .tuple(
          tie('any'),
          fc.array(
            fc.tuple(fc.constantFrom('map', 'map', 'map', 'filter', 'all', 'exists', 'exists_one'), tie('within')),
            { minLength: 1, maxLength: 20 },
          ),
        )
        .map(([of, chain]) => of + chain.map(([name, step]) => `.${name}(x, ${step})`).join('')),
    ),
    within: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom('x', 'x', 'x + x', '[x, x]', 'true', 'x == x', 'answer.json.list + answer.json.list', 'count'),
      ...forms(tie('within'), fc.constantFrom('x', 'x', 'x', 'answer.json.list')),
    ),
  };
}).any;

/** What doubles at each step, in each way there is, and what is made for each element and kept for none. */
const doubling = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('[[1]]', '["a"]', '[b"a"]', '[1]', 'answer.json.list', '[answer.json]'),
      fc.constantFrom('x + x', '[x, x]', '{"a": x, "b": x}', '[x] + [x]', 'x'),
      fc.integer({ min: 1, max: 40 }),
    )
    .map(([of, step, times]) => of + `.map(x, ${step})`.repeat(times)),
  fc
    .tuple(fc.constantFrom('all', 'exists', 'filter'), fc.integer({ min: 1, max: 20 }))
    .map(([name, times]) => `answer.json.list.${name}(x, ${'answer.json.list + '.repeat(times)}[x] != [])`),
);

describe('What an evaluation takes', () => {
  const asked = {
    answer: {
      status: 200n,
      json: celValue({ a: [1, 'b', { a: [2] }], list: Array.from({ length: 30 }, String), text: 'y'.repeat(500) }),
    },
    count: 7n,
  };

  it('is bounded where each step doubles what the one before has made', () => {
    const ones = `[${Array.from({ length: 30 }, () => '[1]').join(',')}]`;
    for (const times of [18, 26]) {
      const text = `size(${ones}${'.map(b,b+b)'.repeat(times)}) > 1`;
      assert.throws(() => language.readCondition(text)(asked), /it takes more than 1,000,000 steps/, text);
      // The library goes on after what failed in a condition, and would find it true.
      assert.throws(() => language.readCondition(`${text} || true`)(asked), /it takes more than/);
    }
  });

  it('is bounded where texts are sought in texts, compared, or read as what they are not', () => {
    const long = {
      ...asked,
      answer: { status: 0n, json: celValue({ a: 'a'.repeat(60_000), b: 'ab'.repeat(30_000) }) },
    };
    for (const text of [
      'answer.json.a.lastIndexOf(answer.json.b)',
      `[${Array.from({ length: 50 }, () => '1').join(',')}].all(x, ${Array.from({ length: 10 }, () => 'size(answer.json.a) > 0').join(' && ')})`,
    ]) {
      assert.throws(() => language.readExpression(text).evaluate(long), /it takes more than/, text);
    }
    // The library's pattern for it takes the cube of the length: seven seconds for this one.
    const digits = { ...asked, answer: { status: 0n, json: '1'.repeat(2000) } };
    assert.throws(() => language.readExpression('duration(answer.json)').evaluate(digits), /at most 50 characters/);
    assert.doesNotThrow(() => language.readExpression('duration("1h30m") < duration("2h")').evaluate(asked));
  });

  it('stays within what is promised, whatever is written, and what it gives does so, too', async () => {
    const most = 3000;
    const small = new ExpressionLanguage<{ answer: Readonly<Record<string, CelValue>>; count: bigint }>(
      { answer: { status: 'int', json: 'dyn' }, count: 'int' },
      most,
    );
    const { counted, restore } = await countOperators();
    const seen = { given: 0, tooMuch: 0, failed: 0, refused: 0 };
    try {
      fc.assert(
        fc.property(fc.oneof({ arbitrary: grown, weight: 5 }, { arbitrary: doubling, weight: 1 }), (text) => {
          let expression;
          try {
            expression = small.readExpression(text);
          } catch (error) {
            assert.ok(error instanceof ExpressionError, String(error));
            seen.refused += 1;
            return;
          }
          Object.assign(counted, { steps: 0, made: 0 });
          try {
            assert.ok(sizeOf(expression.evaluate(asked)) <= most, text);
            assert.ok(counted.steps > 0, text);
            seen.given += 1;
          } catch (error) {
            assert.ok(error instanceof ExpressionError, String(error));
            seen[/it takes more than/.test(error.message) ? 'tooMuch' : 'failed'] += 1;
          }
          assert.ok(counted.steps <= most, `${counted.steps} steps: ${text}`);
          // The last that is made is made of what was counted before.
          assert.ok(counted.made <= 3 * most, `${counted.made} were made: ${text}`);
        }),
        { numRuns: countRuns(5000) },
      );
    } finally {
      restore();
    }
    for (const [what, times] of Object.entries(seen)) assert.ok(times > 10, `${what}: ${times}`);
  });

  it('lets through what is written in the docs, of as much as there may be', async () => {
    const docs = async (name: string): Promise<string> =>
      readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
    const probes = [...(await docs('check.md')).matchAll(/`(answer\.json\.\w+|size\(answer[^`]+|int\(answer[^`]+)`/g)];
    assert.equal(probes.length, 3);
    const contacts = celValue(Array.from({ length: 20_000 }, () => ({ email: 'a@example.org', state: 'done' })));
    const answered = { answer: { status: 200n, json: contacts }, count: 0n };
    const done = 'size(answer.json.filter(c, c.state == "done" && c.email.endsWith("@example.org"))) == 20000';
    assert.equal(language.readCondition(done)(answered), true);
  });
});

describe('A field of what an expression is asked about', () => {
  const given = (json: unknown) => ({ answer: { status: 0n, json: celValue(json) }, count: 0n });
  const answers: Readonly<Record<string, unknown>> = {
    'answer.json.Nothing == "x"': false,
    'answer.json.Nothing == null': true,
    'answer.json["Nothing"] != "x"': true,
    'answer.json.Nothing.of.it == null': true,
    'has(answer.json.Nothing)': false,
    'has(answer.json.Nothing.of.it)': false,
    'has(answer.json.Name)': true,
    '"Nothing" in answer.json': false,
    'answer.json.Name == "Jane"': true,
  };
  for (const [text, answer] of Object.entries(answers)) {
    it(`is null where it is not there: ${text}`, () =>
      assert.equal(language.readExpression(text).evaluate(given({ Name: 'Jane' })), answer));
  }

  it('has any name, and is no other for it', () => {
    for (const name of [...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'size', 'get', 'then']) {
      const value = JSON.parse(`{"Name": "Jane", "${name}": "x", "inner": {"${name}": {"${name}": 1}}}`) as unknown;
      for (const text of [
        'answer.json.Name == "Jane"',
        `answer.json["${name}"] == "x"`,
        `"${name}" in answer.json`,
        `answer.json.inner["${name}"]["${name}"] == 1`,
        'answer.json == answer.json',
        'answer.json.exists(k, answer.json[k] == "Jane")',
      ])
        assert.equal(language.readCondition(text)(given(value)), true, `${name}: ${text}`);
      const without = `answer.json["${name}"] == null && !("${name}" in answer.json)`;
      assert.equal(language.readCondition(without)(given({ Name: 'Jane' })), true, name);
    }
  });
});

/** A list in a list, so many times. */
function nested(times: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < times; at++) value = [value];
  return value;
}

describe('A value that expressions are asked about', () => {
  it('has whole numbers as such, and its fields in a map', () => {
    assert.deepEqual(celValue({ a: [1, 2.5, null, 'x', true] }), new Map([['a', [1n, 2.5, null, 'x', true]]]));
    assert.equal((celValue(Array.from({ length: 5000 }, Number)) as unknown[]).length, 5000);
  });

  it('is cut where it is deeper than what is seen', () => {
    let seen: unknown = celValue(nested(102));
    for (let depth = 0; depth < 100; depth++) seen = (seen as readonly unknown[])[0];
    assert.equal(seen, cutValue);
  });
});
