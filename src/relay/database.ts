/**
 * The store's file: its tables, its migrations, and what happens to a file that cannot be used.
 * `node:sqlite` is loaded on demand so that a runtime without it gets an error that names the versions that have it.
 */
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { nodeSqlite, sqliteCode } from '../common/sqlite.ts';
import { relayAdvice } from '../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../protocol/errors.ts';

/** Integers that stand for a forwarding's state in the file. */
export const stateCodes = { waiting: 0, held: 1, sent: 2, failed: 3, discarded: 4 } as const;

/** Integers that stand for who holds a forwarding in the file. */
export const holderCodes = { pause: 0, breakpoint: 1, 'missing-key': 2, destination: 3 } as const;

/**
 * Integers that stand for how a forwarding that waits passes the gate: it was let through, whatever breakpoints say, or
 * has been looked at already. NULL: it is looked at.
 */
export const passCodes = { 'let-through': 1, passed: 2 } as const;

/** Integers that stand for an event row's kind in the file. */
export const kindCodes = { event: 0, test: 1, rejected: 2 } as const;

/** Integers that stand for a notification's kind in the file. */
export const notificationKindCodes = { normalised: 0, raw: 1, platform: 2 } as const;

/** Integers that stand for what happened, in the table of changes; `first` and `last` say to what. */
export const changeCodes = {
  /** A notification of these ids was discarded or replayed. */
  notifications: 0,
  /** Any forwarding that waited or was held may be in another state. */
  open: 1,
  /** Events of these ids were removed. */
  removed: 2,
} as const;

/** In SQL: of the forwardings, those that wait or are held. To be found by their index, a condition has to say it so. */
export const isOpen = `state <= ${stateCodes.held}`;

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
    stored_bytes INTEGER NOT NULL,
    headers TEXT NOT NULL,
    -- JSON equivalent, where the body itself is not UTF-8 JSON.
    json BLOB,
    body BLOB NOT NULL
  );

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    type TEXT COLLATE NOCASE,
    list TEXT COLLATE NOCASE,
    address TEXT COLLATE NOCASE,
    date TEXT,
    warning TEXT,
    duplicate_of INTEGER,
    fingerprint INTEGER,
    notification_id INTEGER
  );
  CREATE INDEX events_by_type ON events (type);
  CREATE INDEX events_by_list ON events (list);
  CREATE INDEX events_by_fingerprint ON events (fingerprint) WHERE fingerprint IS NOT NULL;
  CREATE INDEX events_other_kinds ON events (kind) WHERE kind <> 0;

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

  -- identity: what of a destination decides what it is sent; config: its settings as last known.
  CREATE TABLE destinations (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, config TEXT NOT NULL);
  CREATE TABLE forwardings (
    notification_id INTEGER NOT NULL,
    destination_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    -- attempts before the last replay: the retry policy counts from here.
    round_start INTEGER NOT NULL,
    next_at INTEGER,
    status INTEGER,
    duration_ms REAL,
    detail TEXT,
    PRIMARY KEY (notification_id, destination_id)
  ) WITHOUT ROWID;
  CREATE INDEX forwardings_by_state ON forwardings (state, notification_id);

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
    stored_bytes INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX attempts_by_notification ON attempts (notification_id);
  `,
  `
  -- A list belongs to a delivery: for each of its events it would stand there a thousand times. events.list is unused.
  DROP INDEX events_by_list;
  CREATE INDEX deliveries_by_list ON deliveries (list COLLATE NOCASE);
  `,
  `
  -- Which destination an entry of the settings is, is found by comparing them (destinations.ts), not by a key.
  -- position: its place in the settings in force, NULL where it is not in them.
  CREATE TABLE known_destinations (id INTEGER PRIMARY KEY, config TEXT NOT NULL, position INTEGER);
  INSERT INTO known_destinations (id, config) SELECT id, config FROM destinations;
  DROP TABLE destinations;
  ALTER TABLE known_destinations RENAME TO destinations;
  `,
  `
  -- The log is appended to, and looked at by id; what it is searched by stands in a file of its own (history/).
  DROP INDEX events_by_type;
  DROP INDEX events_by_fingerprint;
  DROP INDEX events_other_kinds;
  DROP INDEX deliveries_by_list;
  -- What waits or is held, for forwarding and a restart.
  DROP INDEX forwardings_by_state;
  CREATE INDEX forwardings_open ON forwardings (destination_id, state, notification_id) WHERE state <= 1;
  -- What whoever follows the log cannot see from new ids alone, a bounded number of the latest: see changeCodes.
  CREATE TABLE changes (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
  `,
  `
  -- Who holds it (holderCodes), at which breakpoint, and how it passes the gate when it waits (passCodes).
  ALTER TABLE forwardings ADD COLUMN held_by INTEGER;
  ALTER TABLE forwardings ADD COLUMN breakpoint INTEGER;
  ALTER TABLE forwardings ADD COLUMN pass INTEGER;
  UPDATE forwardings SET held_by = 2 WHERE state = 1;
  -- The delivery of which it is an edit that was released in its place.
  ALTER TABLE deliveries ADD COLUMN edit_of INTEGER;
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
 * The constructor of `node:sqlite`.
 * @throws StoreError on a runtime without it
 */
export function loadSqlite(): typeof DatabaseSync {
  try {
    return nodeSqlite();
  } catch (cause) {
    throw new StoreError(`this runtime (Node ${process.versions.node}) has no node:sqlite`, 'update-runtime', cause);
  }
}

/**
 * Opens a database, or makes its file, for its owner alone: SQLite would make it as the umask says. What SQLite puts
 * beside it gets the same mode.
 * @param file the path
 * @throws the system's error, or SQLite's
 */
export function openOwn(file: string): DatabaseSync {
  const Database = loadSqlite();
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // It is not opened here where it is there: to close it would end the locks that this process has on it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return new Database(file);
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
      db.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON',
      );
      db.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 16384');
      migrate(db, file, steps);
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
  const Database = loadSqlite();
  if (!existsSync(file)) {
    throw new StoreError(`there is no history yet at ${file}`, 'send-something');
  }
  let db: DatabaseSync | undefined;
  try {
    db = new Database(file, { readOnly: true });
    db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON',
    );
    const version = versionOf(db);
    if (version > schemaVersion) throw newer(file, version, schemaVersion);
    if (version < schemaVersion) {
      throw new StoreError(
        `the history at ${file} is of an older version (${version}; this program writes ${schemaVersion})`,
        'migrate-history',
      );
    }
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file);
  }
}

