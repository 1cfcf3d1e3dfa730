import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flagsOf, labelOf, signatureOf } from '../../../src/protocol/event-row.ts';
import { inMessage, plainMarkdown, printable, unlinked } from '../../../src/extension/ui/printable.ts';
import {
  descriptionOf,
  forwardingInFull,
  forwardingOf,
  rowLabelOf,
  stateOf,
  whyNothingIsResent,
} from '../../../src/extension/events/event-words.ts';
import { clockOf, placeOf } from '../../../src/extension/ui/phrases.ts';
import type { PausedBy, Stop } from '../../../src/protocol/debug.ts';
import type { Forwarding } from '../../../src/protocol/history.ts';
import { around, eventRow, forwarding } from './rows.ts';

function words(changes: Partial<Forwarding>): string {
  return forwardingOf(forwarding(changes), around());
}

const soon = '2026-03-01T12:03:40.000Z';

describe('the words for an event', () => {
  it('name the state of a forwarding as a person would', () => {
    assert.equal(words({}), 'waiting');
    assert.equal(words({ detail: 'cannot be reached: refused' }), 'waiting: cannot be reached: refused');
    assert.equal(
      words({ state: 'held', detail: 'the key "a" has not been supplied' }),
      'held: the key "a" has not been supplied',
    );
    assert.equal(words({ state: 'held' }), 'held');
    assert.equal(words({ attempts: 1, nextAttemptAt: soon, status: 500 }), 'retrying, attempt 2 of 6');
    assert.equal(words({ attempts: 1, nextAttemptAt: soon, maxAttempts: 10 }), 'retrying, attempt 2 of 10');
    assert.equal(words({ attempts: 8, ofRound: 2, nextAttemptAt: soon }), 'retrying, attempt 9 of 12');
    assert.equal(words({ attempts: 8, nextAttemptAt: soon }), 'retrying');
    assert.equal(words({ state: 'sent', attempts: 1, status: 200, durationMs: 12.3 }), 'sent 200 in 12 ms');
    assert.equal(words({ state: 'sent', attempts: 1, status: 204, durationMs: 1240 }), 'sent 204 in 1.2 s');
    assert.equal(words({ state: 'failed', attempts: 6, status: 500 }), 'failed 500');
    assert.equal(words({ state: 'failed', attempts: 6, detail: 'timed out' }), 'failed: timed out');
    assert.equal(words({ state: 'discarded' }), 'discarded');
  });

  it('say who holds what a pause or a breakpoint holds, and in full since when', () => {
    const since = new Date(2026, 2, 1, 12, 1, 2).toISOString();
    const pause = forwarding({ state: 'held', heldBy: 'pause', detail: 'sending is paused' });
    const stopped = forwarding({ state: 'held', heldBy: 'breakpoint', breakpointId: 'b1', detail: 'stopped at b1' });
    const stop: Stop = {
      ...{ at: since, reason: 'breakpoint', place: 'event', breakpointIds: ['b1'], text: '', attempt: null },
      ...{ deliveryId: null, eventId: null, notificationId: null, destinationId: null, failure: null },
    };
    const held = { pause: 1, breakpoint: 1, missingKey: 0, destination: 0 };
    const says = (each: Forwarding, by?: PausedBy, at = since, day = 1): string =>
      forwardingInFull(
        each,
        around({
          now: new Date(2026, 2, day, 12, 3).getTime(),
          ...(by && { sending: { state: 'paused', by, since: at, held, breakpoints: 1, stop } }),
        }),
      );
    const terminal: PausedBy = { kind: 'client', client: { kind: 'terminal', id: '12' } };
    assert.equal(forwardingOf(pause, around()), 'held: sending is paused');
    assert.equal(forwardingOf(stopped, around()), 'held at breakpoint b1');
    assert.equal(says(pause), 'held: sending is paused');
    assert.equal(says(pause, terminal), 'held: sending paused at 12:01:02 by a terminal (12)');
    assert.equal(says(pause, terminal, since, 2), 'held: sending paused on Mar 1 12:01 by a terminal (12)');
    assert.equal(says(stopped), 'held at breakpoint b1');
    assert.equal(says(stopped, { kind: 'breakpoint', breakpointId: 'b1' }), 'held at breakpoint b1 since 12:01:02');
    // It has stopped since that others were held at it, too: when, is not known of each.
    const earlier = new Date(2026, 2, 1, 11, 0).toISOString();
    assert.equal(says(stopped, { kind: 'breakpoint', breakpointId: 'b1' }, earlier), 'held at breakpoint b1');
  });

  it('say why a replay sent nothing', () => {
    const why = (...states: Forwarding['state'][]): string =>
      whyNothingIsResent([eventRow(1, { forwardings: states.map((state) => forwarding({ state })) })]);
    assert.match(why(), /no matching destination/);
    assert.match(why('discarded'), /no matching destination/);
    assert.match(why('sent', 'waiting'), /still waiting/);
    assert.match(why('held'), /still waiting/);
    const held = forwarding({ state: 'held', heldBy: 'pause' });
    assert.match(whyNothingIsResent([eventRow(1, { forwardings: [held] })]), /choose Release/);
  });

  it('say once what came of the last attempt', () => {
    const full = (changes: Partial<Forwarding>): string => forwardingInFull(forwarding(changes), around());
    assert.equal(full({ state: 'failed', status: 500, detail: 'answered 500' }), 'failed 500');
    assert.equal(full({ state: 'failed', detail: 'timed out' }), 'failed: timed out');
    assert.equal(full({ detail: 'cannot be reached: refused' }), 'waiting: cannot be reached: refused');
    assert.equal(full({ state: 'held', detail: 'no key' }), 'held: no key');
    assert.equal(
      full({ attempts: 1, nextAttemptAt: soon, status: 503, detail: 'answered 503' }),
      'retrying, attempt 2 of 6',
    );
    assert.equal(
      full({ attempts: 1, nextAttemptAt: soon, detail: 'timed out' }),
      'retrying, attempt 2 of 6; timed out',
    );
    const redirect = 'answered 302, a redirect: redirects are not followed';
    assert.equal(full({ state: 'failed', status: 302, detail: redirect }), `failed 302; ${redirect}`);
    assert.equal(full({ state: 'sent', status: 200, durationMs: 5, detail: 'answered 200' }), 'sent 200 in 5 ms');
  });

  it('tell of several destinations the worst, and how many took it', () => {
    const sent = forwarding({ state: 'sent', attempts: 1, status: 200, durationMs: 5 });
    const failed = forwarding({ state: 'failed', attempts: 6, status: 500, destination: 'http://127.0.0.1:1/' });
    const state = (forwardings: Forwarding[]): string => stateOf(eventRow(1, { forwardings }), around());
    assert.equal(state([sent, failed]), 'failed 500, 1 of 2 sent');
    assert.equal(state([sent, sent]), 'sent 200 in 5 ms, 2 times');
    assert.equal(state([]), 'not forwarded');
  });

  it('begin the row of an event that was not taken with the answer, and say in the description what follows', () => {
    const at = clockOf('2026-03-01T12:00:00.000Z', around().now, 'en');
    const says = (...forwardings: Forwarding[]): string =>
      [rowLabelOf, descriptionOf].map((part) => part(eventRow(1, { list: null, forwardings }), around())).join(' | ');
    const name = labelOf(eventRow(1));
    const failed = forwarding({ state: 'failed', status: 500, detail: 'answered 500' });
    const sent = forwarding({ state: 'sent', status: 200, durationMs: 5 });
    assert.equal(says(failed), `500 · ${name} | ${at} · e1`);
    assert.equal(says(failed, sent), `500 · ${name} | ${at} · 1 of 2 sent · e1`);
    for (const detail of ['no answer within 10000 ms', 'no complete answer within 10 ms', 'no connection in time'])
      assert.equal(says(forwarding({ state: 'failed', detail })), `timed out · ${name} | ${at} · e1`);
    // As short as a status, so that type and address are in sight: the event's page has all of it.
    for (const [detail, word] of [
      ['connect ECONNREFUSED 127.0.0.1:4999', 'refused'],
      ['getaddrinfo ENOTFOUND callback.example.test', 'unknown host'],
    ] as const)
      assert.equal(says(forwarding({ state: 'failed', detail })), `${word} · ${name} | ${at} · e1`);
    assert.equal(says(forwarding({ state: 'failed', detail: 'reset\u202e' })), `reset\\u{202e} · ${name} | ${at} · e1`);
    assert.equal(says(forwarding({ state: 'failed' })), `${name} | ${at} · failed · e1`);
    const retrying = { attempts: 1, nextAttemptAt: soon } as const;
    assert.equal(
      says(forwarding({ ...retrying, status: 503 })),
      `503 · ${name} | ${at} · retrying, attempt 2 of 6 · e1`,
    );
    assert.equal(
      says(forwarding({ ...retrying, detail: 'no answer within 10 ms' })),
      `timed out · ${name} | ${at} · retrying, attempt 2 of 6 · e1`,
    );
    assert.equal(says(sent), `${name} | ${at} · sent 200 in 5 ms · e1`);
  });

  it('tell whether the platform’s signature is valid, wrong or missing', () => {
    const says = (signature: 'valid' | 'invalid' | 'missing' | 'unchecked' | null): string =>
      descriptionOf(eventRow(1, { signature, list: null }), around())
        .split(' · ')
        .slice(3)
        .join();
    assert.deepEqual((['valid', 'invalid', 'missing', 'unchecked', null] as const).map(says), [
      'valid signature',
      'wrong signature',
      'no signature',
      '',
      '',
    ]);
    assert.match(signatureOf(eventRow(1, { signature: 'unchecked' })), /no verify key/);
  });

  it('label an event by its type and address, a test call and a rejected delivery as what they are', () => {
    const none = { notificationId: null, forwardings: [], address: null, type: null, list: null };
    assert.equal(labelOf(eventRow(1)), 'Subscribe · person1@example.com');
    assert.equal(labelOf(eventRow(1, { kind: 'test', ...none })), 'Test call');
    const rejected = eventRow(1, { kind: 'rejected', reason: 'neither JSON\nnor XML', ...none });
    assert.equal(labelOf(rejected), 'Rejected: neither JSON\\x0anor XML');
    assert.equal(labelOf(eventRow(1, { address: null, type: null })), 'No type · No address');
    assert.match(descriptionOf(rejected, around()), /^\d\d:\d\d:00 · e1$/);
  });

  it('show no query of a destination, which may hold a token', () => {
    assert.equal(placeOf('https://example.com/callback?token=planted#planted'), 'https://example.com/callback');
  });
});

