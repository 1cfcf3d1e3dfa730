import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flagsOf, labelOf, rowState, shownState, signatureOf } from '../../../src/protocol/event-row.ts';
import { inMessage, plainMarkdown, printable, unlinked } from '../../../src/extension/ui/printable.ts';
import {
  descriptionOf,
  forwardingInFull,
  forwardingOf,
  rowLabelOf,
  spokenOf,
  stateOf,
  whyNothingIsResent,
} from '../../../src/extension/events/event-words.ts';
import { ageOf, clockOf, dateOf, listOf, placeOf } from '../../../src/extension/ui/phrases.ts';
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

  it('write a time as the language does, and leave what is none', () => {
    assert.equal(dateOf('2026-03-01 09:05:00', 'de'), '1.3.2026, 09:05:00');
    assert.equal(dateOf('2026-03-01T09:05:00', 'en-GB'), '01/03/2026, 09:05:00');
    assert.equal(dateOf('some day 1', 'de'), 'some day 1');
    assert.equal(dateOf('2026-99-01 09:05', 'de'), '2026-99-01 09:05');
  });

  it('do not count the attempts of an earlier round against the retry policy', () => {
    assert.equal(words({ attempts: 7, nextAttemptAt: soon }), 'retrying');
  });

  it('say why a notification waits that has just come', () => {
    const context = around({ whyWaiting: (id) => (id === 't1' ? 'cannot be reached: refused' : null) });
    assert.equal(forwardingOf(forwarding(), context), 'waiting: cannot be reached: refused');
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

  it('describe an event by its time first, then state, delivery, marks, list and id', () => {
    const at = clockOf('2026-03-01T12:00:00.000Z', around().now, 'en');
    assert.match(at, /^\d\d:\d\d:00$/);
    assert.equal(descriptionOf(eventRow(1), around()), `${at} · waiting · e1 · 96c0bbda…`);
    const marked = eventRow(2, { duplicateOf: 'e1', injected: true, signature: 'invalid', list: null });
    assert.equal(
      descriptionOf(marked, around()),
      `${at} · waiting · e2 · wrong signature · duplicate of e1 · edited and resent`,
    );
    const ofBatch = eventRow(3, { inDelivery: { position: 5, of: 5 }, list: null });
    assert.equal(descriptionOf(ofBatch, around()), `${at} · waiting · e3 · 5 of 5 in d3`);
    assert.match(spokenOf(ofBatch, around()), /, 5 of 5 in d3, e3$/);
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

  it('tell what is being sent at this moment from what waits', () => {
    const sending = around({ isUnderWay: (id, to) => id === 'n1' && to === 't1' });
    const state = (n: number, ...forwardings: Partial<Forwarding>[]): string =>
      stateOf(eventRow(n, { forwardings: forwardings.map(forwarding) }), sending);
    assert.equal(state(1, {}), 'sending');
    assert.equal(state(2, {}), 'waiting');
    assert.equal(state(1, { attempts: 2, nextAttemptAt: soon, status: 500 }), 'sending, attempt 3 of 6');
    assert.equal(state(1, {}, { destinationId: 't2', state: 'sent', status: 200 }), 'sending, 1 of 2 sent');
    assert.equal(state(1, {}, { destinationId: 't2', state: 'failed', status: 500 }), 'failed 500, 0 of 2 sent');
    assert.equal(state(1, { notificationId: 'n9', mode: 'raw' }), 'waiting', 'the raw body goes by itself');
    assert.equal(state(1, { state: 'sent', status: 200, durationMs: 5 }), 'sent 200 in 5 ms');
    assert.equal(shownState(eventRow(1), sending), 'sending');
    assert.equal(shownState(eventRow(2), sending), 'waiting');
    assert.equal(shownState(eventRow(1, { kind: 'test' }), sending), 'test');
  });

  it('give a time of day, and of another day the day', () => {
    const now = new Date(2026, 2, 1, 12, 0, 0).getTime();
    const said = (...at: [number, number, number, number, number, number]): string =>
      clockOf(new Date(...at).toISOString(), now, 'en');
    assert.equal(said(2026, 2, 1, 9, 5, 7), '09:05:07');
    assert.equal(said(2026, 1, 28, 23, 5, 7), 'Feb 28 23:05');
    assert.equal(said(2025, 11, 31, 23, 5, 7), '2025-12-31 23:05');
    assert.equal(clockOf(new Date(2026, 1, 28, 23, 5).toISOString(), now, 'de'), '28. Feb. 23:05');
  });

  it('call a list by its name where that is known', () => {
    const named = around({ nameOfList: (id) => (id.startsWith('96c0') ? 'News\nletter' : undefined) });
    assert.match(descriptionOf(eventRow(1), named), / · waiting · e1 · News\\x0aletter$/);
    assert.match(spokenOf(eventRow(1), named), /, list News\\x0aletter, /);
    assert.equal(listOf('96c0bb', around({ nameOfList: () => 'Newsletter' })), 'Newsletter (96c0bb)');
    assert.equal(listOf('96c0bb', around()), '96c0bb');
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

  it('are whole for a screen reader', () => {
    assert.match(
      spokenOf(eventRow(1), around()),
      /^Subscribe, person1@example\.com, waiting, list 96c0bbdaa54760c8d9e62a2b7ffa2e13, \d\d:\d\d:00, e1$/,
    );
  });

  it('give an age to the minute, hour and day', () => {
    const age = (seconds: number): string => ageOf(new Date(1e12).toISOString(), 1e12 + seconds * 1000);
    assert.deepEqual([-5, 59, 60, 3599, 3600, 86_399, 86_400].map(age), [
      'now',
      'now',
      '1 min ago',
      '59 min ago',
      '1 h ago',
      '23 h ago',
      '1 d ago',
    ]);
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

  it('is cut where it is long', () => {
    assert.equal(printable('x'.repeat(5000)).length, 201);
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

  it('go with the state that most needs a look', () => {
    const states = (...forwardings: Partial<Forwarding>[]): string =>
      rowState(eventRow(1, { forwardings: forwardings.map(forwarding) }));
    assert.equal(states({ state: 'sent' }, { state: 'waiting' }), 'waiting');
    assert.equal(states({ state: 'waiting' }, { state: 'failed' }), 'failed');
    assert.equal(states({ attempts: 1, nextAttemptAt: soon }), 'retrying');
    assert.equal(states(), 'none');
  });
});
