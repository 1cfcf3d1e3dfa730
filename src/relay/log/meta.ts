/** What the log keeps of itself beside its records, each under a key, as JSON. */
import type { Statements } from './statements.ts';

type Key = 'breakpoints' | 'highest' | 'runs' | 'sending' | 'totals';

/** What is kept under a key; undefined where nothing is. What it is, is for the caller to know, or to check. */
export function readMeta(sql: Statements, key: Key): unknown {
  const row = sql.get('SELECT value FROM meta WHERE key = ?', key);
  return row === undefined ? undefined : (JSON.parse(row['value'] as string) as unknown);
}

/** Keeps something under a key, in place of what was kept there. */
export function writeMeta(sql: Statements, key: Key, value: object): void {
  sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
}
