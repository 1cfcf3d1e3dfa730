/**
 * The store's file: its tables, its migrations, and what happens to a file that cannot be used.
 * `node:sqlite` is loaded on demand so that a runtime without it gets an error that names the versions that have it.
 */
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openSqlite, sqliteCode } from '../../common/sqlite.ts';
import { relayAdvice } from '../../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../../protocol/errors.ts';
import { schemaDifference } from './schema.ts';

/** Integers that stand for a forwarding's state in the file. What is held is none of them: it is derived (held.ts). */
export const stateCodes = { waiting: 0, sent: 1, failed: 2, discarded: 3 } as const;
export type StoredState = keyof typeof stateCodes;

/** Integers that stand for an event row's kind in the file. */
export const kindCodes = { event: 0, test: 1, rejected: 2 } as const;

/** Integers that stand for a notification's kind in the file. */
export const notificationKindCodes = { normalised: 0, raw: 1, platform: 2 } as const;

const kindNames = Object.keys(kindCodes) as (keyof typeof kindCodes)[];

/** The kind of an event's row that a code in the file stands for. */
export function kindName(code: unknown): keyof typeof kindCodes {
  return kindNames[Number(code)] ?? 'event';
}

const stateNames = Object.keys(stateCodes) as StoredState[];

/** The state that a code in the file stands for. */
export function stateName(code: unknown): StoredState {
  return stateNames[Number(code)] ?? 'discarded';
}

