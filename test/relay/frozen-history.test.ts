import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { prepareDataDirectory } from '../../src/protocol/data-directory.ts';
import { migrations, openForWriting, schemaVersion } from '../../src/relay/log/database.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { temporaryFolder } from './afterwards.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';
import { sampleBody, startTestRelay } from './stage.ts';
import type { TestRelay } from './stage.ts';
import { until } from './until.ts';

/** A data directory with the history of a version in it, as freeze-history.ts had a relay of that version make it. */
function copyOf(version: number): string {
  const dataDir = join(temporaryFolder(), 'data');
  prepareDataDirectory(dataDir);
  copyFileSync(join(import.meta.dirname, `../fixtures/history-${version}/relay.sqlite`), storeFile(dataDir));
  return dataDir;
}

/** A relay on such a directory, with the destinations that it had, at a receiver of now. */
function startOn(dataDir: string, { url }: Receiver, rest: object = {}): Promise<TestRelay> {
  return startTestRelay({
    dataDir,
    settings: {
      destinations: [
        { id: 'open', url, types: ['Subscribe'] },
        { id: 'keyed', url, types: ['Update'], signatureKeyName: 'signing' },
        { id: 'refused', url, types: ['Deactivate'], held: 'not agreed to' },
        { id: 'bytes', url, mode: 'raw', types: ['Subscribe'], lists: ['f'.repeat(32)] },
      ],
    },
    ...rest,
  });
}

/** Its events, newest first: whose each is, and what became of it at each destination. */
const frozen: readonly (readonly [id: string, address: string | null, ...forwardings: string[]])[] = [
  ['e12', 'waiting@example.org', 'open waiting 1'],
  ['e11', 'dropped@example.org', 'open discarded 0'],
  ['e10', 'held@example.org', 'open held 0 by pause'],
  ['e9', 'stopped@example.org', 'open held 0 by breakpoint'],
  ['e8', null],
  ['e7', 'refused@example.org', 'refused held 0 by destination'],
  ['e6', 'keyless@example.org', 'keyed held 0 by missing-key'],
  ...['e5', 'e4', 'e3'].map((id) => [id, 'batch@example.org', 'open sent 1', 'bytes sent 1'] as const),
  ['e2', 'failed@example.org', 'open failed 1'],
  ['e1', 'sent@example.org', 'open sent 1'],
];

