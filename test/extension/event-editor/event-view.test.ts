import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  answeredColumn,
  answerPlace,
  cameInColumn,
  columnKeys,
  drawEvent,
  readEvent,
  sentColumn,
} from '../../../src/extension/event-editor/event-view.ts';
import type { DrawnEvent, ReadEvent } from '../../../src/extension/event-editor/event-view.ts';
import type { Column, ColumnName } from '../../../src/extension/event-editor/messages.ts';
import { sign } from '../../../src/open-connectors/signature.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { send } from '../../relay/requests.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { around } from '../events/rows.ts';
import { viewer } from './viewer.ts';

const platform = readFileSync(
  new URL('../../fixtures/open-connectors/notification-polling-capture.json', import.meta.url),
);

interface Shown extends DrawnEvent, Readonly<Record<ColumnName, Column>> {
  readonly read: ReadEvent;
}

/** An event as the page shows it, with a step chosen. */
async function show(client: RelayClient, eventId: string, chosen?: string, looking = viewer()): Promise<Shown> {
  const read = await readEvent(client, eventId);
  const drawn = drawEvent(read, chosen, looking);
  const subject = drawn.subjects.get(drawn.view.chosen);
  return {
    ...drawn,
    read,
    cameIn: cameInColumn(read, looking),
    sent: await sentColumn(client, read, subject, looking),
    answered: answeredColumn(read, subject, looking),
  };
}

function marked({ body }: Column): string[] {
  return (body?.marks ?? []).map(({ start, end }) => body?.text.slice(start, end) ?? '');
}

function mapped({ body }: Column): string[] {
  return (body?.mapped ?? []).map(({ start, end }) => (body?.text.slice(start, end) ?? '').trim());
}

function fact({ view }: Shown, name: string): string | undefined {
  return [...view.facts, ...view.details].find(([its]) => its === name)?.[1];
}

