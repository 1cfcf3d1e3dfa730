import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { celValue } from '../../../src/common/expressions/cel-value.ts';
import type { CelValue } from '../../../src/common/expressions/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../../../src/common/expressions/expressions.ts';
import {
  readCondition,
  readHitCount,
  readLog,
  variablesAt,
  variableTypes,
} from '../../../src/relay/gate/conditions.ts';
import type { Variables } from '../../../src/relay/gate/conditions.ts';

const empty: Readonly<Record<string, CelValue>> = {
  string: '',
  int: 0n,
  double: 0,
  bool: false,
  'map<string, dyn>': new Map(),
};

/** Variables of which nothing is there but what is given. */
function variables(given: Partial<Record<keyof Variables, Record<string, CelValue>>> = {}): Variables {
  return Object.fromEntries(
    Object.entries(variableTypes).map(([name, fields]) => [
      name,
      {
        ...Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, empty[type] ?? null])),
        ...given[name as keyof Variables],
      },
    ]),
  ) as Variables;
}

const subscribe = variables({
  event: {
    type: 'Subscribe',
    address: 'jane@example.org',
    fields: celValue({ Name: 'Jane', CustomFields: [{ Key: 'age', Value: '40' }], Number: 3, nothing: null }),
  },
  attempt: { status: 503n, number: 2n, durationMs: 12.5 },
});

function errorOf(work: () => unknown): ExpressionError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error));
    return error;
  }
  throw new Error('it was read');
}

describe('Conditions', () => {
  const answers: Readonly<Record<string, boolean>> = {
    'event.type == "Subscribe"': true,
    'event.type == "Update" || event.address.endsWith("@example.org")': true,
    'attempt.status >= 500 && attempt.number > 1': true,
    'attempt.durationMs > 12.0': true,
    'event.fields.Name.lowerAscii() == "jane"': true,
    'event.fields.CustomFields.exists(f, f.Key == "age" && int(f.Value) > 30)': true,
    'event.fields.CustomFields.filter(f, f.Key == "age").map(f, f.Value) == ["40"]': true,
    'event.fields.Number == 3': true,
    'has(event.fields.Nothing)': false,
    'event.fields.nothing == null': true,
    'event.fields.Nothing == "x"': false,
    '"Name" in event.fields': true,
    'event.date == ""': true,
    'notification.parts == 0': true,
    'size(event.address) > 100': false,
    'event.duplicate ? false : true': true,
  };
  for (const [text, answer] of Object.entries(answers)) {
    it(`answers ${text}`, () => assert.equal(readCondition(text)(subscribe), answer));
  }

  const refusals: Readonly<Record<string, readonly [message: RegExp, start: number, end: number]>> = {
    'event.typo == "x"': [/^no such key: typo$/, 6, 10],
    'evnt.type == "x"': [/^unknown variable: evnt$/, 0, 4],
    'event.type == 3': [/^no such overload: string == int$/, 0, 15],
    'event.type': [/true or false, but this is of type string$/, 0, 10],
    'event.type ==': [/^unexpected token: EOF$/, 13, 13],
    'event.type.matches("(a+)+$")': [/"matches" is not available/, 0, 28],
    'event.address.split("").size() > 3': [/unknown function "split"/, 0, 23],
    'cel.bind(a, event.type + event.type, a == "x")': [/unknown function "bind"/, 0, 46],
    'event.fields.a.all(x, event.fields.b.all(y, x == y))': [/"all" cannot be inside another/, 22, 51],
  };
  for (const [text, [message, start, end]] of Object.entries(refusals)) {
    it(`refuses ${text}, and says where`, () => {
      const error = errorOf(() => readCondition(text));
      assert.match(error.message, message);
      assert.deepEqual([error.start, error.end], [start, end]);
    });
  }

  const filters: Readonly<Record<string, boolean>> = {
    'type:subscribe': true,
    'type:update,SUBSCRIBE': true,
    'Type:update': false,
    'list:96C0': true,
    'list:96c': false,
    'address:jane': true,
    'address:exam': true,
    'address:@Example.org': true,
    'address:ane': false,
    'address:joan,jane': true,
    'kind:event source:campaign-monitor': true,
    'kind:rejected': false,
    'source:open-connectors': false,
    'delivery:d7': true,
    'delivery:8': false,
    'duplicate:no': true,
    'duplicate:yes': false,
    'signature:missing': true,
    'type:subscribe signature:invalid,valid': false,
    'since:2026-01-01': true,
    'until:2026-01-01': false,
    'until:1h': true,
    'since:999999999999d': true,
    'until:9999-12-31': true,
    'since:1h': false,
    'type:subscribe address:joan': false,
    'list:a"]||true||"b"in["b': false,
  };
  const filtered = variables({
    event: { type: 'Subscribe', kind: 'event', address: 'jane.doe@example.org', list: '96c0' },
    delivery: { id: 'd7', source: 'campaign-monitor', signature: 'missing', receivedAt: '2026-01-15T09:30:00.000Z' },
  });
  for (const [text, answer] of Object.entries(filters)) {
    it(`takes the filter ${text}`, () => assert.equal(readCondition(text)(filtered), answer));
  }

  const refusedFilters: Readonly<Record<string, RegExp>> = {
    'typ:update': /^unknown filter key "typ"$/,
    'type:': /^"type:" needs a value$/,
    'kind:nothing': /expected one of event, test, rejected$/,
    'state:failed': /^"state:" does not work in a condition/,
    'type:update jane': /^"jane": a condition cannot search text; use a key, such as address:jane$/,
    'type:update || duplicate:yes': /^a filter cannot contain &&, \|\|, or !/,
    'type:update && list:abc': /^a filter cannot contain &&, \|\|, or !/,
    'type:update ! kind:event': /^a filter cannot contain &&, \|\|, or !/,
    'jane type:update': /^"jane": a condition cannot search text/,
    [`type:${Array.from({ length: 60 }, (_, index) => `t${index}`).join(',')}`]: /maxListElements/,
  };
  for (const [text, message] of Object.entries(refusedFilters)) {
    it(`refuses the filter ${text.slice(0, 40)}, as a whole`, () => {
      const error = errorOf(() => readCondition(text));
      assert.match(error.message, message);
      assert.deepEqual([error.start, error.end], [0, text.length]);
    });
  }

  it('takes no expression for a filter that has the like of one in a text', () => {
    assert.equal(readCondition('event.fields.Name == "see type:update"')(subscribe), false);
  });

  it('has bounds on how deep and how long an expression is', () => {
    assert.match(errorOf(() => readCondition(`${'('.repeat(100)}true${')'.repeat(100)}`)).message, /maxDepth/);
    assert.match(errorOf(() => readCondition(`${'true || '.repeat(300)}true`)).message, /maxAstNodes|maxDepth/);
  });

  it('fails where what it asks for is of another type, and says where', () => {
    const condition = readCondition('true && event.fields.Nothing > 3');
    const error = errorOf(() => condition(subscribe));
    assert.deepEqual([error.message, error.start, error.end], ['no such overload: dyn<null> > int', 8, 32]);
    const neither = readCondition('event.fields.Name');
    assert.match(errorOf(() => neither(subscribe)).message, /neither/);
  });

  it('never throws anything else, whatever is written', () => {
    const word = fc.constantFrom(
      ...['event', '.', 'type', 'fields', '(', ')', '[', ']', '{', '}', '"', "'", '==', '&&', '||', '!', '-', '?', ':'],
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
      ...['__proto__', 'constructor', 'matches', 'cel.bind', 'attempt', 'status', '+', '%', '/', '0'],
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
      fc.string({ maxLength: 100 }),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          new ExpressionLanguage<Variables>(variableTypes).readExpression(written).evaluate(subscribe);
        } catch (error) {
          assert.ok(error instanceof ExpressionError, `${written}: ${String(error)}`);
          assert.ok(error.start >= 0 && error.end >= error.start && error.start <= written.length, written);
        }
      }),
      { numRuns: countRuns(3000) },
    );
  });

  it('knows every variable at every place where there is something of it', () => {
    for (const names of Object.values(variablesAt)) for (const name of names) assert.ok(name in variableTypes);
  });
});

