import assert from 'node:assert/strict';
import { say, translate } from '../../../src/common/say.ts';
import type { CheckResult } from '../../../src/check/check.ts';
import type { Answer } from '../../../src/check/exchange.ts';
import type { Message } from '../../../src/check/messages.ts';
import { type Finding, type StepResult } from '../../../src/check/run.ts';
import { checksFor, type Check } from '../../../src/check/suite.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { drawCheck } from '../../../src/extension/check/check-view.ts';
import type { CheckView } from '../../../src/extension/check/messages.ts';
import { inGerman } from '../../common/in-german.ts';

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
    title: translate('one event'),
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
    reason: say('{0}: expected {1}, got {2}', say('the answer'), '2xx', '500'),
    result: {
      name: check.title,
      outcome: 'failed',
      reason: null,
      steps: [step],
      ms: 12,
      isUnreachable: false,
    },
  };
  return drawCheck(check, result, 'waiting', { causes: [], mask: new SecretMask([secret]) });
}

describe('A check as its page shows it', () => {
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
        findings: [
          {
            ...{ verdict: 'unmet', what: say('a condition'), expected: 'true' },
            actual: `200, you sent ${secret}`,
          },
        ],
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
    assert.match(body.notice, /^Showing the first \d+ of 10001 characters/);
    assert.doesNotMatch(body.text, /\p{Surrogate}/u);
    const long = answered('a'.repeat(5000), { truncated: true });
    const [part] = drawn(message('{}'), long).steps[0]?.requests[0]?.attempts ?? [];
    assert.equal(part?.body?.notice, 'Showing only the first 4000 characters.');
  });

  it('says of bytes that are no text that they are none, and of no answer why there is none', () => {
    const bytes = drawn(message('{}'), answered(Buffer.from([0xff, 0xfe, 0x00]))).steps[0]?.requests[0]?.attempts[0];
    assert.deepEqual(bytes?.body, { text: '', notice: '3 bytes of binary data.' });
    const none = drawn(message('{}'), { kind: 'broken', error: 'socket hang up', ms: 7 }).steps[0]?.requests[0];
    assert.deepEqual(none?.attempts, [{ title: 'socket hang up (after 7 ms)', headers: [], body: null }]);
  });

  const told = (): Finding => ({
    verdict: 'unmet',
    what: say('contacts'),
    expected: '+1',
    actual: say('{0} (from {1} to {2})', '-2', 4, 2),
  });

  it('says what was found in the user’s language', () => {
    const view = inGerman(() => {
      const broken: Answer = { kind: 'broken', error: say('no connection in time'), ms: 1 };
      return drawn(message('{}'), broken, { findings: [told()] });
    });
    const [step] = view.steps;
    assert.equal(view.reason, 'die Antwort: erwartet 2xx, erhalten 500');
    assert.equal(step?.title, 'ein Event');
    assert.deepEqual(step.findings, [
      {
        ...{ verdict: 'unmet', word: 'Nicht wie erwartet', what: 'Kontakte', expected: '+1' },
        actual: '-2 (von 4 auf 2)',
      },
    ]);
    assert.equal(step.requests[0]?.attempts[0]?.title, 'Verbindung kam nicht rechtzeitig zustande (nach 1 ms)');
  });
});