describe('text from outside', () => {
  it('hides nothing and reorders nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Control}\p{Format}\p{Zl}\p{Zp}\p{Surrogate}]/u);
      }),
    );
    assert.equal(printable('a\u202eb\u0007'), 'a\\u{202e}b\\x07');
  });

  it('makes no link in a message', () => {
    assert.equal(inMessage('[Renew](command:evil)\n'), '[Renew] (command:evil)\\x0a');
    assert.equal(unlinked('a [b](https://c) d'), 'a [b] (https://c) d');
  });

  it('is never markup: no character of Markdown, HTML or a link is left as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.doesNotMatch(plainMarkdown(text).replace(/&#\d+;/g, ''), /[!-/:-@[-`{-~]/);
      }),
    );
    assert.equal(plainMarkdown('[x](command:y)').includes(']('), false);
  });
});

describe('the flags of an event', () => {
  it('stand between semicolons, one for each thing that can be done', () => {
    assert.equal(flagsOf(eventRow(1)), ';row;;notification;;open;');
    assert.equal(
      flagsOf(eventRow(1, { forwardings: [forwarding({ state: 'failed', attempts: 2, status: 500 })] })),
      ';row;;notification;',
    );
    assert.equal(
      flagsOf(eventRow(1, { forwardings: [forwarding({ state: 'held' })] })),
      ';row;;notification;;open;;held;',
    );
    const heldBy = (...by: Forwarding['heldBy'][]): string =>
      flagsOf(eventRow(1, { forwardings: by.map((each) => forwarding({ state: 'held', heldBy: each })) }));
    for (const by of ['pause', 'breakpoint'] as const) assert.equal(heldBy(by), ';row;;notification;;open;;atGate;');
    for (const by of ['missing-key', 'destination'] as const)
      assert.equal(heldBy(by), ';row;;notification;;open;;held;');
    assert.equal(heldBy('pause', 'missing-key'), ';row;;notification;;open;;atGate;;held;');
    const nothing = { notificationId: null, address: null, forwardings: [] };
    assert.equal(flagsOf(eventRow(1, { kind: 'test', ...nothing })), ';row;');
    assert.equal(flagsOf(eventRow(1, { ...nothing, address: '' })), ';row;');
  });
});