describe('Hit counts', () => {
  const counts: Readonly<Record<string, readonly number[]>> = {
    '3': [3],
    '== 3': [3],
    '>= 3': [3, 4, 5, 6],
    '>3': [4, 5, 6],
    '<= 2': [1, 2],
    '< 2': [1],
    ' % 3 ': [3, 6],
  };
  for (const [text, stops] of Object.entries(counts)) {
    it(`${text} stops at ${stops.join(', ')} of six`, () => {
      assert.deepEqual(
        [1, 2, 3, 4, 5, 6].filter((met) => readHitCount(text)(met)),
        stops,
      );
    });
  }

  for (const text of ['', 'often', '0', '% 0', '-1', '== x', '1 2', '3.5', '>= 12345678901']) {
    it(`are refused: ${text}`, () => assert.throws(() => readHitCount(text), ExpressionError));
  }
});

describe('Log texts', () => {
  const said: Readonly<Record<string, string>> = {
    plain: 'plain',
    '{event.type} of {event.address}': 'Subscribe of jane@example.org',
    'status {attempt.status}, {attempt.durationMs} ms': 'status 503, 12.5 ms',
    '{event.fields.CustomFields}': '[{"Key":"age","Value":"40"}]',
    '\\{event.type\\}': '{event.type}',
    '{"}"}': '}',
    '{{"a": 1}}': '{"a":1}',
    '{event.fields.nothing}': 'null',
    'C:\\temp': 'C:\\temp',
  };
  for (const [text, told] of Object.entries(said)) {
    it(`say ${told} for ${text}`, () => assert.equal(readLog(text)(subscribe), told));
  }

  it('are cut where they grow too long', () => {
    const long = variables({ event: { fields: celValue({ a: 'a'.repeat(2000) }) } });
    const text = readLog('{event.fields.a}{event.fields.a}')(long);
    assert.equal(text.length, 2000);
    assert.ok(text.endsWith('…'));
  });

  it('are refused with the place of what cannot be read', () => {
    const error = errorOf(() => readLog('type {event.typo}'));
    assert.deepEqual([error.message, error.start, error.end], ['no such key: typo', 12, 16]);
    assert.match(errorOf(() => readLog('an {open')).message, /no closing brace/);
    assert.throws(() => readLog('{}'), ExpressionError);
  });
});
