/** What stands in a database's schema, held against what our own code makes: the file may be anybody's. */
import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../../common/sqlite.ts';

/** A table, index, view or trigger, and the SQL that made it; an index of a key has none. */
interface SchemaEntry {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string | null;
}

/** How a schema differs, by the first that was found of each kind, such as `trigger steal`. */
export interface SchemaDifference {
  /** What it has beside its own, or otherwise. */
  readonly foreign: string | null;
  /** What it lacks. */
  readonly missing: string | null;
}

/** A name in a file is anybody's: so much of it is said, in characters. */
const mostOfName = 60;

/**
 * Compares a schema with what makes one.
 * @param make makes it in an empty database
 */
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

/** The schema that `make` makes. */
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
