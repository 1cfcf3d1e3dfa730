import assert from 'node:assert/strict';
import type { Sending, Stop } from '../../../src/protocol/debug.ts';
import type { Attempt, EventRow } from '../../../src/protocol/history.ts';
import type { RelayNotification } from '../../../src/protocol/methods.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { Announcer, type Listener } from '../../../src/relay/clients/announcer.ts';
import { protocolRecord, protocolEventsOf } from '../../../src/relay/log/protocol-shapes.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { deliveryRecord } from '../records.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { until } from '../until.ts';
import { join } from 'node:path';

interface Told {
  readonly name: RelayNotification;
  readonly params: {
    deliveries?: { events: EventRow[]; omitted: number }[];
    attempts?: Attempt[];
    missed?: number;
    status?: Status;
  };
}

/** A listener that writes down what it is told while it takes anything. */
class Ear {
  readonly told: Told[] = [];
  takes = true;
  readonly listener: Listener = (name, params) => {
    if (this.takes) this.told.push({ name, params: params as Told['params'] });
    return this.takes;
  };

  of(name: RelayNotification): Told['params'][] {
    return this.told.filter((each) => each.name === name).map((each) => each.params);
  }
}

const status = { pid: 1 } as Status;
const attempt = { notificationId: 'n1' } as Attempt;

describe('The announcer', () => {
  let announcer: Announcer;
  let statusAsked: number;
  let store: Store;
  beforeEach(() => {
    statusAsked = 0;
    announcer = new Announcer(() => {
      statusAsked += 1;
      return status;
    });
    store = new Store(join(temporaryFolder(), 'relay.sqlite'));
    afterward(() => {
      announcer.close();
      store.close();
    });
  });

  function add(events = 1): void {
    const record = deliveryRecord(store, { events });
    announcer.added(
      protocolRecord(record),
      protocolEventsOf(
        record,
        () => undefined,
        () => null,
      ),
    );
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

  it('gathers what comes in one turn into one message, for each listener', async () => {
    const ears = [new Ear(), new Ear()];
    for (const ear of ears) announcer.listen(ear.listener);
    for (let i = 0; i < 10; i++) add();
    announcer.attempted(attempt);
    announcer.attempted(attempt);
    await turn();
    for (const ear of ears) {
      assert.deepEqual(
        ear.of('event/added').map((each) => [each.deliveries?.length, each.missed]),
        [[10, 0]],
      );
      assert.deepEqual(
        ear.of('attempt/recorded').map((each) => [each.attempts?.length, each.missed]),
        [[2, 0]],
      );
    }
  });

  it('leaves out the last events of a delivery that has very many, and says how many', async () => {
    const [ear, deaf] = [new Ear(), new Ear()];
    for (const each of [ear, deaf]) announcer.listen(each.listener);
    deaf.takes = false;
    add(1000);
    add(2500);
    add(1);
    await turn();
    const told = ear.of('event/added').flatMap((each) => each.deliveries ?? []);
    assert.deepEqual(
      told.map((each) => [each.events.length, each.omitted]),
      [
        [1000, 0],
        [1000, 1500],
        [1, 0],
      ],
    );
    deaf.takes = true;
    announcer.caughtUp(deaf.listener);
    assert.equal(deaf.of('event/added')[0]?.missed, 3501);
  });

  it('counts what a listener missed and tells it with the next message, each its own', async () => {
    const [slow, quick] = [new Ear(), new Ear()];
    for (const ear of [slow, quick]) announcer.listen(ear.listener);
    slow.takes = false;
    add(3);
    add(4);
    announcer.attempted(attempt);
    await turn();
    slow.takes = true;
    add(1);
    announcer.attempted(attempt);
    await turn();
    add(1);
    await turn();
    assert.deepEqual(
      slow.of('event/added').map((each) => each.missed),
      [7, 0],
    );
    assert.deepEqual(
      slow.of('attempt/recorded').map((each) => each.missed),
      [1],
    );
    assert.deepEqual(
      quick.of('event/added').map((each) => each.missed),
      [0, 0, 0],
    );
  });

  it('tells of a stop behind what came and was tried before it', () => {
    const ear = new Ear();
    announcer.listen(ear.listener);
    add();
    announcer.attempted(attempt);
    announcer.stopped({} as Stop, () => ({}) as Sending);
    assert.deepEqual(
      ear.told.map(({ name }) => name),
      ['event/added', 'attempt/recorded', 'debug/stopped'],
    );
  });

  it('tells the status once for many changes', async () => {
    const ear = new Ear();
    announcer.listen(ear.listener);
    for (let i = 0; i < 100; i++) announcer.statusChanged();
    await until(() => ear.of('status/changed').length > 0);
    await turn();
    assert.equal(ear.of('status/changed').length, 1);
    assert.equal(statusAsked, 1);
  });

  it('tells what is pending before it closes', () => {
    const ear = new Ear();
    announcer.listen(ear.listener);
    add(2);
    announcer.close();
    assert.equal(ear.of('event/added').length, 1);
    assert.equal(announcer.heard, false);
  });
});
