/** Statements of `node:sqlite` in this process, where the relay reads: watched, or failing as by faults of the disk. */
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterward } from './afterward.ts';

/** How often the fault was met. */
export interface Fault {
  readonly met: number;
  /** The disk works again. */
  fix(): void;
}

type Reading = (this: StatementSync, ...values: unknown[]) => unknown;

/**
 * From now on is told of each statement that matches before it reads. The history's thread is another one.
 * @param sql matched against the statement's text
 * @param onRead gets what it is asked with
 * @returns what ends that
 */
export function watchReading(sql: RegExp, onRead: (values: readonly unknown[]) => void): () => void {
  const statements = StatementSync.prototype as unknown as Record<'get' | 'all' | 'iterate', Reading>;
  const { get, all, iterate } = statements;
  const watched = (read: Reading): Reading =>
    function (...values) {
      if (sql.test(this.sourceSQL)) onRead(values);
      return read.apply(this, values);
    };
  const end = (): void => void Object.assign(statements, { get, all, iterate });
  Object.assign(statements, { get: watched(get), all: watched(all), iterate: watched(iterate) });
  afterward(end);
  return end;
}

/**
 * From now on each statement that matches fails as it does where the disk cannot be read: SQLITE_IOERR_READ. The
 * history's thread is another one and reads on.
 * @param sql matched against the statement's text
 */
export function failReading(sql: RegExp): Fault {
  let met = 0;
  const fix = watchReading(sql, () => {
    met += 1;
    throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 266 });
  });
  return {
    get met() {
      return met;
    },
    fix,
  };
}

/** The next COMMIT in this process fails as it does where the disk takes nothing more: SQLITE_IOERR_WRITE. */
export function failNextCommit(): void {
  const databases = DatabaseSync.prototype as unknown as Record<'exec', (this: DatabaseSync, sql: string) => void>;
  const { exec } = databases;
  const restore = (): void => void Object.assign(databases, { exec });
  databases.exec = function (sql) {
    if (sql === 'COMMIT') {
      restore();
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 778 });
    }
    exec.call(this, sql);
  };
  afterward(restore);
}
