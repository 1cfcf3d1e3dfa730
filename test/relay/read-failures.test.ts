import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { storeFile } from '../../src/relay/history/history.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { failReading } from './failing-statements.ts';
import { startReceiver } from './receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';

const unreadable = ({ log }: TestRelay): number =>
  log.filter(({ message }) => /(?:cannot|could not) read the history/.test(message)).length;

const counts = async (relay: TestRelay) => (await relay.client.request('relay/status', {})).counts;

describe('A disk that cannot be read', () => {
  it('changes no answer once a delivery is written: 200, told to the clients, and forwarded when it can be read', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ delayScale: 0.01, settings: { destinations: [{ url: receiver.url }] } });
    const told: string[] = [];
    relay.client.on('event/added', ({ deliveries }) => told.push(...deliveries.map(({ delivery }) => delivery.id)));
    // They read of each what it holds.
    const condition = 'address:nobody';
    await relay.client.request('debug/breakpoints', {
      add: [
        { at: 'event', condition },
        { at: 'rejected', condition },
      ],
    });
    const fault = failReading(/FROM (?:destinations|notifications|forwardings|deliveries WHERE)/);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    const { delivery } = await relay.client.request('deliveries/inject', { body: { text: sampleBody({ seed: 2 }) } });
    assert.equal(delivery.id, 'd2');
    assert.equal((await relay.deliver('neither')).status, 400);
    assert.ok(fault.met > 0);
    assert.equal(receiver.requests.length, 0);
    fault.fix();
    await receiver.received(2);
    await relay.drained();
    await until(() => told.length === 3);
    assert.deepEqual(told, ['d1', 'd2', 'd3']);
  });

  it('ends no relay that resumes: it says so once, and sends all in order when it can be read', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const dataDir = temporaryFolder();
    const settings = { destinations: [{ url: receiver.url }] };
    const first = await startTestRelay({ dataDir, settings });
    for (let i = 1; i <= 3; i++) await first.deliver(sampleBody({ seed: i }));
    await first.stop();
    const back = await startReceiver({ port: receiver.port });
    const fault = failReading(/FROM forwardings f JOIN notifications/);
    const second = await startTestRelay({ dataDir, settings, delayScale: 0.01 });
    await until(() => fault.met > 3);
    assert.equal(unreadable(second), 1);
    assert.equal((await second.deliver(sampleBody({ seed: 4 }))).status, 200);
    assert.equal((await counts(second)).waiting, 4);
    fault.fix();
    await back.received(4);
    await second.drained();
    assert.deepEqual(
      back.requests.map((request) => Number((request.json() as { id: string }).id)),
      [1, 2, 3, 4],
    );
  });

  it('holds back what cannot be read, charges it no attempt, and lets the others pass', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const dataDir = temporaryFolder();
    const settings = { destinations: [{ url: receiver.url }] };
    const first = await startTestRelay({ dataDir, settings });
    for (let i = 1; i <= 3; i++) await first.deliver(sampleBody({ seed: i }));
    await first.stop();
    // Its headers are not what was written: the body of this one cannot be taken out.
    const db = new DatabaseSync(storeFile(dataDir));
    afterward(() => db.close());
    const { headers } = db.prepare('SELECT headers FROM deliveries WHERE id = 2').get() as { headers: string };
    db.exec(`UPDATE deliveries SET headers = '[[' WHERE id = 2`);
    const back = await startReceiver({ port: receiver.port });
    const second = await startTestRelay({ dataDir, settings, delayScale: 0.01 });
    await back.received(2);
    await until(async () => (await counts(second)).sent === 2);
    await until(() => unreadable(second) === 1);
    assert.equal((await counts(second)).waiting, 1);
    db.prepare('UPDATE deliveries SET headers = ? WHERE id = 2').run(headers);
    await back.received(3);
    await second.drained();
    const { event } = await second.client.request('events/get', { id: 'e2' });
    assert.deepEqual([event.forwardings[0]?.state, event.forwardings[0]?.attempts], ['sent', 1]);
  });

  it('refuses a delivery, and stores nothing of it, where its duplicates cannot be looked for', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody());
    const fault = failReading(/SELECT fingerprint/);
    assert.equal((await relay.deliver(sampleBody())).status, 503);
    assert.ok(fault.met > 0);
    fault.fix();
    await until(async () => (await relay.deliver(sampleBody())).status === 200);
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ duplicateOf }) => duplicateOf),
      ['e1', null],
    );
  });
});
