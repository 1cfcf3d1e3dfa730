import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HistoryReader, openHistory, searchFile, storeFile } from '../../../src/relay/history/history.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { afterward, ownDirectory, temporaryFolder } from '../afterward.ts';
import { deliveryRecord, destinationId, type DeliveryPlan } from '../records.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';
import { openReader, openStore } from './stores.ts';

function bodyOf(name: string, events = 1): Buffer {
  return Buffer.from(
    JSON.stringify({
      ListID: 'l',
      Events: Array.from({ length: events }, () => ({ Type: 'Subscribe', EmailAddress: 'a@example.org', Name: name })),
    }),
  );
}

/** Adds deliveries whose events have that name. */
async function add(store: Store, name: string, deliveries = 1, plan: DeliveryPlan = {}): Promise<void> {
  await Promise.all(
    Array.from({ length: deliveries }, () =>
      store.add(deliveryRecord(store, { ...plan, body: bodyOf(name, plan.events) })),
    ),
  );
}

function count(reader: HistoryReader, filter: string): number {
  return reader.query({ filter, limit: 1000 }).events.length;
}

function withFile<T>(dataDir: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(searchFile(dataDir));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** How many events the file has the text of. */
function indexed(dataDir: string): number {
  return withFile(dataDir, (db) => Number(db.prepare('SELECT count(*) AS n FROM search_docsize').get()?.['n']));
}

/** Recognizes the file later, unless another one has taken its place. */
function mark(dataDir: string): void {
  withFile(dataDir, (db) => db.exec('PRAGMA application_id = 77'));
}

function isMarked(dataDir: string): boolean {
  return withFile(dataDir, (db) => db.prepare('PRAGMA application_id').get()?.['application_id'] === 77);
}

/** Reads with a reader of its own. */
function readOnce<T>(dataDir: string, read: (reader: HistoryReader) => T): T {
  const reader = openHistory(dataDir, Infinity);
  try {
    return read(reader);
  } finally {
    reader.close();
  }
}

const damages: Record<string, (file: string) => void> = {
  'it was deleted': (file) => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  },
  'it is garbage': (file) => writeFileSync(file, 'no index '.repeat(2000)),
  'it is truncated': (file) => writeFileSync(file, readFileSync(file).subarray(0, 5000)),
  'it is empty': (file) => writeFileSync(file, ''),
  'it is zeros but for the first page': (file) => {
    const handle = openSync(file, 'r+');
    const rest = statSync(file).size - 4096;
    writeSync(handle, Buffer.alloc(rest), 0, rest, 4096);
    closeSync(handle);
  },
  'it has the tables of an earlier version': (file) => {
    rmSync(file);
    change(
      file,
      `CREATE TABLE progress (identity TEXT NOT NULL, delivery INTEGER NOT NULL, row_count INTEGER NOT NULL);
       CREATE VIRTUAL TABLE search USING fts5 (address, text, content = '', contentless_delete = 1)`,
    );
  },
  'it has another layout': (file) => change(file, 'PRAGMA user_version = 4'),
  'it does not say how far it is': (file) => change(file, 'DELETE FROM progress'),
};

