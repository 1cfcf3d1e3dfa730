/** `node:sqlite` is loaded on demand, so that a runtime without it gets an error that names the versions with it. */
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openSqlite, sqliteCode } from '../../common/sqlite.ts';
import { adviceInTerminal, type RelayAdvice } from '../../protocol/advice.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import { schemaDifference } from './schema.ts';
import type { Statements } from './statements.ts';

/**
 * Positions in `eventStates`, so that an event's state is the lowest of its forwardings; `held` is derived (held.ts).
 */
export const stateCodes = { failed: 0, waiting: 3, discarded: 4, sent: 5 } as const;
export type StoredState = keyof typeof stateCodes;

export const kindCodes = { event: 0, test: 1, rejected: 2 } as const;
export const notificationKindCodes = { normalized: 0, raw: 1, platform: 2 } as const;

const kindNames = Object.keys(kindCodes) as (keyof typeof kindCodes)[];

export function kindName(code: unknown): keyof typeof kindCodes {
  return kindNames[Number(code)] ?? 'event';
}

const stateNames = new Map<unknown, StoredState>(
  Object.entries(stateCodes).map(([name, code]) => [code, name as StoredState]),
);

export function stateName(code: unknown): StoredState {
  return stateNames.get(code) ?? 'discarded';
}

export function bytesOf(value: unknown): Buffer {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** In the form that uses the indices. */
export const isWaiting = `state = ${stateCodes.waiting}`;

/** "CMR2" distinguishes a history from other SQLite files. */
const applicationId = 0x434d5232;
/** "CMRl" and "CMR1", of versions that weren't published. */
const earlierApplicationIds: ReadonlySet<number> = new Set([0x434d526c, 0x434d5231]);

export const schemaVersion = 1;

const schema = `
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
    -- 1: http_status is a forced status, and nothing of the delivery was forwarded.
    on_purpose INTEGER NOT NULL,
    headers TEXT NOT NULL,
    -- JSON equivalent, where the body itself is not UTF-8 JSON.
    json BLOB,
    body BLOB NOT NULL
  );

  -- All that an event is found, counted, and sorted by, except words. raw_id: the delivery's raw notification, which has
  -- the event, too. flags: event-flags.ts. As its forwardings are (event-states.ts): state, the most urgent one's position
  -- in eventStates; states, a bit for each code of a state; attempts, status, and duration_ms.
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    -- What is looked through without an index comes first.
    received_at INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    duplicate_of INTEGER,
    state INTEGER NOT NULL,
    states INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    duration_ms REAL,
    type TEXT COLLATE NOCASE,
    list TEXT COLLATE NOCASE,
    delivery_id INTEGER NOT NULL,
    notification_id INTEGER,
    raw_id INTEGER,
    kind INTEGER NOT NULL,
    -- earlier: the latest event before it with the same fingerprint (fingerprints.ts).
    fingerprint INTEGER,
    earlier INTEGER,
    address TEXT,
    date TEXT,
    warning TEXT
  );
  CREATE INDEX events_type ON events (type);
  CREATE INDEX events_list ON events (list);
  CREATE INDEX events_state ON events (state);

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
  -- settings in force, NULL if it is not in them. held: who holds what goes there and why, as JSON; NULL if not held.
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
  CREATE INDEX forwardings_waiting ON forwardings (destination_id, notification_id) WHERE state = 3;
  CREATE INDEX forwardings_released ON forwardings (destination_id, released, notification_id)
    WHERE state = 3 AND released IS NOT NULL;
  CREATE INDEX forwardings_stopped ON forwardings (destination_id, notification_id)
    WHERE state = 3 AND stopped IS NOT NULL;

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

  -- What was fetched from the platform's queue of deliveries, a bounded number of the latest: it stays when the delivery
  -- is removed, so that nothing is taken twice.
  CREATE TABLE fetched (
    id INTEGER PRIMARY KEY,
    notification TEXT NOT NULL,
    subscription TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (notification, subscription, event)
  );
`;

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store-failed' satisfies RelayErrorCode;
  readonly advice: RelayAdvice;
  readonly next: string;
  constructor(message: string, advice: RelayAdvice, cause?: unknown) {
    super(message, { cause });
    this.advice = advice;
    this.next = adviceInTerminal(advice);
  }
}

export interface SetAside {
  readonly kind: 'damaged' | 'earlier';
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

class EarlierHistoryError extends Error {}

/** The file may be from another program. @throws SQLite's error; StoreError on a runtime without `node:sqlite` */
export function openDatabase(file: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  try {
    return openSqlite(file, options);
  } catch (error) {
    if (sqliteCode(error) !== undefined) throw error;
    throw new StoreError(`this runtime (Node ${process.versions.node}) has no node:sqlite`, 'update-runtime', error);
  }
}

/** Creates a file with access only for its owner: SQLite would use the umask. @throws the system's or SQLite's error */
export function openOwn(file: string): DatabaseSync {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // Don't open an existing file here: closing it would end this process's locks on it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return openDatabase(file);
}

/** Creates or sets aside the file as needed. A commit is on disk when it returns. @throws StoreError */
export function openForWriting(file: string): { db: DatabaseSync; setAside: SetAside | null } {
  const suspect = existsSync(suspectMark(file));
  let setAside: SetAside | null = null;
  for (;;) {
    let db: DatabaseSync | undefined;
    try {
      db = openOwn(file);
      db.exec('PRAGMA busy_timeout = 5000');
      // Refuse a file of another program before changing it.
      const isEmpty = checkSchema(db, file) === 0;
      db.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON',
      );
      db.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 14336');
      if (isEmpty) create(db);
      readEachTable(db);
      if (suspect && setAside === null) checkWhole(db);
      if (suspect) renameSync(suspectMark(file), `${file}.checked`);
      return { db, setAside };
    } catch (error) {
      db?.close();
      const isEarlier = error instanceof EarlierHistoryError;
      if (error instanceof StoreError || setAside !== null || !(isEarlier || isCorruption(error))) {
        throw explain(error, file);
      }
      setAside = renameAside(file, isEarlier ? 'earlier' : 'damaged', (error as Error).message);
    }
  }
}