/** A BLOB column as a Buffer, without a copy. */
export function bytesOf(value: unknown): Buffer {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Integers that stand for what happened, in the table of changes; `first` and `last` say to what. */
export const changeCodes = {
  /** A notification of these ids was discarded, released, stopped or replayed. */
  notifications: 0,
  /** Any forwarding that waited may be in another state. */
  open: 1,
  /** Events of these ids were removed. */
  removed: 2,
} as const;

/** In SQL: of the forwardings, those that wait. To be found by their indices, a condition has to say it so. */
export const isWaiting = `state = ${stateCodes.waiting}`;

/** Tells a history of this program from any other SQLite file: "CMRl". */
const applicationId = 0x434d526c;

/** One step from version n to n + 1 each. Never edited once released: add a step. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- Tells this file from one that took its place: what is derived from it belongs to this identity.
  INSERT INTO meta (key, value) VALUES ('identity', lower(hex(randomblob(16))));

  -- Bytes and headers once. A delivery's events and notifications have consecutive ids.
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    injected INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    reason TEXT,
    list TEXT,
    signature TEXT,
    content_type TEXT,
    body_bytes INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    first_notification INTEGER NOT NULL,
    notification_count INTEGER NOT NULL,
    -- The delivery of which it is an edit that was released in its place.
    edit_of INTEGER,
    headers TEXT NOT NULL,
    -- JSON equivalent, where the body itself is not UTF-8 JSON.
    json BLOB,
    body BLOB NOT NULL
  );

  -- What it is searched by stands in a file of its own (history/): it is looked at by id alone.
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    type TEXT,
    address TEXT,
    date TEXT,
    warning TEXT,
    duplicate_of INTEGER,
    fingerprint INTEGER,
    notification_id INTEGER
  );

  -- All that decides a notification's bytes, beside the delivery's body.
  CREATE TABLE render_settings (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE);
  CREATE TABLE notifications (
    id INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    render_settings_id INTEGER NOT NULL
  );

  -- Which one an entry of the settings is, is found by comparing them (destinations.ts). position: its place in the
  -- settings in force, NULL where it is not in them. held: who holds what goes there and why, as JSON, NULL where nobody does.
  CREATE TABLE destinations (id INTEGER PRIMARY KEY, config TEXT NOT NULL, position INTEGER, held TEXT);

  -- round_start: attempts before the last replay, from which the retry policy counts. What is held follows from the rest
  -- (held.ts): released: the number of the pause that let it go; stopped: the breakpoint that it stopped at; looked: 1
  -- where breakpoints are not asked again in this round.
  CREATE TABLE forwardings (
    notification_id INTEGER NOT NULL,
    destination_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    round_start INTEGER NOT NULL,
    next_at INTEGER,
    status INTEGER,
    duration_ms REAL,
    detail TEXT,
    released INTEGER,
    stopped INTEGER,
    looked INTEGER,
    PRIMARY KEY (notification_id, destination_id)
  ) WITHOUT ROWID;
  CREATE INDEX forwardings_waiting ON forwardings (destination_id, notification_id) WHERE state = 0;
  CREATE INDEX forwardings_released ON forwardings (destination_id, released, notification_id)
    WHERE state = 0 AND released IS NOT NULL;
  CREATE INDEX forwardings_stopped ON forwardings (destination_id, notification_id)
    WHERE state = 0 AND stopped IS NOT NULL;

  CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    notification_id INTEGER NOT NULL,
    destination_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    status INTEGER,
    error TEXT,
    outcome TEXT NOT NULL,
    next_at INTEGER,
    truncated INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX attempts_by_notification ON attempts (notification_id);

  -- What whoever follows the log cannot see from new ids alone, a bounded number of the latest: see changeCodes.
  CREATE TABLE changes (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
  `,
  // 1: http_status is a status that the user asked for, and nothing of the delivery was forwarded.
  `ALTER TABLE deliveries ADD COLUMN on_purpose INTEGER NOT NULL DEFAULT 0;`,
  `
  -- What was fetched from the platform's queue of deliveries, a bounded number of the latest: it stays when the delivery
  -- is removed, so that nothing is taken twice.
  CREATE TABLE fetched (
    id INTEGER PRIMARY KEY,
    notification TEXT NOT NULL,
    subscription TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (notification, subscription, event)
  );
  `,
];

export const schemaVersion = migrations.length;

/** A store error that the user can act on. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store-failed' satisfies RelayErrorCode;
  readonly advice: RelayAdvice;
  readonly next: string;
  constructor(message: string, advice: RelayAdvice, cause?: unknown) {
    super(message, { cause });
    this.advice = advice;
    this.next = relayAdvice[advice];
  }
}

/** A store file could not be read as one and was renamed; a new one took its place. */
export interface SetAside {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/**
 * Opens a database, as one that anybody may have made.
 * @throws SQLite's error; StoreError on a runtime without `node:sqlite`
 */
export function openDatabase(file: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  try {
    return openSqlite(file, options);
  } catch (error) {
    if (sqliteCode(error) !== undefined) throw error;
    throw new StoreError(`this runtime (Node ${process.versions.node}) has no node:sqlite`, 'update-runtime', error);
  }
}

/**
 * Opens a database, or makes its file, for its owner alone: SQLite would make it as the umask says. What SQLite puts
 * beside it gets the same mode.
 * @param file the path
 * @throws the system's error, or SQLite's
 */
export function openOwn(file: string): DatabaseSync {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // It is not opened here where it is there: to close it would end the locks that this process has on it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return openDatabase(file);
}

/**
 * Opens the store for writing: makes, migrates or sets aside the file as needed. WAL, and `synchronous=NORMAL`: a commit
 * is on disk once the write-ahead log has been synced after it (wal-sync.ts); `fullfsync` on macOS.
 * @param file the path
 * @param steps the migrations
 * @returns the database, and what was set aside, if anything
 * @throws StoreError where the file is of a newer version or cannot be opened
 */
export function openForWriting(
  file: string,
  steps: readonly string[] = migrations,
): { db: DatabaseSync; setAside: SetAside | null } {
  const suspect = existsSync(suspectMark(file));
  let setAside: SetAside | null = null;
  for (;;) {
    let db: DatabaseSync | undefined;
    try {
      db = openOwn(file);
      db.exec('PRAGMA busy_timeout = 5000');
      // What is not this program's is refused before anything of it is changed.
      const version = checkSchema(db, file, steps);
      db.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON',
      );
      db.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 16384');
      migrate(db, version, steps);
      if (suspect && setAside === null) checkWhole(db);
      if (suspect) removeSuspectMark(file);
      return { db, setAside };
    } catch (error) {
      db?.close();
      if (error instanceof StoreError || setAside !== null || !isCorruption(error)) throw explain(error, file);
      setAside = renameAside(file, (error as Error).message);
    }
  }
}

/**
 * Opens the store for reading beside its writer, or without one.
 * @param file the path
 * @throws StoreError where there is none, or it cannot be read
 */
export function openForReading(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new StoreError(`no history yet at ${file}`, 'send-something');
  }
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(file, { readOnly: true });
    db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON',
    );
    const version = checkSchema(db, file, migrations);
    if (version < schemaVersion) {
      throw new StoreError(
        `the history at ${file} has an older format (${version}; this program writes ${schemaVersion})`,
        'migrate-history',
      );
    }
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file);
  }
}

