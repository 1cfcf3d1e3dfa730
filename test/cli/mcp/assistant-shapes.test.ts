import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkEnglish } from '../../../src/check/words.ts';
import { AssistantShapes } from '../../../src/cli/mcp/assistant-shapes.ts';
import type { AttemptDetail } from '../../../src/protocol/history.ts';
import { planted, spellings } from './plantings.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const nothing = { addresses: false, answers: false };

/** What stands in one of these places of a JSON text, each with its quotes. */
const spelled = fc
  .tuple(fc.constantFrom(...Object.values(spellings)), fc.nat(99_999))
  .map(([spell, n]) => `"${spell(n)}"`);
const field = fc.constantFrom(
  ...['Type', 'Date', 'EmailAddress', 'Name', 'State', 'Key', 'Value', 'ListID', 'eventId', 'id', 'topic', 'objectId'],
  ...['CustomFields', 'CustomField', 'message', 'raw', 'createdDate', 'severity', 'Extra', '@Id', '__proto__'],
);
const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    spelled,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            spelled,
            field.map((name) => `"${name}"`),
          ),
          tie('value'),
        ),
        { maxLength: 5 },
      )
      .map((members) => `{${members.map(([name, item]) => `${name}:${item}`).join(',')}}`),
  ),
})).value;