/** What is not made here, as another program or a repository may bring it along. */
const foreign = {
  'a trigger': 'CREATE TRIGGER more AFTER INSERT ON progress BEGIN SELECT 1; END',
  'a view': 'CREATE VIEW more AS SELECT * FROM progress',
  'a virtual table': 'CREATE VIRTUAL TABLE more USING fts5 (text)',
  'an index': 'CREATE INDEX more ON progress (delivery)',
};

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe('The indexed text', () => {
  /** Asserts that the file is made again after it was damaged. */
  async function assertMadeAgain(damage: (file: string) => void): Promise<void> {
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 50);
    assert.equal(
      readOnce(dataDir, (reader) => count(reader, 'ophelia')),
      50,
    );
    mark(dataDir);
    damage(searchFile(dataDir));
    assert.equal(count(openReader(dataDir), 'ophelia'), 50);
    assert.equal(isMarked(dataDir), false);
    assert.equal(indexed(dataDir), 50);
    const more = withFile(dataDir, (db) => db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'more'").get());
    assert.equal(more, undefined);
  }

  for (const [what, damage] of Object.entries(damages)) {
    it(`is made again when it is opened: ${what}`, () => assertMadeAgain(damage));
  }

  for (const [what, sql] of Object.entries(foreign)) {
    it(`is made again when it holds what is not made here: ${what}`, () =>
      assertMadeAgain((file) => change(file, sql)));
  }

  it('is made again when it is damaged while it is read', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await add(store, 'Ophelia', 400);
    const reader = openReader(dataDir);
    assert.equal(count(reader, 'ophelia'), 400);
    withFile(dataDir, (db) => {
      db.enableDefensive(false);
      db.exec('UPDATE search_data SET block = zeroblob(40) WHERE id > 10; UPDATE search_docsize SET sz = NULL');
    });
    await add(store, 'Ophelia');
    assert.equal(count(reader, 'ophelia'), 401);
    assert.equal(count(reader, 'address:a@example.org'), 401);
  });

  it('is written in steps, and says how far it is', async () => {
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 2500);
    const reader = openReader(dataDir);
    assert.deepEqual(reader.indexState, { events: 0, of: 2500, bytes: 0 });
    const seen: number[] = [];
    while (!reader.follow(0)) seen.push(reader.indexState.events);
    assert.deepEqual([...new Set(seen)], [0, 1000, 2000, 2500], 'first it looks for what is gone');
    const { bytes, ...progress } = reader.indexState;
    assert.deepEqual(progress, { events: 2500, of: 2500 });
    assert.ok(bytes > 10_000 && bytes < 300_000, `${bytes} bytes`);
    assert.equal(reader.follow(0), true);
  });

  it('is made by several processes at once', async function () {
    this.timeout(180_000);
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 800);
    const program = `import { openHistory } from ${JSON.stringify(new URL('../../../src/relay/history/history.ts', import.meta.url).href)};
      const reader = openHistory(${JSON.stringify(dataDir)}, 60_000);
      process.stdout.write(String(reader.query({ filter: 'ophelia', limit: 1000 }).events.length));
      reader.close();`;
    const script = join(temporaryFolder(), 'reader.ts');
    writeFileSync(script, program);
    const outputs = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn('node', ['--disable-warning=ExperimentalWarning', script], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await once(child, 'close');
        return output;
      }),
    );
    assert.deepEqual(outputs, ['800', '800', '800']);
    assert.equal(indexed(dataDir), 800);
  });
});

describe('Indexed text, after a power loss', () => {
  /** A log of one delivery, and text that is indexed up to its second, which the log has lost. */
  async function loseEnd(): Promise<string> {
    const dataDir = ownDirectory();
    const store = new Store(storeFile(dataDir));
    await add(store, 'Hamlet');
    store.close();
    const before = readFileSync(storeFile(dataDir));
    const more = new Store(storeFile(dataDir));
    await add(more, 'Ophelia', 1, { receivedAt: 1_770_000_000_000 });
    more.close();
    assert.equal(
      readOnce(dataDir, (reader) => count(reader, 'ophelia')),
      1,
    );
    writeFileSync(storeFile(dataDir), before);
    return dataDir;
  }

  it('is made again: the log has lost its end with the power', async () => {
    const dataDir = await loseEnd();
    assert.equal(count(openReader(dataDir), 'ophelia'), 0);
    assert.equal(indexed(dataDir), 1);
    await add(openStore(dataDir), 'Gertrude', 1, { receivedAt: 1_770_000_005_000 });
    const reader = openReader(dataDir);
    assert.deepEqual([count(reader, 'ophelia'), count(reader, 'gertrude')], [0, 1]);
  });

  it('is made again where the log has given the IDs to others before anybody looked', async () => {
    const dataDir = await loseEnd();
    const store = openStore(dataDir);
    await add(store, 'Gertrude', 1, { receivedAt: 1_770_000_005_000 });
    await add(store, 'Laertes');
    const reader = openReader(dataDir);
    assert.deepEqual(
      ['ophelia', 'gertrude', 'laertes', 'hamlet'].map((name) => count(reader, name)),
      [0, 1, 1, 1],
    );
    assert.equal(indexed(dataDir), 3);
  });

  it('catches up where it is its file that has lost its end', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await add(store, 'Hamlet');
    readOnce(dataDir, (reader) => reader.follow(Infinity));
    mark(dataDir);
    const before = readFileSync(searchFile(dataDir));
    await add(store, 'Ophelia');
    readOnce(dataDir, (reader) => reader.follow(Infinity));
    for (const suffix of ['-wal', '-shm']) rmSync(searchFile(dataDir) + suffix, { force: true });
    writeFileSync(searchFile(dataDir), before);
    const reader = openReader(dataDir);
    assert.deepEqual([count(reader, 'hamlet'), count(reader, 'ophelia')], [1, 1]);
    assert.equal(isMarked(dataDir), true);
  });
});