describe('An event in its editor', () => {
  it('has its type, address, list by name and place in its head, and what can be done with it', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody({ events: 5, type: 'Update', list: '96c0bbdaa54760c8d9e62a2b7ffa2e13' }));
    await relay.drained();
    const shown = await show(relay.client, 'e3', undefined, viewer({ nameOfList: () => 'Newsletter' }));
    const { view } = shown;
    assert.match(view.heading, /^Update · .+@example\./);
    assert.deepEqual(view.pill, { state: 'sent', text: 'Sent' });
    assert.equal(fact(shown, 'List'), 'Newsletter');
    assert.equal(fact(shown, 'Position in delivery'), '3 of 5');
    // Ids are there for who looks for them, and not in sight.
    assert.equal(fact(shown, 'Event'), 'e3');
    assert.ok(view.details.some(([, value]) => value === '96c0bbdaa54760c8d9e62a2b7ffa2e13'));
    assert.doesNotMatch(JSON.stringify(view.facts), /[ednt]\d|96c0bb/);
    assert.equal(view.reason, null);
    assert.equal(fact(shown, 'Signature'), undefined);
    assert.ok(view.actions.includes('resend') && view.actions.includes('compareWithNotification'));
    assert.ok(!view.actions.includes('discard') && !view.actions.includes('compareAnswers'));
    assert.deepEqual(view.texts, ['body', 'notification', 'answer']);
    assert.equal(view.first, 'cameIn');
  });

  it('is marked among the events of its delivery, and so is what became of it', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], partSize: 2 } });
    await relay.deliver(sampleBody({ events: 5, type: 'Update' }));
    await relay.drained();
    const shown = await show(relay.client, 'e4');
    const { address } = shown.read.found.event;
    const [own, ...others] = marked(shown.cameIn);
    assert.deepEqual(others, []);
    assert.ok(own?.includes(`"EmailAddress": "${address}"`));
    assert.equal((JSON.parse((own ?? '').trim().replace(/,$/, '')) as { EmailAddress: string }).EmailAddress, address);
    const [raw, object] = marked(shown.sent);
    assert.ok(raw?.includes(`"EmailAddress": "${address}"`));
    assert.ok(object?.includes(`"objectId": "${address}"`));
    assert.ok(mapped(shown.cameIn).includes(`"EmailAddress": "${address}",`));
    assert.ok(mapped(shown.sent).includes(`"objectId": "${address}",`));
    const byTarget = new Map(shown.sent.mapping.map((each) => [each.to, each]));
    assert.deepEqual(byTarget.get('objectId'), {
      from: 'EmailAddress',
      fromValue: address,
      to: 'objectId',
      toValue: address,
    });
    assert.equal(byTarget.get('eventType')?.fromValue, 'Update');
    assert.equal(byTarget.get('date')?.from, 'Date');
    assert.equal(byTarget.get('elementKey')?.from, '');
  });

  it('shows its steps by destination, what came of each, and begins at the answer that failed', async () => {
    const [good, bad] = [await startReceiver(), await startReceiver({ answer: { status: 500, body: 'no' } })];
    const relay = await startTestRelay({
      settings: { destinations: [{ url: good.url }, { url: bad.url }], retry: 'none' },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const failed = await show(relay.client, 'e1');
    assert.equal(failed.view.first, 'answered');
    assert.deepEqual(failed.view.pill, { state: 'failed', text: 'Failed' });
    const [start, one, two] = failed.view.groups;
    assert.deepEqual(
      start?.steps.map(({ title }) => title),
      ['Received', 'Normalized'],
    );
    assert.equal(one?.label, good.url);
    assert.match(one.steps[0]?.detail ?? '', /^200 in [\d.]+ ms$/);
    assert.match(two?.steps[0]?.detail ?? '', /^500 in /);
    assert.equal(two?.pill?.state, 'failed');
    assert.equal(failed.view.chosen, two.steps[0]?.id);
    assert.equal(failed.answered.body?.text, 'no');
    assert.equal(failed.answered.pill?.text, 'Answered 500');
    assert.match(failed.sent.title, new RegExp(`^n1 to ${bad.url}$`));

    bad.answer({ status: 200, body: '{"ok":1}' });
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    await until(async () => (await show(relay.client, 'e1')).view.pill.state === 'sent');
    const replayed = await show(relay.client, 'e1');
    const steps = replayed.view.groups[2]?.steps ?? [];
    assert.deepEqual(
      steps.map(({ title }) => title),
      ['Attempt 1', 'Attempt 2 (resent)'],
    );
    // Its answer stands under the same name.
    assert.match(replayed.answered.title, /^Attempt 2 \(resent\) at http/);
    assert.match(steps[1]?.wait ?? '', /^\+/);
    assert.ok(replayed.view.actions.includes('compareAnswers'));
    // What the reader has chosen stays chosen.
    const first = await show(relay.client, 'e1', steps[0]?.id);
    assert.equal(first.answered.body?.text, 'no');
    const subject = first.subjects.get(first.view.chosen);
    assert.ok(subject?.kind === 'attempt');
    assert.ok(answerPlace(first.read, subject.attempt) >= 1);
    const keys = (shown: Shown) => columnKeys(shown.read, shown.subjects.get(shown.view.chosen));
    assert.equal(keys(first).cameIn, keys(replayed).cameIn);
    assert.notEqual(keys(first).answered, keys(replayed).answered);
  });

  it('says when the next attempt is due, and why one waits', async () => {
    const receiver = await startReceiver({ answer: { status: 503 } });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url }], retry: 'cloud-elements' },
    });
    await relay.deliver(sampleBody());
    const looking = viewer();
    const retrying = await until(async () => {
      const shown = await show(relay.client, 'e1', undefined, looking);
      return shown.view.pill.state === 'retrying' ? shown : undefined;
    });
    const next = retrying.view.groups.at(-1)?.steps.at(-1);
    assert.equal(next?.title, 'Next Attempt');
    const due = retrying.read.found.event.forwardings[0]?.nextAttemptAt;
    assert.equal(next.dueInMs, Date.parse(due ?? '') - looking.around.now);
    assert.match(next.spoken, /^due at \d/);
    assert.ok(retrying.view.actions.includes('discard') && retrying.view.actions.includes('resend'));
    assert.equal(retrying.view.waits, true);
    assert.equal(retrying.view.reason?.what, `503 from ${receiver.url}`);
    await relay.client.request('notifications/discard', { ids: ['e1'] });
    const discarded = await show(relay.client, 'e1');
    assert.ok(discarded.view.actions.includes('resend') && !discarded.view.actions.includes('discard'));
    assert.equal(discarded.view.waits, false);
    const last = discarded.view.groups.at(-1)?.steps.at(-1);
    assert.deepEqual([last?.title, last?.dueInMs], ['Discarded', null]);
    const looked = await show(relay.client, 'e1', last?.id);
    assert.equal(looked.answered.nothing, 'Discarded. To send the notification anyway, resend it.');
  });

  it('is held for a key that was not given, and leads to giving it', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url, signatureKeyName: 'mine' }] },
    });
    await relay.deliver(sampleBody());
    const shown = await show(relay.client, 'e1', undefined, viewer({ around: around({ whyWaiting: () => 'no key' }) }));
    assert.equal(shown.view.pill.state, 'held');
    assert.ok(shown.view.actions.includes('manageSecrets'));
    assert.equal(shown.answered.facts[0]?.[1], 'no key');
  });

  it('is held by a pause: says who paused sending, and leads to releasing, editing and discarding it', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.client.request('debug/pause', { by: { kind: 'terminal', id: '12' } });
    await relay.deliver(sampleBody());
    const { sending } = await relay.client.request('relay/status', {});
    const shown = await show(relay.client, 'e1', undefined, viewer({ around: around({ sending, now: Date.now() }) }));
    const [release, edit, discard] = shown.view.actions.slice(shown.view.actions.indexOf('release'));
    assert.deepEqual([release, edit, discard], ['release', 'editAndRelease', 'discard']);
    for (const other of ['editAndResend', 'manageSecrets', 'resend'] as const)
      assert.ok(!shown.view.actions.includes(other), other);
    const says = /^held: sending paused at \d\d:\d\d:\d\d by a terminal \(12\)$/;
    assert.match(shown.view.groups[1]?.pill?.text ?? '', says);
    assert.match(shown.answered.facts[0]?.[1] ?? '', says);
    const { events } = await relay.client.request('debug/edit', {
      id: 'e1',
      body: { text: sampleBody({ email: 'edited@example.com' }) },
    });
    const edited = await show(relay.client, events[0]?.id ?? '');
    assert.equal(fact(edited, 'Replaces'), 'd1, with edits');
    const original = await show(relay.client, 'e1');
    assert.equal(original.view.pill.state, 'discarded');
    assert.ok(!original.view.actions.includes('release'));
  });

  for (const [check, keys, headers, said] of [
    ['valid', ['secret'], { 'Elements-Webhook-Signature': sign(platform, 'secret') }, 'valid'],
    ['invalid', ['other'], { 'Elements-Webhook-Signature': sign(platform, 'secret') }, 'wrong'],
    ['missing', ['secret'], {}, 'missing'],
  ] as const)
    it(`of the platform says that its signature is ${check}`, async () => {
      const relay = await startTestRelay();
      await relay.client.request('relay/configure', {
        secrets: { verifyKeys: Object.fromEntries(keys.map((key) => [key, key])) },
      });
      await send(relay.openConnectorsUrl, { body: platform, headers });
      const shown = await show(relay.client, 'e1');
      assert.equal(fact(shown, 'Signature'), said);
      assert.deepEqual(shown.sent.mapping, []);
      assert.deepEqual(
        shown.view.groups[0]?.steps.map(({ title }) => title),
        ['Received', 'Not Normalized'],
      );
    });

  it('of a rejected delivery shows what the relay answered, and why', async () => {
    const relay = await startTestRelay();
    await relay.deliver('not JSON');
    const { view, answered, sent } = await show(relay.client, 'e1');
    assert.deepEqual([view.pill.state, view.first, view.chosen], ['rejected', 'answered', 'received']);
    assert.equal(answered.pill?.text, 'Answered 400');
    assert.match(answered.facts.find(([name]) => name === 'Reason')?.[1] ?? '', /neither JSON nor XML/);
    assert.equal(sent.nothing, 'Test calls and rejected deliveries don’t have notifications.');
    assert.ok(!view.actions.includes('resend'));
  });

  it('shows nothing that is secret, and what cannot be seen as escapes', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: `${receiver.url}?token=hidden` }] },
    });
    await relay.deliver(sampleBody({ email: 'x\u202ey@example.com' }), { Authorization: 'Bearer planted' });
    await relay.drained();
    const shown = await show(relay.client, 'e1');
    const all = JSON.stringify([shown.view, shown.cameIn, shown.sent, shown.answered]);
    for (const secret of ['hidden', 'planted', '\u202e']) assert.ok(!all.includes(secret), secret);
    assert.ok(shown.cameIn.body?.text.includes('\\u{202e}'));
  });
});