/** Works with or without a writer. @throws StoreError if there is no history, or it can't be read */
export function openForReading(file: string): DatabaseSync {
  if (!existsSync(file)) throw noHistory(file);
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(file, { readOnly: true });
    // Large sorts use a temporary file with IDs and keys; text that isn't indexed yet stays in memory.
    db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096; PRAGMA temp_store = FILE; PRAGMA temp.cache_size = -16384',
    );
    if (checkSchema(db, file) === 0) throw noHistory(file);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file);
  }
}

function noHistory(file: string): StoreError {
  return new StoreError(`no history yet at ${file}`, 'send-something');
}

function create(db: DatabaseSync): void {
  db.exec(`BEGIN IMMEDIATE; ${schema}; PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

/** A table that is damaged at its root fails here and not later. */
function readEachTable(db: DatabaseSync): void {
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()) {
    db.prepare(`SELECT * FROM "${String(name)}" LIMIT 1`).get();
  }
}

/**
 * Compares a file with the schema, so that it can't run foreign triggers or views. @returns 0 for an empty file
 * @throws StoreError if it is newer or has anything else; EarlierHistoryError; a corruption if it lacks something
 */
function checkSchema(db: DatabaseSync, file: string): number {
  const version = versionOf(db, file);
  if (version > schemaVersion) {
    throw new StoreError(
      `the history at ${file} was written by a newer version (${version}; this program supports ${schemaVersion})`,
      'update-program',
    );
  }
  const { foreign, missing } = schemaDifference(db, (empty) => {
    if (version > 0) empty.exec(schema);
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

export function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back, such as when the disk is full.
  }
}

function versionOf(db: DatabaseSync, file: string): number {
  const number = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  const version = number('user_version');
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  const application = number('application_id');
  if (earlierApplicationIds.has(application)) throw new EarlierHistoryError('it has an earlier format');
  if (!isEmpty && application !== applicationId) {
    throw new StoreError(
      `the history at ${file} was not written by a published version of this program`,
      'move-history',
    );
  }
  return version;
}

function checkWhole(db: DatabaseSync): void {
  const row = db.prepare('PRAGMA quick_check(1)').get();
  const result = String(row?.['quick_check'] ?? 'no answer');
  if (result !== 'ok') throw corruption(result);
}

function corruption(what: string): Error {
  return Object.assign(new Error(what), { errcode: sqliteCorrupt });
}

export function damagedHistory(file: string, cause: Error): StoreError {
  return new StoreError(`the history at ${file} is damaged: ${cause.message}`, 'start-to-set-aside', cause);
}

const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

export const sqliteFull = 13;

export { sqliteCode };

export function isCorruption(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === sqliteCorrupt || code === sqliteNotADatabase) return true;
  return code === 1 && /no such (?:table|column)|malformed/.test((error as Error).message);
}

/** If this file exists, the next start checks the whole database. */
export function suspectMark(file: string): string {
  return `${file}.suspect`;
}

function renameAside(file: string, kind: SetAside['kind'], why: string): SetAside {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const aside = (name: string): string => `${name}.${kind}-${stamp}`;
  // The search index of an earlier history is useless for another.
  for (const each of kind === 'earlier' ? [file, join(dirname(file), 'search.sqlite')] : [file]) {
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(each + suffix)) renameSync(each + suffix, aside(each) + suffix);
    }
  }
  return { kind, from: file, to: aside(file), why };
}

function explain(error: unknown, file: string): Error {
  if (error instanceof StoreError) return error;
  const message = (error as Error).message;
  if (error instanceof EarlierHistoryError) {
    return new StoreError(`the history at ${file} has an earlier format`, 'start-new-history');
  }
  if (sqliteCode(error) === sqliteFull) {
    return new StoreError(`the disk is full: cannot create the history at ${file}`, 'make-room', error);
  }
  if (isCorruption(error)) return damagedHistory(file, error as Error);
  return new StoreError(`cannot open the history at ${file}: ${message}`, 'check-folder', error);
}

type Key = 'breakpoints' | 'highest' | 'sending' | 'totals';

export function readMeta(sql: Statements, key: Key): unknown {
  const row = sql.get('SELECT value FROM meta WHERE key = ?', key);
  return row === undefined ? undefined : (JSON.parse(row['value'] as string) as unknown);
}

export function writeMeta(sql: Statements, key: Key, value: object): void {
  sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
}