describe('A history that version 1 of the store left', () => {
  it('is of that version', () => {
    const db = new DatabaseSync(storeFile(copyOf(1)));
    assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 1);
    db.close();
  });

  it('opens with everything in it: what was sent, what waits, and what is held by whom', async () => {
    // What waits for a retry is tried at once: nobody answers it meanwhile.
    const relay = await startOn(copyOf(1), await startReceiver({ answer: 'hang' }));
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ id, address, forwardings }) => [
        ...[id, address],
        ...forwardings.map(({ destinationId, state, attempts, heldBy }) =>
          [destinationId, state, attempts, ...(heldBy ? ['by', heldBy] : [])].join(' '),
        ),
      ]),
      frozen,
    );
    for (const [state, ids] of [
      ['held', ['e10', 'e9', 'e7', 'e6']],
      ['waiting', ['e12']],
      ['sent', ['e5', 'e4', 'e3', 'e1']],
      ['failed', ['e2']],
      ['discarded', ['e11']],
    ] as const) {
      const found = await relay.client.request('events/query', { filter: `state:${state}` });
      assert.deepEqual(
        found.events.map(({ id }) => id),
        ids,
        state,
      );
    }
    const { counts, sending, notices } = await relay.client.request('relay/status', {});
    const { deliveries, events: accepted, rejected, tests, waiting, held, sent, failed, discarded } = counts;
    assert.deepEqual([deliveries, accepted, rejected, tests], [10, 11, 1, 0]);
    assert.deepEqual([waiting, held, sent, failed, discarded], [1, 4, 3, 1, 1]);
    assert.ok(sending.state === 'paused');
    assert.deepEqual(sending.by, { kind: 'breakpoint', breakpointId: 'b1' });
    assert.deepEqual(sending.held, { pause: 1, breakpoint: 1, missingKey: 1, destination: 1 });
    // Its condition was an expression, which conditions no longer are.
    assert.deepEqual((await relay.client.request('debug/breakpoints', {})).breakpoints, []);
    assert.match(notices.join(), /^breakpoint b1 could not be read and was removed: a filter has no operators/);
    const { event, attempts } = await relay.client.request('events/get', { id: 'e12' });
    assert.equal(event.forwardings[0]?.detail, 'answered 503');
    assert.deepEqual(
      attempts.map(({ status, answerBody }) => [status, Buffer.from(answerBody, 'base64').toString()]),
      [[503, 'answered 503']],
    );
  });

  it('goes on: what it held is sent, in order, when it is let go and the key is there', async () => {
    const receiver = await startReceiver();
    const relay = await startOn(copyOf(1), receiver);
    await receiver.received(1);
    const { released } = await relay.client.request('debug/continue', {});
    assert.equal(released, 2);
    await receiver.received(3);
    await relay.client.request('relay/configure', {
      settings: { destinations: [{ id: 'keyed', url: receiver.url, signatureKeyName: 'signing' }] },
      secrets: { signatureKeys: { signing: 'a-signature-key' } },
    });
    await receiver.received(4);
    assert.deepEqual(
      receiver.requests.map(({ text }) => /\w+@example\.org/.exec(text)?.[0]),
      ['waiting', 'stopped', 'held', 'keyless'].map((name) => `${name}@example.org`),
    );
    await relay.deliver(sampleBody({ email: 'new@example.org' }));
    await receiver.received(5);
    const { events } = await relay.client.request('events/query', { filter: 'address:new' });
    assert.deepEqual([events[0]?.id, events[0]?.deliveryId], ['e13', 'd11']);
  });

  it('is whole, and of the old or the new version, whenever its relay is killed while it is brought up to date', async function () {
    this.timeout(120_000);
    const file = storeFile(copyOf(1));
    enlarge(file);
    const rows = countRows(file);
    const work = 'CREATE TABLE copied AS SELECT * FROM events; CREATE INDEX copied_by_address ON copied (address)';
    const program = `import { migrations, openForWriting } from ${JSON.stringify(new URL('../../src/relay/log/database.ts', import.meta.url).href)};
      process.stdout.write('begins');
      openForWriting(${JSON.stringify(file)}, [...migrations, ${JSON.stringify(work)}]).db.close();
      process.stdout.write('ends');`;
    const script = join(temporaryFolder(), 'migrate.ts');
    writeFileSync(script, program);
    let killed = 0;
    for (let round = 0; round < 8; round++) {
      const copy = `${file}.copy`;
      copyFileSync(file, copy);
      const child = spawn('node', ['--disable-warning=ExperimentalWarning', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      const closed = once(child, 'close');
      const begun = new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          resolve();
        });
      });
      await begun;
      // In another place of the work each time.
      const from = performance.now();
      await until(() => performance.now() - from > round * 12);
      child.kill('SIGKILL');
      await closed;
      if (!output.includes('ends')) killed += 1;
      const db = new DatabaseSync(file);
      const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
      assert.ok([1, schemaVersion + 1].includes(version), `${version}`);
      assert.equal(db.prepare('PRAGMA quick_check').get()?.['quick_check'], 'ok');
      db.close();
      assert.deepEqual(countRows(file), rows);
      for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
      copyFileSync(copy, file);
    }
    assert.ok(killed > 0, 'some of them were killed at work');
    openForWriting(file).db.close();
    assert.deepEqual(countRows(file), rows);
  });

  it('stays what it was where the disk is too full to bring it up to date, and says so', () => {
    const file = storeFile(copyOf(1));
    const rows = countRows(file);
    const full = 'PRAGMA max_page_count = 1; CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(1000000))';
    assert.throws(() => openForWriting(file, [...migrations, full]), {
      name: 'StoreError',
      advice: 'make-room',
      message: /the disk is full/,
    });
    assert.deepEqual(countRows(file), rows);
    const { db, setAside } = openForWriting(file);
    assert.equal(setAside, null);
    db.close();
    assert.deepEqual(countRows(file), rows);
  });

  it('is received into while its index is being made, and the status says how far that is', async function () {
    this.timeout(120_000);
    const dataDir = copyOf(1);
    enlarge(storeFile(dataDir));
    const relay = await startOn(dataDir, await startReceiver());
    const seen: number[] = [];
    relay.client.on('status/changed', ({ status }) => seen.push(status.index.events));
    const isMade = async (): Promise<boolean> => {
      assert.equal((await relay.deliver(sampleBody({ email: `during${seen.length}@example.org` }))).status, 200);
      const { index } = await relay.client.request('relay/status', {});
      return index.of > 200_000 && index.events === index.of;
    };
    await until(() => seen.some((events) => events > 0));
    assert.equal(await isMade(), false);
    // The newest are found at once, however far it is.
    const { events } = await relay.client.request('events/query', { limit: 1 });
    assert.match(events[0]?.address ?? '', /^during/);
    await until(isMade, 60_000);
    assert.ok(
      seen.some((events) => events > 0 && events < 200_000),
      `it was told on the way: ${seen.join()}`,
    );
  });
});

/** Makes a small history a large one: thousands of deliveries more, of fifty events each. */
function enlarge(file: string): void {
  const db = new DatabaseSync(file);
  db.exec(`
    BEGIN;
    CREATE TEMP TABLE model AS SELECT * FROM deliveries WHERE status = 'accepted' LIMIT 1;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
    INSERT INTO deliveries SELECT 1000 + i, source, status, injected, received_at, http_status, reason, list, signature, content_type,
      body_bytes, truncated, 100000 + i * 50, 50, 50, 100000 + i, 1, edit_of, headers, json, body FROM n, model;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)
    INSERT INTO events (id, delivery_id, kind, received_at, type, address, date, fingerprint, notification_id)
      SELECT 100000 + i, 1000 + i / 50, 0, 1760000000000, 'Subscribe', 'a' || i || '@example.org', NULL, 5000000 + i, 100000 + i / 50 FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
    INSERT INTO notifications SELECT 100000 + i, 1000 + i, 0, 0, 1, 0, 50, 'id' || i, 1760000000000, (SELECT min(id) FROM render_settings) FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
    INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start)
      SELECT 100000 + i, (SELECT min(id) FROM destinations), 1, 1, 0 FROM n;
    UPDATE meta SET value = json_set(value, '$.deliveries', json_extract(value, '$.deliveries') + 4000, '$.events',
      json_extract(value, '$.events') + 200000, '$.sent', json_extract(value, '$.sent') + 4000) WHERE key = 'totals';
    COMMIT`);
  db.close();
}

function countRows(file: string): Record<string, number> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = ['deliveries', 'events', 'notifications', 'destinations', 'forwardings', 'attempts'];
    return Object.fromEntries(
      tables.map((table) => [table, Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])]),
    );
  } finally {
    db.close();
  }
}