describe('Indexed text whose file is unusable', () => {
  it('is read from the log while the file cannot be opened', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await add(store, 'Ophelia', 1200);
    // To root every folder is writable: something that is no file stands in its place.
    mkdirSync(searchFile(dataDir));
    const reader = new HistoryReader(dataDir, Infinity);
    afterward(() => reader.close());
    const { events, unseen } = reader.query({ filter: 'ophelia', limit: 1000 });
    assert.deepEqual([events.length, unseen], [1000, 200]);
    assert.equal(count(reader, 'type:subscribe'), 1000);
    assert.throws(() => reader.follow(Infinity));
    assert.deepEqual(reader.indexState, { events: 0, of: 1200, bytes: 0 });
    rmSync(searchFile(dataDir), { recursive: true });
    assert.equal(reader.query({ filter: 'ophelia', limit: 1 }).unseen, 0);
    assert.equal(reader.indexState.events, 1200);
  });

  it('is told in log and status, and the newest is found all the same', async () => {
    const first = await startTestRelay();
    await first.deliver(sampleBody({ email: 'first@example.org' }));
    await first.client.request('events/query', { filter: 'first' });
    await first.stop();
    const other = new DatabaseSync(searchFile(first.dataDir));
    afterward(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    const relay = await startTestRelay({ dataDir: first.dataDir });
    await until(async () => /locked/.test((await relay.client.request('relay/status', {})).index.failure ?? ''));
    const { events } = await relay.client.request('events/query', { filter: 'first' });
    assert.equal(events.length, 1);
    assert.deepEqual(
      relay.log.filter(({ message }) => message.includes('is not indexed')).map(({ level }) => level),
      ['warn'],
    );
  });
});

describe('The indexed text of removed events', () => {
  it('is gone when the history was cleared, though some waits and more comes', async () => {
    const relay = await startTestRelay({
      settings: { destinations: [{ url: 'http://127.0.0.1:9/', held: 'kept back' }] },
    });
    await relay.deliver(sampleBody({ events: 1, seed: 1 }));
    await relay.client.request('relay/configure', { settings: { destinations: [] } });
    for (let seed = 2; seed <= 20; seed++) await relay.deliver(sampleBody({ events: 1, seed }));
    const find = async () => (await relay.client.request('events/query', { filter: 'example' })).events.length;
    assert.equal(await find(), 20);
    await until(() => indexed(relay.dataDir) === 20);
    assert.deepEqual(await relay.client.request('events/clear', {}), { cleared: 19, kept: 1 });
    await relay.deliver(sampleBody({ events: 1, seed: 21 }));
    assert.equal(await find(), 2);
    await until(() => indexed(relay.dataDir) === 2);
  });

  it('goes when it is much, past what waits: when the file is opened, and after many deliveries', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const waiting = { to: [destinationId(store)] };
    for (let turn = 0; turn < 2; turn++) {
      await add(store, 'Hamlet', 1, waiting);
      await add(store, 'Ophelia', 6, { events: 1000 });
    }
    await add(store, 'Hamlet', 1, waiting);
    readOnce(dataDir, (reader) => reader.follow(Infinity));
    mark(dataDir);
    assert.equal(indexed(dataDir), 12_003);
    await store.clear();
    const reader = openReader(dataDir);
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 3, 'all of it');
    await add(store, 'Ophelia', 12, { events: 1000 });
    await add(store, 'Hamlet', 1, waiting);
    reader.follow(Infinity);
    await store.clear();
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 12_004, 'it is looked for after a thousand deliveries');
    await add(store, 'Laertes', 1000);
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 1004);
    assert.equal(isMarked(dataDir), true);
    assert.deepEqual([count(reader, 'hamlet'), count(reader, 'ophelia'), count(reader, 'laertes')], [4, 0, 1000]);
  });
});
