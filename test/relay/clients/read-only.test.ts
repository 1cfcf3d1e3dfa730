import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { Duplex } from 'node:stream';
import { join } from 'node:path';
import { clientOverStream, type RelayClient } from '../../../src/protocol/relay-client.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

const program = join(import.meta.dirname, '../../../src/cli/cm-relay.ts');

/** The process that reads a history, and a client of it. */
function readHistory(dataDir: string): { client: RelayClient; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [program, 'relay-process', '--history', '--data-dir', dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const client = clientOverStream(Duplex.from({ readable: child.stdout, writable: child.stdin }), dataDir);
  afterward(() => child.kill());
  return { client, ended: once(child, 'exit') };
}

/** Does something to a history that nobody has open. */
function withStore<T>(file: string, act: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

describe('The history where no relay runs', () => {
  it('is read, searched and counted by a process that refuses all else, and ends with its client', async () => {
    const receiver = await startReceiver({ answer: { status: 400 } });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody({ email: 'ann@example.com', events: 2 }));
    await relay.deliver(sampleBody({ type: 'Update', email: 'bea@example.com' }));
    await relay.drained();
    const before = await relay.client.request('events/query', {});
    await relay.stop();
    const taken = receiver.requests.length;
    const { client, ended } = readHistory(relay.dataDir);
    const page = await client.request('events/query', {});
    assert.deepEqual(page, before);
    assert.equal((await client.request('events/query', { filter: 'type:update' })).events.length, 1);
    assert.equal((await client.request('events/query', { filter: 'bea' })).events.length, 1);
    const { groups } = await client.request('events/counts', { groupBy: 'type' });
    assert.deepEqual(Object.fromEntries(groups.map(({ value, count }) => [value, count])), { Subscribe: 2, Update: 1 });
    assert.equal((await client.request('events/page', {})).total, 3);
    const { attempts } = await client.request('events/get', { id: 'e3' });
    assert.equal(attempts[0]?.status, 400);
    assert.equal((await client.request('deliveries/get', { id: 'd1' })).events.length, 2);
    const rendered = await client.request('notifications/render', { id: 'e3' });
    assert.match(Buffer.from(rendered.body, 'base64').toString(), /bea@example\.com/);
    for (const refused of [
      client.request('relay/status', {}),
      client.request('events/clear', {}),
      client.request('notifications/replay', { failed: true }),
      client.request('notifications/discard', { waiting: true }),
      client.request('deliveries/inject', { body: { text: '{}' } }),
    ]) {
      await assert.rejects(refused, /no relay is running/);
    }
    assert.equal(receiver.requests.length, taken, 'nothing was sent');
    client.close();
    await ended;
    // Nothing of it is left that would stand in a relay's way.
    const again = await startTestRelay({ dataDir: relay.dataDir });
    assert.equal((await again.client.request('events/counts', {})).total, 3);
  });

  it('says how sending was left', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.client.request('debug/breakpoints', { add: [{ at: 'event' }, { at: 'rejected', enabled: false }] });
    await relay.client.request('debug/pause', { by: { kind: 'terminal', id: '12' } });
    await relay.deliver(sampleBody());
    await relay.deliver(sampleBody());
    const { sending: before } = await relay.client.request('debug/sending', {});
    assert.equal(before.state, 'paused');
    await relay.stop();
    const { client, ended } = readHistory(relay.dataDir);
    const { sending } = await client.request('debug/sending', {});
    assert.deepEqual(sending, before);
    assert.deepEqual([sending.held.pause, sending.breakpoints], [2, 1]);
    client.close();
    await ended;
    const again = await startTestRelay({ dataDir: relay.dataDir });
    await again.client.request('debug/breakpoints', { remove: 'all' });
    await again.client.request('debug/continue', {});
    await again.stop();
    const flowing = readHistory(relay.dataDir);
    assert.equal((await flowing.client.request('debug/sending', {})).sending.state, 'flowing');
    flowing.client.close();
    await flowing.ended;
  });

  it('says why it cannot be read, with what to do, to each question, and is read once it can be', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody());
    await relay.stop();
    const file = join(relay.dataDir, 'relay.sqlite');
    const version = (): number =>
      withStore(file, (db) => Number(db.prepare('PRAGMA user_version').get()?.['user_version']));
    const own = version();
    const { client, ended } = readHistory(relay.dataDir);
    withStore(file, (db) => db.exec(`PRAGMA user_version = ${own + 1}`));
    const newer = { name: 'RelayRequestError', advice: 'update-program' };
    await assert.rejects(client.request('events/query', {}), newer);
    await assert.rejects(client.request('debug/sending', {}), newer);
    withStore(file, (db) => db.exec(`PRAGMA user_version = ${own}`));
    assert.equal((await client.request('events/query', {})).events.length, 1);
    client.close();
    await ended;
  });

  it('is none where no relay has run, which its process says until its client goes', async () => {
    const { client, ended } = readHistory(temporaryFolder());
    for (const method of ['events/query', 'debug/sending'] as const)
      await assert.rejects(client.request(method, {}), { name: 'RelayRequestError' });
    client.close();
    await ended;
  });
});
