import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  isCorruption,
  openDatabase,
  openForReading,
  openForWriting,
  schemaVersion,
  StoreError,
  suspectMark,
} from '../../../src/relay/log/database.ts';
import { temporaryFolder } from '../afterward.ts';

function fileIn(folder: string): string {
  return join(folder, 'relay.sqlite');
}

function versionOf(db: DatabaseSync): unknown {
  return db.prepare('PRAGMA user_version').get()?.['user_version'];
}

/** A store's file with enough rows to span many pages. */
function makeFilled(file: string): void {
  const { db } = openForWriting(file);
  const insert = db.prepare('INSERT INTO render_settings (json) VALUES (?)');
  for (let i = 0; i < 200; i++) insert.run(`${i}${'x'.repeat(2000)}`);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Overwrites part of a file with zeros. */
function zero(file: string, from: number, length: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(length), 0, length, from);
  closeSync(handle);
}

function assertStoreError(error: unknown, message: RegExp): true {
  assert.ok(error instanceof StoreError, String(error));
  assert.match(error.message, message);
  assert.ok(error.next.length > 10, 'it says what to do next');
  return true;
}

describe('The file of the store', () => {
  let file: string;
  beforeEach(() => {
    file = fileIn(temporaryFolder());
  });

  it('is made where there is none, with a write-ahead log', () => {
    const { db, setAside } = openForWriting(file);
    try {
      assert.equal(setAside, null);
      assert.equal(versionOf(db), schemaVersion);
      assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
      assert.equal(db.prepare('PRAGMA synchronous').get()?.['synchronous'], 2, 'FULL');
      assert.equal(db.prepare('PRAGMA fullfsync').get()?.['fullfsync'], 1);
    } finally {
      db.close();
    }
  });

  it('keeps its write-ahead log below 64 MB', () => {
    const { db } = openForWriting(file);
    try {
      db.exec('PRAGMA synchronous = OFF');
      const insert = db.prepare('INSERT INTO render_settings (json) VALUES (?)');
      for (let i = 0; i < 80; i++) insert.run(`${i}${'x'.repeat(1_000_000)}`);
      assert.ok(statSync(`${file}-wal`).size < 64_000_000);
    } finally {
      db.close();
    }
  });

  it('is refused where a newer program wrote it, and left alone', () => {
    const { db } = openForWriting(file);
    db.exec(`CREATE TABLE extra (id INTEGER); PRAGMA user_version = ${schemaVersion + 1}`);
    db.close();
    const before = readFileSync(file);
    for (const open of [() => openForWriting(file), () => openForReading(file)]) {
      assert.throws(open, (error) =>
        assertStoreError(
          error,
          new RegExp(`written by a newer version .${schemaVersion + 1}; this program supports ${schemaVersion}`),
        ),
      );
    }
    assert.ok(readFileSync(file).equals(before));
    assert.deepEqual(
      readdirSync(join(file, '..')).filter((name) => name.includes('damaged')),
      [],
    );
  });

  it('is refused where another program wrote it, and left alone', () => {
    const db = new DatabaseSync(file);
    db.exec(`CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB NOT NULL); INSERT INTO deliveries VALUES (1, x'00');
      PRAGMA application_id = 0; PRAGMA user_version = 5`);
    db.close();
    const before = readFileSync(file);
    for (const open of [openForWriting, openForReading]) {
      assert.throws(
        () => open(file),
        (error) => {
          assertStoreError(error, /was not written by a published version/);
          assert.equal((error as StoreError).advice, 'move-history');
          return true;
        },
      );
      const left = new DatabaseSync(file, { readOnly: true });
      assert.equal(versionOf(left), 5);
      assert.equal(left.prepare('SELECT count(*) AS n FROM deliveries').get()?.['n'], 1);
      left.close();
    }
    assert.ok(readFileSync(file).equals(before));
    assert.deepEqual(readdirSync(join(file, '..')), ['relay.sqlite']);
  });

  /** What no version of this program makes, as a repository may bring it along: each planted by SQL, or in the file. */
  const planted: Record<string, (db: DatabaseSync) => void> = {
    'a trigger': (db) =>
      db.exec(`CREATE TRIGGER steal AFTER INSERT ON forwardings BEGIN
        INSERT OR IGNORE INTO forwardings SELECT new.notification_id, 66, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL; END`),
    'a view': (db) => db.exec('CREATE VIEW seen AS SELECT body FROM deliveries'),
    'a table': (db) => db.exec('CREATE TABLE more (id INTEGER)'),
    'a virtual table': (db) => db.exec('CREATE VIRTUAL TABLE more USING fts5 (text)'),
    'an index': (db) => db.exec('CREATE INDEX more ON events (type)'),
    'a column': (db) => db.exec('ALTER TABLE events ADD COLUMN more TEXT'),
    'a column that is computed': (db) => db.exec('ALTER TABLE events ADD COLUMN more TEXT AS (upper(type)) VIRTUAL'),
    'a table that was made otherwise': (db) =>
      db.exec('DROP TABLE render_settings; CREATE TABLE render_settings (id INTEGER PRIMARY KEY, json TEXT NOT NULL)'),
    'an index of other rows': (db) =>
      db.exec(
        'DROP INDEX forwardings_waiting; CREATE INDEX forwardings_waiting ON forwardings (destination_id) WHERE state = 3',
      ),
    'a view in the place of a table': (db) =>
      db.exec("DROP TABLE meta; CREATE VIEW meta AS SELECT 'identity' AS key, 'mine' AS value"),
    'version 0 on what is not empty': (db) => db.exec('PRAGMA user_version = 0'),
  };
  for (const [what, plant] of Object.entries(planted)) {
    it(`is refused where it holds what its version does not, and left alone: ${what}`, () => {
      openForWriting(file).db.close();
      const db = new DatabaseSync(file);
      plant(db);
      db.close();
      const before = readFileSync(file);
      for (const open of [openForWriting, openForReading]) {
        assert.throws(
          () => open(file),
          (error) => {
            assertStoreError(error, /contains data that no version of this program writes/);
            assert.equal((error as StoreError).advice, 'move-history');
            return true;
          },
        );
      }
      assert.ok(readFileSync(file).equals(before));
      assert.deepEqual(
        readdirSync(join(file, '..')).filter((name) => name.includes('damaged')),
        [],
      );
    });
  }

  it('runs nothing of a schema that is not trusted, and lets nobody write to the schema', () => {
    openForWriting(file).db.close();
    for (const open of [() => openForWriting(file).db, () => openForReading(file)]) {
      const db = open();
      assert.equal(db.prepare('PRAGMA trusted_schema').get()?.['trusted_schema'], 0);
      // Node before 24.12 has no defensive mode.
      if ('enableDefensive' in db) {
        assert.throws(
          () => db.exec("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '' WHERE name = 'meta'"),
          /may not be modified/,
        );
      }
      db.close();
    }
  });

  it('of CMR1 is of an earlier format, too', () => {
    const { db } = openForWriting(file);
    db.exec('PRAGMA application_id = 0x434d5231; DROP TABLE fetched');
    db.close();
    const opened = openForWriting(file);
    opened.db.close();
    assert.equal(opened.setAside?.kind, 'earlier');
  });

  it('of an earlier format is set aside with its search index, with the time in their names, and a new one begun', () => {
    const { db } = openForWriting(file);
    db.exec(`PRAGMA application_id = 0x434d526c; PRAGMA user_version = 3; PRAGMA journal_mode = DELETE`);
    db.close();
    const [before, search] = [readFileSync(file), join(file, '..', 'search.sqlite')];
    writeFileSync(search, 'its index');
    assert.throws(
      () => openForReading(file),
      (error) => {
        assertStoreError(error, /has an earlier format/);
        return (error as StoreError).advice === 'start-new-history';
      },
    );
    assert.ok(readFileSync(file).equals(before), 'a reader leaves it alone');
    const opened = openForWriting(file);
    assert.equal(versionOf(opened.db), schemaVersion);
    opened.db.close();
    assert.equal(opened.setAside?.kind, 'earlier');
    assert.match(opened.setAside.to, /relay\.sqlite\.earlier-\d{4}-\d\d-\d\dT[\d-]+Z$/);
    assert.ok(readFileSync(opened.setAside.to).equals(before), 'nothing of it is lost');
    const asideSearch = opened.setAside.to.replace('relay.sqlite', 'search.sqlite');
    assert.equal(readFileSync(asideSearch, 'utf8'), 'its index');
    assert.equal(existsSync(search), false);
    const again = openForWriting(file);
    assert.equal(again.setAside, null);
    again.db.close();
  });

  it('is refused for reading where there is none, or an empty file', () => {
    const read = (): unknown =>
      assert.throws(
        () => openForReading(file),
        (error) => assertStoreError(error, /no history yet/),
      );
    writeFileSync(file, '');
    read();
    rmSync(file);
    read();
    assert.equal(existsSync(file), false, 'none is made');
  });

  it('cannot be written by a reader', () => {
    openForWriting(file).db.close();
    const db = openForReading(file);
    assert.throws(() => db.exec('DELETE FROM events'), /readonly|read-only|query_only/i);
    db.close();
  });

  describe('that is damaged', () => {
    const damages: Record<string, (file: string) => void> = {
      garbage: (path) => writeFileSync(path, 'This is no database. '.repeat(1000)),
      'a truncated one': (path) => writeFileSync(path, readFileSync(path).subarray(0, 4096 * 3 + 100)),
      'a zeroed first page': (path) => zero(path, 0, 4096),
      'zeroed pages of the schema and tables': (path) => zero(path, 4096, 4096 * 20),
      'nothing but zeros': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
    };
    for (const table of [
      'meta',
      'deliveries',
      'events',
      'render_settings',
      'notifications',
      'destinations',
      'forwardings',
      'attempts',
    ]) {
      damages[`a missing table ${table}`] = (path) => {
        const db = new DatabaseSync(path);
        db.exec(`DROP TABLE ${table}`);
        db.close();
      };
    }
    for (const [what, damage] of Object.entries(damages)) {
      it(`is set aside under another name and a new one begun: ${what}`, () => {
        makeFilled(file);
        damage(file);
        const damaged = readFileSync(file);
        const { db, setAside } = openForWriting(file);
        assert.ok(setAside !== null);
        assert.equal(setAside.from, file);
        assert.notEqual(setAside.to, file);
        assert.match(setAside.why, /./);
        assert.equal(readFileSync(setAside.to).byteLength, damaged.byteLength, 'nothing of it is lost');
        assert.equal(versionOf(db), schemaVersion);
        assert.equal(db.prepare('SELECT count(*) AS n FROM render_settings').get()?.['n'], 0);
        db.close();
        const again = openForWriting(file);
        assert.equal(again.setAside, null, 'the new one is sound');
        again.db.close();
      });
    }

    it('is looked at as a whole only where it was marked suspect', () => {
      makeFilled(file);
      // Deep in a table: the first row of each table can still be read.
      zero(file, statSync(file).size - 4096 * 8, 4096 * 8);
      const unmarked = openForWriting(file);
      assert.equal(unmarked.setAside, null);
      unmarked.db.close();
      writeFileSync(suspectMark(file), 'malformed');
      const marked = openForWriting(file);
      assert.ok(marked.setAside !== null);
      marked.db.close();
      assert.equal(existsSync(suspectMark(file)), false, 'the mark is taken away');
    });
  });
});

describe('node:sqlite', () => {
  it('is probed, and its errors are told apart', () => {
    const db = openDatabase(':memory:');
    const failure = (sql: string): unknown => {
      try {
        db.exec(sql);
      } catch (error) {
        return error;
      }
      throw new Error('it did not fail');
    };
    assert.equal(isCorruption(failure('SELECT * FROM nowhere')), true);
    assert.equal(isCorruption(failure('this is not SQL')), false);
    assert.equal(isCorruption(new Error('malformed')), false, 'not of SQLite');
    db.close();
  });
});
