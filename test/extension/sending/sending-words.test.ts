import assert from 'node:assert/strict';
import { heldCount, pauserOf } from '../../../src/protocol/event-row.ts';
import { leftPausedText, onPurposeText, pausedText } from '../../../src/extension/sending/sending-words.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';
import type { PausedSending } from '../../../src/extension/sending/sending-words.ts';
import type { Stop } from '../../../src/protocol/debug.ts';
import type { AnsweringOnPurpose } from '../../../src/protocol/answering.ts';

const since = new Date(2026, 2, 1, 9, 5, 7).toISOString();

function paused(changes: Partial<PausedSending> = {}): PausedSending {
  return {
    state: 'paused',
    by: { kind: 'client', client: { kind: 'vscode', id: '7' } },
    since,
    stop: null,
    held: { pause: 2, breakpoint: 1, missingKey: 40, destination: 50 },
    breakpoints: 0,
    ...changes,
  };
}

function stop(changes: Partial<Stop> = {}): Stop {
  return {
    ...{ reason: 'breakpoint', at: since, place: 'event', breakpointIds: ['b1'], deliveryId: 'd2', eventId: 'e2' },
    ...{
      notificationId: 'n2',
      destinationId: 't1',
      attempt: null,
      text: 'e2 stopped at b1: before sending',
    },
    ...changes,
  };
}

describe('The words for sending', () => {
  useVscodeStandIn();

  it('say who paused it, and make what a client calls itself printable', () => {
    const of = (kind: 'terminal' | 'vscode' | 'other', id?: string): string =>
      pauserOf({ kind: 'client', client: { kind, ...(id !== undefined && { id }) } });
    assert.equal(of('vscode', '12'), 'VS Code');
    assert.equal(of('terminal', '12'), 'a terminal (12)');
    assert.equal(of('terminal'), 'a terminal');
    assert.equal(of('other', 'a\nb'), 'another program (a\\x0ab)');
    assert.equal(of('other'), 'another program');
    assert.equal(pauserOf({ kind: 'breakpoint', breakpointId: 'b3' }), 'breakpoint b3');
  });

  it('count what somebody can let go on, and not what waits for a key or its destination', () => {
    assert.equal(heldCount(paused().held), 3);
    const now = new Date(2026, 2, 1, 10, 0, 0).getTime();
    const reader = { now, language: 'en' };
    assert.equal(pausedText(paused(), reader), 'Sending paused at 09:05:07 by VS Code. Held: 3.');
    assert.equal(
      pausedText(paused(), { ...reader, now: new Date(2026, 2, 2, 8).getTime() }),
      'Sending paused on Mar 1 09:05 by VS Code. Held: 3.',
    );
    assert.equal(leftPausedText(paused(), 'en'), 'Sending is paused and stays paused when the relay starts. Held: 3.');
  });

  it('say where it stopped', async () => {
    const { stopText } = await import('../../../src/extension/sending/sending-notices.ts');
    const says = (place: Stop['place'], changes: Partial<Stop> = {}): string => stopText(stop({ place, ...changes }));
    assert.equal(says('event'), 'Sending stopped at breakpoint b1 before e2 was sent.');
    assert.equal(
      says('failed-attempt', { breakpointIds: ['b1', 'b2'] }),
      'Sending stopped at breakpoint b1, b2 after an attempt to send e2 failed.',
    );
    assert.match(says('wrong-signature'), /the signature of e2 is wrong or missing/);
    assert.match(says('rejected'), /e2 was rejected/);
    // Of a text from outside no link is made.
    assert.equal(says('event', { eventId: null, text: 'see [this](command:x)' }), 'see [this] (command:x)');
  });
});

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
});