const tables = [
  'meta',
  'deliveries',
  'events',
  'render_settings',
  'notifications',
  'destinations',
  'forwardings',
  'attempts',
  'changes',
];

function migrate(db: DatabaseSync, file: string, steps: readonly string[]): void {
  const version = versionOf(db);
  if (version > steps.length) throw newer(file, version, steps.length);
  if (version < steps.length) {
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const step of steps.slice(version)) db.exec(step);
      db.exec(`PRAGMA user_version = ${steps.length}; COMMIT`);
    } catch (error) {
      rollBack(db);
      throw error;
    }
  }
  // Reads the schema: a file that is not a database, or has lost its tables, says so here and not later.
  for (const table of tables) db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
}

/** Undoes a transaction that failed. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}

function versionOf(db: DatabaseSync): number {
  const row = db.prepare('PRAGMA user_version').get();
  return Number(row?.['user_version'] ?? 0);
}

function newer(file: string, version: number, known: number): StoreError {
  return new StoreError(
    `the history at ${file} was written by a newer version (${version}; this program knows ${known})`,
    'update-program',
  );
}

function checkWhole(db: DatabaseSync): void {
  const row = db.prepare('PRAGMA quick_check(1)').get();
  const result = String(row?.['quick_check'] ?? 'no answer');
  if (result !== 'ok') throw Object.assign(new Error(result), { errcode: sqliteCorrupt });
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
    return new StoreError(
      `the disk is full: the history at ${file} cannot be brought into this version's form`,
      'make-room',
      error,
    );
  }
  if (isCorruption(error)) return damagedHistory(file, error as Error);
  return new StoreError(`the history at ${file} cannot be opened: ${message}`, 'check-folder', error);
}
