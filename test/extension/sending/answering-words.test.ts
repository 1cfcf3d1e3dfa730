import assert from 'node:assert/strict';
import { afterStatus, onPurposeText } from '../../../src/extension/sending/answering-words.ts';
import type { AnsweringOnPurpose } from '../../../src/protocol/answering.ts';

const until = new Date(2026, 2, 1, 9, 5, 7);

function said(changes: Partial<AnsweringOnPurpose> = {}): string {
  const answering: AnsweringOnPurpose = {
    ...{ state: 'on-purpose', status: 503, delayMs: 0, remaining: null },
    ...{ since: until.toISOString(), until: until.toISOString(), by: { kind: 'vscode' } },
    ...changes,
  };
  return onPurposeText(answering, { now: until.getTime(), language: 'en' });
}

describe('The words for deliveries that are answered on purpose', () => {
  it('say with what, until when, and who asked for it, printable', () => {
    assert.equal(said(), 'Deliveries are answered with 503 until 09:05:07 and not forwarded (set by VS Code).');
    assert.equal(
      said({ status: 200, delayMs: 30_000, by: { kind: 'terminal', id: 'process\u202e 7' } }),
      'Deliveries are answered with 200 after 30 s until 09:05:07 and not forwarded (set by a terminal (process\\u{202e} 7)).',
    );
  });

  it('say how many are left, where they are counted', () => {
    assert.equal(
      said({ remaining: 1200 }),
      'Deliveries are answered with 503 until 09:05:07 and not forwarded (set by VS Code). Left: 1,200.',
    );
  });

  it('say of a success that nothing comes again', () => {
    assert.deepEqual(
      [199, 200, 299, 300, 503].map((status) => afterStatus(status)),
      [undefined, 'the sender doesn’t post again', 'the sender doesn’t post again', undefined, undefined],
    );
  });
});
