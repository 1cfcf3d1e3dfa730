/** Faults of the disk, put in where the relay meets it: in the statements of `node:sqlite` in this process. */
import { StatementSync } from 'node:sqlite';
import { afterwards } from './afterwards.ts';

/** How often the fault was met. */
export interface Fault {
  readonly met: number;
  /** The disk works again. */
  mend(): void;
}

type Reading = (this: StatementSync, ...values: unknown[]) => unknown;

/**
 * From now on each statement that matches fails as it does where the disk cannot be read: SQLITE_IOERR_READ. The
 * history's thread is another one and reads on.
 * @param sql matched against the statement's text
 */
export function failReading(sql: RegExp): Fault {
  const statements = StatementSync.prototype as unknown as Record<'get' | 'all', Reading>;
  const { get, all } = statements;
  let met = 0;
  const failing = (read: Reading): Reading =>
    function (...values) {
      if (!sql.test(this.sourceSQL)) return read.apply(this, values);
      met += 1;
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 266 });
    };
  const mend = (): void => void Object.assign(statements, { get, all });
  Object.assign(statements, { get: failing(get), all: failing(all) });
  afterwards(mend);
  return {
    get met() {
      return met;
    },
    mend,
  };
}
