import assert from 'node:assert/strict';
import { askAboutHeld } from '../../src/extension/sending/sending.ts';
import { SendingNotices } from '../../src/extension/sending/sending-notices.ts';
import { watchSending } from '../../src/extension/sending/sending-watch.ts';
import type { PausedSending } from '../../src/extension/sending/sending-words.ts';
import type { Stop } from '../../src/protocol/debug.ts';
import { until } from './relay-stage.ts';
import { openWindow, StandInRelay, User, type Window } from './session-stage.ts';

const since = '2026-03-01T12:00:00.000Z';

function paused(held = 2): PausedSending {
  return {
    state: 'paused',
    by: { kind: 'breakpoint', breakpointId: 'b1' },
    since,
    stop: null,
    held: { pause: held, breakpoint: 0, missingKey: 0, destination: 0 },
    breakpoints: 1,
  };
}

function stop(changes: Partial<Stop> = {}): Stop {
  return {
    ...{ reason: 'breakpoint', at: since, place: 'event', breakpointIds: ['b1'], deliveryId: 'd2', eventId: 'e2' },
    ...{ notificationId: 'n2', destinationId: 't1', attempt: null, text: 'e2 met b1', failure: null },
    ...changes,
  };
}

describe('That sending is paused', function () {
  this.timeout(60_000);
  let user: User;
  let window: Window;
  let relay: StandInRelay;
  const opened: string[] = [];

  beforeEach(async () => {
    user = new User();
    window = openWindow();
    relay = await new StandInRelay(window.session.dataDir, '9.0.0').open();
    opened.length = 0;
    const notices = new SendingNotices({ open: (eventId) => Promise.resolve(opened.push(eventId)) });
    watchSending(window.context, window.session, () => Promise.resolve(notices));
  });
  afterEach(async () => {
    await window.close();
    await relay.close();
    user.putBack();
  });

  it('is said once for each start of the relay, with ways on', async () => {
    relay.status = { ...relay.status, sending: paused() };
    await window.session.start();
    const message = await until(() => user.message('Sending paused on'));
    assert.match(message?.text ?? '', /by breakpoint b1\. Held: 2\.$/);
    assert.deepEqual(message?.buttons, ['Continue Sending', 'Show Held Events']);
    message.choose('Show Held Events');
    await until(() => user.ran.includes('filterEvents'));
    relay.say();
    // Another window of the same folder, or the same one loaded again: its relay is the same.
    const again = openWindow('9.0.0', window.storage);
    const notices = new SendingNotices({ open: () => Promise.resolve() });
    watchSending(again.context, again.session, () => Promise.resolve(notices));
    const other = await new StandInRelay(again.session.dataDir, '9.0.0').open();
    other.status = { ...other.status, startedAt: relay.status.startedAt, sending: paused() };
    await again.session.start();
    assert.equal(user.messages.filter(({ text }) => text.includes('Sending paused on')).length, 1);
    other.status = { ...other.status, startedAt: '2026-03-02T12:00:00.000Z' };
    other.say();
    await until(() => user.messages.filter(({ text }) => text.includes('Sending paused on')).length === 2);
    await again.close();
    await other.close();
  });

  it('is said of answers on purpose as well, and ended from there', async () => {
    relay.status = {
      ...relay.status,
      answering: {
        ...{ state: 'on-purpose', status: 503, delayMs: 0, remaining: null, since, until: since },
        by: { kind: 'terminal', id: 'process 7' },
      },
    };
    await window.session.start();
    const message = await until(() => user.message('Deliveries are answered with 503'));
    assert.match(message?.text ?? '', /not forwarded \(set by a terminal \(process 7\)\)\.$/);
    assert.deepEqual(message?.buttons, ['Answer As Usual']);
    message.choose('Answer As Usual');
    await until(() => user.ran.includes('answerDeliveries'));
    assert.equal(user.message('Sending paused'), undefined);
  });

  it('is not said of a relay that is attached to and sends', async () => {
    relay.status = { ...relay.status, sending: { ...paused(), state: 'flowing' } as never };
    await window.session.start();
    assert.equal(user.message('Sending paused'), undefined);
  });

  it('is said at the first stop at a breakpoint, and not at those that follow a step, or a pause', async () => {
    await window.session.start();
    relay.tell('debug/stopped', { stop: stop({ reason: 'pause', place: null }), sending: paused() });
    relay.tell('debug/stopped', { stop: stop({ at: '2026-03-01T12:00:05.000Z', eventId: 'e3' }), sending: paused() });
    relay.tell('debug/stopped', { stop: stop(), sending: paused() });
    const message = await until(() => user.message('Sending stopped at breakpoint b1'));
    assert.match(message?.text ?? '', /before e2 was sent/);
    assert.equal(user.messages.filter(({ text }) => text.includes('Sending stopped')).length, 1);
    assert.deepEqual(message?.buttons, ['Show Event', 'Continue Sending']);
    message.choose('Show Event');
    await until(() => opened.length > 0);
    assert.deepEqual(opened, ['e2']);
  });

  it('is asked about before the relay stops, where something is held', async () => {
    assert.equal(await askAboutHeld(undefined), 'keep');
    assert.equal(await askAboutHeld(paused(0)), 'keep');
    assert.equal(user.messages.length, 0);
    for (const [button, answer] of [
      ['Keep Held', 'keep'],
      ['Release', 'release'],
      ['Discard', 'drop'],
      [undefined, undefined],
    ] as const) {
      const asked = askAboutHeld(paused(1));
      const message = user.messages.at(-1);
      assert.equal(message?.text, 'Stop the relay? One notification is held.');
      assert.deepEqual(message.buttons, ['Keep Held', 'Release', 'Discard']);
      message.choose(button);
      assert.equal(await asked, answer);
    }
  });

  it('goes to the relay with the answer when it is stopped', async () => {
    await relay.close();
    const given: unknown[] = [];
    for (const held of ['drop', 'keep'] as const) {
      const stopped = await new StandInRelay(window.session.dataDir, '9.0.0').open();
      stopped.before = (method, params) => {
        if (method === 'relay/stop') given.push(params);
      };
      await window.session.start();
      await window.session.stop(held);
      await stopped.close();
    }
    assert.deepEqual(given, [{ held: 'drop' }, { held: 'keep' }]);
  });
});
