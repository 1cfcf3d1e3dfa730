import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { columnLengths, cut } from '../../src/relay/columns.ts';
import { migrations, openForWriting, schemaVersion } from '../../src/relay/database.ts';
import { storeFile } from '../../src/relay/history.ts';
import { temporaryFolder } from './afterwards.ts';
import { startReceiver } from './receiver.ts';
import { sampleBody, startTestRelay } from './stage.ts';
import { until } from './until.ts';

/** Histories that earlier versions of the store wrote, and what their relays showed of them. */
const fixtures = {
  1: { deliveries: 9, waiting: 1, held: 0, failed: 1 },
  3: { deliveries: 14, waiting: 3, held: 5, failed: 2 },
  4: { deliveries: 10, waiting: 1, held: 2, failed: 1 },
} as const;

interface Shown {
  readonly queries: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly {
    readonly id: string;
    readonly deliveryId: string;
    readonly type: string | null;
    readonly list: string | null;
    readonly states: readonly string[];
  }[];
}

/** A data directory with the history of a version in it. */
function copyOf(version: string): { readonly dataDir: string; readonly shown: Shown } {
  const dataDir = join(temporaryFolder(), 'data');
  const fixture = join(import.meta.dirname, `../fixtures/history-${version}`);
  mkdirSync(dataDir, { mode: 0o700 });
  copyFileSync(join(fixture, 'relay.sqlite'), join(dataDir, 'relay.sqlite'));
  return { dataDir, shown: JSON.parse(readFileSync(join(fixture, 'shown.json'), 'utf8')) as Shown };
}

describe('A history of an earlier version', () => {
  for (const [version, expected] of Object.entries(fixtures)) {
    it(`${version} opens with everything in it, is found by every filter, and goes on`, async () => {
      const { dataDir, shown } = copyOf(version);
      const relay = await startTestRelay({ dataDir });
      const { events } = await relay.client.request('events/query', { limit: 1000 });
      assert.deepEqual(
        events.map(({ id, deliveryId, kind, type, list, address, date, duplicateOf, forwardings }) => {
          const states = forwardings.map(({ state }) => state);
          return { id, deliveryId, kind, type, list, address, date, duplicateOf, states };
        }),
        shown.events.map((event) => ({
          ...event,
          // It did not cut them.
          type: cut(event.type, columnLengths.type),
          list: cut(event.list, columnLengths.list),
        })),
      );
      for (const [filter, ids] of Object.entries(shown.queries)) {
        const found = await relay.client.request('events/query', { filter, limit: 1000 });
        assert.deepEqual(
          found.events.map(({ id }) => id),
          ids,
          filter,
        );
      }
      assert.equal((await relay.deliver(sampleBody())).status, 200);
      const { counts } = await relay.client.request('relay/status', {});
      const { deliveries, waiting, held, failed } = counts;
      assert.deepEqual({ deliveries, waiting, held, failed }, { ...expected, deliveries: expected.deliveries + 1 });
    });
  }

  it('4 held for missing keys alone, and what it held is released when they come', async () => {
    const { dataDir } = copyOf('4');
    const receiver = await startReceiver();
    const relay = await startTestRelay({ dataDir });
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map(({ heldBy, detail }) => [heldBy, detail]),
      Array.from({ length: 2 }, () => ['missing-key', 'the signature key "signing" has not been given']),
    );
    await relay.client.request('relay/configure', {
      settings: { destinations: [{ id: 'keyed', url: receiver.url, signatureKeyName: 'signing' }] },
      secrets: { signatureKeys: { signing: 'a-signature-key' } },
    });
    await receiver.received(2);
  });

  it('is whole, and of the old or the new version, whenever its relay is killed while it is brought up to date', async function () {
    this.timeout(120_000);
    const { dataDir } = copyOf('1');
    const file = storeFile(dataDir);
    enlarge(file);
    const rows = countRows(file);
    const program = `import { openForWriting } from ${JSON.stringify(new URL('../../src/relay/database.ts', import.meta.url).href)};
      process.stdout.write('begins');
      openForWriting(${JSON.stringify(file)}).db.close();
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
      assert.ok([1, schemaVersion].includes(Number(db.prepare('PRAGMA user_version').get()?.['user_version'])));
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
    const { dataDir } = copyOf('1');
    const file = storeFile(dataDir);
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
    const { dataDir } = copyOf('1');
    enlarge(storeFile(dataDir));
    const relay = await startTestRelay({ dataDir });
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
      body_bytes, truncated, 100000 + i * 50, 50, 50, 100000 + i, 1, stored_bytes, headers, json, body FROM n, model;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)
    INSERT INTO events (id, delivery_id, kind, received_at, type, list, address, date, fingerprint, notification_id)
      SELECT 100000 + i, 1000 + i / 50, 0, 1760000000000, 'Subscribe', 'l', 'a' || i || '@example.org', NULL, 5000000 + i, 100000 + i / 50 FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
    INSERT INTO notifications SELECT 100000 + i, 1000 + i, 0, 0, 1, 0, 50, 'id' || i, 1760000000000, (SELECT min(id) FROM render_settings) FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
    INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start)
      SELECT 100000 + i, (SELECT min(id) FROM destinations), 2, 1, 0 FROM n;
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