function migrate(db: DatabaseSync, version: number, steps: readonly string[]): void {
  if (version < steps.length) {
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const step of steps.slice(version)) db.exec(step);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length}; COMMIT`);
    } catch (error) {
      rollBack(db);
      throw error;
    }
  }
  // Reads of each table: one that is damaged at its root says so here and not later.
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()) {
    db.prepare(`SELECT * FROM "${String(name)}" LIMIT 1`).get();
  }
}

/**
 * Holds a file against what its version has, whoever made it: what is then done with it runs nothing but what is ours.
 * @returns its version, 0 of one that holds nothing yet
 * @throws StoreError where it is newer, or holds anything else; a corruption where it lacks something or cannot be read
 */
function checkSchema(db: DatabaseSync, file: string, steps: readonly string[]): number {
  const version = versionOf(db, file);
  if (version > steps.length) throw newer(file, version, steps.length);
  const { foreign, missing } = schemaDifference(db, (empty) => {
    for (const step of steps.slice(0, version)) empty.exec(step);
  });
  if (foreign !== null) {
    throw new StoreError(
      `the history at ${file} contains data that no version of this program writes: ${foreign}`,
      'move-history',
    );
  }
  if (missing !== null) throw corruption(`no such ${missing}`);
  return version;
}

const reading = new WeakSet<DatabaseSync>();

/** Everything that is read until `read` returns is of one moment; within another such reading, of that one's. */
export function readAtOnce<T>(db: DatabaseSync, read: () => T): T {
  if (reading.has(db)) return read();
  db.exec('BEGIN');
  reading.add(db);
  try {
    return read();
  } finally {
    reading.delete(db);
    db.exec('COMMIT');
  }
}

/** Undoes a transaction that failed. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}

/** @returns 0 of a file that holds nothing yet @throws StoreError of one that no published version wrote */
function versionOf(db: DatabaseSync, file: string): number {
  const number = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  const version = number('user_version');
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isEmpty && number('application_id') !== applicationId) {
    throw new StoreError(
      `the history at ${file} was not written by a published version of this program`,
      'move-history',
    );
  }
  return version;
}

function newer(file: string, version: number, known: number): StoreError {
  return new StoreError(
    `the history at ${file} was written by a newer version (${version}; this program supports ${known})`,
    'update-program',
  );
}

function checkWhole(db: DatabaseSync): void {
  const row = db.prepare('PRAGMA quick_check(1)').get();
  const result = String(row?.['quick_check'] ?? 'no answer');
  if (result !== 'ok') throw corruption(result);
}

function corruption(what: string): Error {
  return Object.assign(new Error(what), { errcode: sqliteCorrupt });
}

/** What is said of a damaged history to whoever reads it where no relay runs. */
export function damagedHistory(file: string, cause: Error): StoreError {
  return new StoreError(`the history at ${file} is damaged: ${cause.message}`, 'start-to-set-aside', cause);
}

const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/** SQLite's result code where the disk is full. */
export const sqliteFull = 13;

export { sqliteCode };

/** Whether an error says that the file is damaged or is no database, or lacks tables that it must have. */
export function isCorruption(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === sqliteCorrupt || code === sqliteNotADatabase) return true;
  return code === 1 && /no such (?:table|column)|malformed/.test((error as Error).message);
}

/** A file whose presence makes the next start check the whole database. */
export function suspectMark(file: string): string {
  return `${file}.suspect`;
}

function removeSuspectMark(file: string): void {
  renameSync(suspectMark(file), `${file}.checked`);
}

function renameAside(file: string, why: string): SetAside {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const to = `${file}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, to + suffix);
  }
  return { from: file, to, why };
}

function explain(error: unknown, file: string): Error {
  if (error instanceof StoreError) return error;
  const message = (error as Error).message;
  if (sqliteCode(error) === sqliteFull) {
    return new StoreError(`the disk is full: cannot update the history at ${file} to this version`, 'make-room', error);
  }
  if (isCorruption(error)) return damagedHistory(file, error as Error);
  return new StoreError(`cannot open the history at ${file}: ${message}`, 'check-folder', error);
}
