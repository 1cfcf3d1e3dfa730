import assert from 'node:assert/strict';
import type { CheckResult } from '../../../src/check/check.ts';
import type { Answer } from '../../../src/check/exchange.ts';
import type { Message } from '../../../src/check/messages.ts';
import type { StepResult } from '../../../src/check/run.ts';
import type { Check } from '../../../src/check/suite.ts';
import { checksFor } from '../../../src/check/suite.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { drawCheck } from '../../../src/extension/check/check-view.ts';
import { engineText, findingWords, lookedAt, suiteText } from '../../../src/extension/check/suite-words.ts';
import type { CheckView } from '../../../src/extension/check/messages.ts';
import type { Localiser } from '../../../src/extension/ui/localiser.ts';
import { english } from '../events/rows.ts';

const [check] = checksFor({ answerWithinMs: 1000 }) as [Check, ...Check[]];
const secret = 'correct horse battery staple';

function message(body: string | Buffer): Message {
  return {
    label: 'notification',
    eventId: 'abc',
    events: 1,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
    manner: { kind: 'whole' },
    afterMs: 0,
  };
}

function answered(body: string | Buffer, more: Partial<Extract<Answer, { kind: 'answer' }>> = {}): Answer {
  return { kind: 'answer', status: 200, headers: [], body: Buffer.from(body), truncated: false, ms: 3, ...more };
}

function drawn(sent: Message, answer: Answer, more: Partial<StepResult> = {}): CheckView {
  const step: StepResult = {
    title: 'one event',
    sent: 1,
    examples: [{ message: { ...sent, bytes: sent.body.byteLength }, attempts: [answer] }],
    p50Ms: 3,
    p99Ms: 3,
    findings: [],
    ...more,
  };
  const result: CheckResult = {
    check,
    outcome: 'failed',
    reason: 'the answer: expected 2xx, got 500',
    result: {
      name: check.title,
      outcome: 'failed',
      reason: null,
      steps: [step],
      ms: 12,
      isUnreachable: false,
    },
  };
  return drawCheck(check, result, 'waiting', { mask: new SecretMask([secret]), l10n: english });
}

describe('A check as its page shows it', () => {
  it('says before it was run how it is, and why it matters', () => {
    const view = drawCheck(check, undefined, 'running', { mask: new SecretMask([]), l10n: english });
    assert.deepEqual([view.state, view.word, view.took, view.reason], ['running', 'Running', '', '']);
    assert.equal(view.why, check.why);
    assert.deepEqual(view.steps, []);
  });

  it('shows JSON indented, as it was sent and as it was answered', () => {
    const requests = drawn(message('{"a":[1]}'), answered('{"taken":true}')).steps[0]?.requests ?? [];
    assert.deepEqual(
      requests.map(({ body, attempts }) => [body.text, ...attempts.flatMap(({ title, body }) => [title, body?.text])]),
      [['{\n  "a": [\n    1\n  ]\n}', '200 in 3 ms', '{\n  "taken": true\n}']],
    );
  });

  it('shows no secret that the callback repeats: in headers, bodies, reasons, findings', () => {
    const view = drawn(
      message('{}'),
      answered(`you sent ${secret}`, {
        headers: [['X-Seen', Buffer.from(`user:${secret}`).toString('base64')]],
      }),
      {
        findings: [{ verdict: 'unmet', what: 'a condition', expected: 'true', actual: `200, you sent ${secret}` }],
      },
    );
    const text = JSON.stringify(view);
    assert.doesNotMatch(text, /battery staple/);
    assert.doesNotMatch(text, new RegExp(Buffer.from(`user:${secret}`).toString('base64').slice(8, 30)));
  });

  it('makes visible what would hide or turn a line, and keeps the lines of a body', () => {
    const [step] = drawn(message('{}'), answered('one\ntwo \u202eneves\u0007')).steps;
    assert.equal(step?.requests[0]?.attempts[0]?.body?.text, 'one\ntwo \\u{202e}neves\\x07');
  });

  it('cuts long bodies and says so, never within a character', () => {
    const body = drawn(message('{}'), answered(`a${'😀'.repeat(5000)}`)).steps[0]?.requests[0]?.attempts[0]?.body;
    assert.ok(body !== null && body !== undefined && body.text.length <= 4000);
    assert.match(body.notice, /^Only the first \d+ of 10001 characters/);
    assert.doesNotMatch(body.text, /\p{Surrogate}/u);
  });

  it('says of bytes that are no text that they are none, and of no answer why there is none', () => {
    const bytes = drawn(message('{}'), answered(Buffer.from([0xff, 0xfe, 0x00]))).steps[0]?.requests[0]?.attempts[0];
    assert.deepEqual(bytes?.body, { text: '', notice: '3 bytes that are no text.' });
    const none = drawn(message('{}'), { kind: 'broken', error: 'socket hang up', ms: 7 }).steps[0]?.requests[0];
    assert.deepEqual(none?.attempts, [{ title: 'socket hang up in 7 ms', headers: [], body: null }]);
  });

  it('tells how fast many were answered, and how many are shown', () => {
    const [step] = drawn(message('{}'), answered(''), { sent: 50, p50Ms: 4, p99Ms: 1200 }).steps;
    assert.equal(step?.facts, '50 requests · half answered within 4 ms, 99 of 100 within 1.2 s · 1 of them are shown');
  });

  it('has words for all that the engine looks at', () => {
    const known = ['the answer', 'the answers', 'the slowest answer', 'p50', 'p99', 'attempts'];
    const all = [...known, 'the order of the answers', 'a condition', 'the probe', 'what it keeps'];
    for (const what of all) assert.notEqual(lookedAt(what, english), what);
  });

  it('says what the probe told in the words of the language, and leaves alone what is no word of the engine’s', () => {
    const shouted: Localiser = { t: (message, ...args) => english.t(message.toUpperCase(), ...args) };
    assert.equal(engineText('2 more (from 2 to 4)', shouted), '2 MORE (FROM 2 TO 4)');
    assert.equal(engineText('1 fewer (from 3 to 2)', shouted), '1 FEWER (FROM 3 TO 2)');
    assert.equal(engineText('no change (from 0 to 0)', shouted), 'NO CHANGE (FROM 0 TO 0)');
    assert.equal(engineText('no change', shouted), 'NO CHANGE');
    assert.equal(engineText('2 more or less', shouted), '2 more or less');
    assert.equal(
      findingWords({ verdict: 'unmet', what: 'the probe', expected: '1 more', actual: 'no change' }, shouted),
      'THE PROBE: EXPECTED 1 MORE, GOT NO CHANGE',
    );
  });

  it('has the texts of the whole suite translated', async () => {
    const { default: german } = (await import('../../../l10n/bundle.l10n.de.json', { with: { type: 'json' } })) as {
      default: Record<string, string>;
    };
    for (const { title, why, platform, mend } of checksFor({ answerWithinMs: 1000 }))
      for (const text of [title, why, platform, mend])
        assert.notEqual(suiteText(text, { t: (message) => german[message] ?? '' }), '', text);
  });
});
