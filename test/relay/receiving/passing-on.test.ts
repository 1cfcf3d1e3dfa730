import assert from 'node:assert/strict';
import { join } from 'node:path';
import { settingsSchema } from '../../../src/protocol/settings.ts';
import { Announcer } from '../../../src/relay/clients/announcer.ts';
import { Forwarder } from '../../../src/relay/sending/forwarder.ts';
import { passOn, type Followers } from '../../../src/relay/receiving/passing-on.ts';
import { Reception, renderSettingsOf, type Received } from '../../../src/relay/receiving/reception.ts';
import { Renderer } from '../../../src/relay/sending/render.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { startReceiver, type Receiver } from '../receiver.ts';
import { sampleBody } from '../stage.ts';
import { until } from '../until.ts';

interface Stage extends Followers {
  readonly receiver: Receiver;
  readonly logged: string[];
  /** Ids of what the clients were told. */
  readonly told: string[];
  receive(body: string): Promise<Received>;
}

/** The stations around it, all real. */
async function stage(): Promise<Stage> {
  const receiver = await startReceiver();
  const settings = settingsSchema.parse({ destinations: [{ url: receiver.url }] });
  const store = new Store(join(temporaryFolder(), 'relay.sqlite'));
  const renderer = new Renderer(store.stored);
  const nothing = (): void => undefined;
  const forwarder = new Forwarder({ store, renderer, onAttempt: nothing, onChange: nothing, log: nothing }, settings);
  const reception = new Reception(store, renderer, settings);
  const kept = store.destinations.keepSettings(settings.destinations, renderSettingsOf(settings), () => null);
  forwarder.configure(settings, kept, {});
  reception.configure(settings, kept.renderSettingsId, forwarder.configured, {});
  const announcer = new Announcer(() => assert.fail('no status was to be told'));
  const told: string[] = [];
  announcer.listen((name, params) => {
    if (name === 'event/added' && 'deliveries' in params)
      told.push(...params.deliveries.map((each) => each.delivery.id));
    return true;
  });
  announcer.ends();
  afterward(async () => {
    announcer.close();
    await forwarder.close();
    store.close();
  });
  const logged: string[] = [];
  return {
    ...{ receiver, store, forwarder, announcer, told, logged },
    log: (level, message) => void logged.push(`${level}: ${message}`),
    receive: (body) =>
      reception.receive({
        ...{ source: 'campaign-monitor', headers: [], receivedAt: Date.now(), injected: false, refusal: null },
        body: Buffer.from(body),
      }),
  };
}

describe('what follows once a delivery is on disk', () => {
  it('is that the clients are told and what waits is sent, each part in its order', async () => {
    const all = await stage();
    passOn(await all.receive(sampleBody({ events: 45 })), all);
    passOn(await all.receive('no json'), all);
    await all.receiver.received(3);
    assert.deepEqual(
      all.receiver.requests.map((request) => (request.json() as { id: string }).id),
      ['1', '2', '3'],
    );
    await until(() => all.told.length === 2);
    assert.deepEqual([all.told, all.logged], [['d1', 'd2'], []]);
  });

  it('goes on to the forwarder where telling fails, which is logged', async () => {
    const all = await stage();
    const received = await all.receive(sampleBody());
    const store = { destinations: { get: () => assert.fail('unreadable') } } as unknown as Store;
    passOn(received, { ...all, store });
    await all.receiver.received(1);
    assert.equal(all.logged.length, 1);
    assert.match(all.logged[0] ?? '', /^error: d1 is stored, but clients were not notified: .*unreadable/);
  });

  it('is logged where forwarding fails, and the clients are told all the same', async () => {
    const all = await stage();
    const received = await all.receive(sampleBody());
    const forwarder = { dispatch: () => assert.fail('broken') } as unknown as Forwarder;
    passOn(received, { ...all, forwarder });
    await until(() => all.told.length === 1);
    assert.match(
      all.logged.join(),
      /^error: d1 is stored, but was not forwarded \(.*broken\): its waiting notifications are sent/,
    );
  });
});
