import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { Fingerprints } from '../../../src/relay/log/fingerprints.ts';
import { Statements } from '../../../src/relay/log/statements.ts';

/** The events as they are stored, and what SQL finds among them. */
class Log {
  readonly #db = new DatabaseSync(':memory:');
  readonly #sql = new Statements(this.#db);
  #fingerprints = new Fingerprints(this.#sql);
  #last = 0;

  constructor() {
    this.#db.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, fingerprint INTEGER, earlier INTEGER)');
    this.#db.exec('CREATE INDEX events_fingerprint ON events (fingerprint)');
  }

  /** In one transaction. */
  write(fingerprints: readonly number[], fails: boolean): void {
    this.#fingerprints.begin();
    this.#db.exec('BEGIN');
    for (const each of fingerprints) {
      this.#last += 1;
      const expected = this.#sql.get('SELECT max(id) AS id FROM events WHERE fingerprint = ?', each)?.['id'];
      const earlier = this.#fingerprints.replace(each, this.#last);
      assert.equal(earlier, expected, `of ${each}`);
      this.#sql.run('INSERT INTO events VALUES (?, ?, ?)', this.#last, each, earlier);
    }
    this.#db.exec(fails ? 'ROLLBACK' : 'COMMIT');
    if (!fails) this.#fingerprints.commit();
  }

  remove(from: number, count: number): void {
    this.#sql.run('DELETE FROM events WHERE id BETWEEN ? AND ?', from, from + count);
  }

  restart(): void {
    this.#fingerprints = new Fingerprints(this.#sql);
  }
}

/** Some have the same lower 32 bits. */
const someFingerprint = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 2 }))
  .map(([low, high]) => low + high * 2 ** 32);

describe('the latest event with each fingerprint', () => {
  it('is what the log has, whatever fails, is removed, or is started again', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ write: fc.array(someFingerprint, { maxLength: 5 }), fails: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.integer({ min: 1, max: 40 }), count: fc.nat(9) }) },
      fc.constant('restart' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const log = new Log();
        for (const each of steps) {
          if (each === 'restart') log.restart();
          else if ('write' in each) log.write(each.write, each.fails);
          else log.remove(each.remove, each.count);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is found among more than there were places for at first', () => {
    const log = new Log();
    const all = Array.from({ length: 210_000 }, (_, index) => Math.floor(((index * 0.618_033_988_749) % 1) * 2 ** 53));
    for (let at = 0; at < all.length; at += 70_000) log.write(all.slice(at, at + 70_000), false);
    log.write(all.slice(0, 3), false);
  });

  it('costs little to look for, also where a sender chooses events that meet in one place', () => {
    let looked = 0;
    const sql = new Statements(new DatabaseSync(':memory:'));
    sql.get = (text) => {
      looked += 1;
      return text.includes('count') ? { n: 0 } : { fingerprint: -1 };
    };
    sql.iterate = () => [];
    const fingerprints = new Fingerprints(sql);
    for (let at = 1; at <= 500; at++) fingerprints.replace(at * 2 ** 32, at);
    looked = 0;
    fingerprints.replace(501 * 2 ** 32, 501);
    assert.ok(looked > 100 && looked <= 200, String(looked));
  });
});