describe('what an assistant is told of a body', () => {
  it('holds no address, wherever and however it is written', () => {
    const told = new AssistantShapes(nothing);
    fc.assert(
      fc.property(value, fc.boolean(), (json, isPayload) => {
        const body = isPayload ? `{"Events":[{"X":${json}}]}` : json;
        assert.equal(planted(JSON.stringify(told.body(base64(body), null))), undefined, body);
      }),
      { numRuns: 1000 },
    );
  });

  it('holds no address of an answer, whose text is told by permission alone', () => {
    const answer = (body: string): AttemptDetail =>
      ({
        status: 200,
        answerHeaders: [['Content-Type', 'application/json']],
        answerBody: base64(body),
      }) as AttemptDetail;
    const [keys, texts] = [new AssistantShapes(nothing), new AssistantShapes({ ...nothing, answers: true })];
    fc.assert(
      fc.property(value, (json) => {
        assert.equal(planted(JSON.stringify(keys.answer(answer(json)))), undefined, json);
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(texts.answer(answer('{"error":{"message":"no list of jane@example.org"}}')), {
      contentType: 'application/json',
      bytes: 51,
      keys: ['error', 'message'],
      text: `{"error":{"message":"no list of ${texts.address('jane@example.org')}"}}`,
    });
  });

  it('is by name and shape what nobody knows, and as it is what the vendors write', () => {
    const event = {
      Type: 'Update',
      Date: '2026-01-15 09:30:00',
      State: 'Unconfirmed',
      EmailAddress: 'jane@example.org',
      Name: 'Jane Doe',
      CustomFields: [
        { Key: 'Favourite colour', Value: 'red' },
        { Key: '[born]', Value: '1979-02-12' },
        { Key: 'score', Value: '4711' },
      ],
      Consent: true,
      Count: 42,
      Note: null,
    };
    const told = new AssistantShapes(nothing);
    assert.deepEqual(told.body(base64(JSON.stringify({ Events: [event] })), null), {
      format: 'JSON',
      bytes: JSON.stringify({ Events: [event] }).length,
      value: {
        Events: [
          {
            ...event,
            EmailAddress: told.address('jane@example.org'),
            Name: 'text, 8 characters',
            CustomFields: [
              { Key: 'Favourite colour', Value: 'text, 3 characters' },
              { Key: '[born]', Value: 'date, 10 characters' },
              { Key: 'score', Value: 'digits, 4 characters' },
            ],
            Count: 'number',
          },
        ],
      },
    });
    assert.equal(told.body(base64('Jane Doe'), null), 'neither JSON nor XML, 8 bytes');
  });

  it('says of reasons and failures what is ours', () => {
    const told = new AssistantShapes(nothing);
    for (const [reason, said] of [
      ['neither JSON nor XML: Unexpected token J in JSON at position 3', 'neither JSON nor XML at position 3'],
      ['not well-formed XML: Unexpected jane (line 1, column 5)', 'not well-formed XML (line 1, column 5)'],
      ['Events[3]: expected an object, got a string', 'Events[3]: expected an object, got a string'],
      ['the body is larger than 5242880 bytes', 'the body is larger than 5242880 bytes'],
      ['of jane', 'text, 7 characters'],
    ]) {
      const row = told.delivery({ reason, contentType: null, list: null } as Parameters<
        AssistantShapes['delivery']
      >[0]);
      assert.equal((row as { reason: string }).reason, said);
    }
    for (const [detail, said] of [
      ['connect ECONNREFUSED 127.0.0.1:80', 'ECONNREFUSED'],
      ['answered 302, a redirect to https://x/jane: redirects are not followed', 'answered 302, a redirect'],
      ['no answer within 30000 ms', 'no answer within 30000 ms'],
      ['jane', 'text, 4 characters'],
    ]) {
      const each = told.forwarding({ destinationId: 't1', destination: 'http://x/', detail } as Parameters<
        AssistantShapes['forwarding']
      >[0]);
      assert.equal((each as { detail: string }).detail, said);
    }
  });

  it('quotes nothing of a file that is no JSON', () => {
    for (const permitted of [nothing, { addresses: true, answers: true }]) {
      let message = '';
      try {
        JSON.parse('root:x:0:0:jane');
      } catch (error) {
        message = `one.cm-scenario.json: ${(error as Error).message}`;
      }
      assert.equal(new AssistantShapes(permitted).text(message), 'one.cm-scenario.json: not valid JSON');
    }
  });

  it('says of what a scenario saw of a callback our own words alone, also where it answers in them or in digits', () => {
    const seen = (actual: string): unknown => {
      const finding = { verdict: 'unmet', what: 'a condition', expected: 'false', actual } as const;
      const step = { title: 'one', sent: 1, p50Ms: 1, p99Ms: 1, findings: [finding], examples: [] };
      const told = new AssistantShapes(nothing).scenario({
        ...{ suite: 'one.cm-scenario.json', id: 'it', title: 'it', outcome: 'failed', reason: null, why: null },
        ...{ platform: null, mend: null, ms: 1, steps: [step] },
      }) as { readonly steps: readonly { readonly findings: readonly { readonly actual: unknown }[] }[] };
      return told.steps[0]?.findings[0]?.actual;
    };
    assert.equal(seen('200, +49 170 1234567'), '200, text, 15 characters');
    assert.equal(seen('200, 4111111111111111'), '200, digits, 16 characters');
    assert.equal(seen('200, at@once.is'), '200, text with an address, 10 characters');
    for (const own of ['200, an empty body', '200 (48 times), 503 (twice)', '+3 (from 1 to 4)', '210 ms'])
      assert.equal(seen(own), own);
    for (const code of [
      'no-answer',
      'no-change',
      'none-awaited',
      'not-awaited',
      'nothing',
      'same-order',
      'closed',
    ] as const)
      assert.equal(seen(checkEnglish[code]), checkEnglish[code]);
    assert.equal(seen('not expected (48 times), 3 more'), 'not expected (48 times), 3 more');
  });

  it('masks in the URL of a destination what holds an address', () => {
    const told = new AssistantShapes(nothing);
    assert.equal(told.url('https://x.example.org/in?a=1'), 'https://x.example.org/in?a=1');
    const jane = told.address('jane@example.org');
    assert.equal(
      told.url('https://jane%40example.org:pw@x.example.org/of/jane@example.org?to=jane%40example.org'),
      `https://x.example.org/of/${jane}?to=${told.address('jane%40example.org')}`,
    );
  });
});
