/** Facts about the log itself, stored under keys as JSON. */
import type { Statements } from './statements.ts';

type Key = 'breakpoints' | 'highest' | 'sending' | 'totals';

/** undefined if nothing is stored. The caller validates the value. */
export function readMeta(sql: Statements, key: Key): unknown {
  const row = sql.get('SELECT value FROM meta WHERE key = ?', key);
  return row === undefined ? undefined : (JSON.parse(row['value'] as string) as unknown);
}

export function writeMeta(sql: Statements, key: Key, value: object): void {
  sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
}
