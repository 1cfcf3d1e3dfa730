/** The file may come from another program or user. */
import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../../common/sqlite.ts';

interface SchemaEntry {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string | null;
}

export interface SchemaDifference {
  readonly foreign: string | null;
  readonly missing: string | null;
}

/** The file may contain any name. */
const mostOfName = 60;

export function schemaDifference(db: DatabaseSync, make: (empty: DatabaseSync) => void): SchemaDifference {
  const own = new Map(schemaMadeBy(make).map((entry) => [entry.name, entry]));
  for (const entry of entriesOf(db)) {
    const wanted = own.get(entry.name);
    const isOwn = wanted?.type === entry.type && wanted.table === entry.table && wanted.sql === entry.sql;
    if (!isOwn) return { foreign: `${entry.type} ${entry.name.slice(0, mostOfName)}`, missing: null };
    own.delete(entry.name);
  }
  const [missing] = own.values();
  return { foreign: null, missing: missing === undefined ? null : `${missing.type} ${missing.name}` };
}

function schemaMadeBy(make: (empty: DatabaseSync) => void): readonly SchemaEntry[] {
  const db = openSqlite(':memory:');
  try {
    make(db);
    return [...entriesOf(db)];
  } finally {
    db.close();
  }
}

function* entriesOf(db: DatabaseSync): Generator<SchemaEntry> {
  for (const row of db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').iterate()) {
    yield {
      type: String(row['type']),
      name: String(row['name']),
      table: String(row['tbl_name']),
      sql: row['sql'] === null ? null : String(row['sql']),
    };
  }
}
