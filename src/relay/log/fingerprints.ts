import type { Statements } from './statements.ts';

const leastPlaces = 262_144;
/** A sender can choose events that meet in one place: beyond this many, the last one looked at is forgotten. */
const mostLookedAt = 200;

/** In the place of an event that was not stored in the end. */
const nothing = 2 ** 32 - 1;

/**
 * The latest event with each fingerprint, by open addressing, 8 bytes a place. In memory: an index in the database takes
 * a quarter of receiving, since each event changes another page of it (docs/performance.md).
 */
export class Fingerprints {
  readonly #sql: Statements;
  /** The lower 32 bits of fingerprints; the event's row has all. */
  #hashes = new Uint32Array(0);
  /** 0 in a free place. */
  #ids = new Uint32Array(0);
  #used = 0;
  #uncommitted: (readonly [hash: number, id: number, before: number])[] = [];

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** At the start of a transaction: takes back what the one before replaced, if it was rolled back. */
  begin(): void {
    for (const [hash, id, before] of this.#uncommitted.reverse()) {
      const place = this.#placeOf(hash, (known) => known === id);
      if (this.#ids[place] === id) this.#ids[place] = before === 0 ? nothing : before;
    }
    this.commit();
  }

  commit(): void {
    this.#uncommitted = [];
  }

  /** Within a transaction, before the event is stored. @returns the latest event with its fingerprint until now */
  replace(fingerprint: number, id: number): number | null {
    if (this.#used * 4 >= this.#ids.length * 3) this.#load();
    const hash = fingerprint >>> 0;
    let latest: number | null = null;
    const place = this.#placeOf(hash, (known) => (latest = this.#latest(known, fingerprint)) !== null);
    this.#uncommitted.push([hash, id, this.#ids[place] ?? 0]);
    this.#put(place, hash, id);
    return latest;
  }

  #latest(known: number, fingerprint: number): number | null {
    if (known === nothing) return null;
    const row = this.#sql.get('SELECT fingerprint FROM events WHERE id = ?', known);
    if (row !== undefined) return row['fingerprint'] === fingerprint ? known : null;
    // It was removed: of the events before it, only those that wait are left.
    const sql = 'SELECT max(id) AS id FROM events WHERE id < ? AND fingerprint = ?';
    return this.#sql.get(sql, known, fingerprint)?.['id'] as number | null;
  }

  #placeOf(hash: number, isIt: (id: number) => boolean): number {
    let place = hash % this.#ids.length;
    for (let looked = 1; looked < mostLookedAt; looked++) {
      const id = this.#ids[place] ?? 0;
      if (id === 0 || (this.#hashes[place] === hash && isIt(id))) break;
      place = (place + 1) % this.#ids.length;
    }
    return place;
  }

  #put(place: number, hash: number, id: number): void {
    if (this.#ids[place] === 0) this.#used += 1;
    this.#hashes[place] = hash;
    this.#ids[place] = id;
  }

  /** At the first event, and again when it is full: then what was removed since takes no place. */
  #load(): void {
    const places = Math.max(leastPlaces, 2 * Number(this.#sql.get('SELECT count(*) AS n FROM events')?.['n']));
    [this.#hashes, this.#ids, this.#used] = [new Uint32Array(places), new Uint32Array(places), 0];
    try {
      const sql = 'SELECT id, fingerprint, earlier FROM events WHERE fingerprint IS NOT NULL ORDER BY id';
      for (const { id, fingerprint, earlier } of this.#sql.iterate(sql)) {
        const [mark, before] = [Number(fingerprint), Number(earlier)];
        // The one before it may have been removed.
        const isSame = (known: number): boolean =>
          known === before || (known < before && this.#latest(known, mark) === known);
        this.#put(this.#placeOf(mark >>> 0, isSame), mark >>> 0, Number(id));
      }
    } catch (error) {
      this.#ids = new Uint32Array(0);
      throw error;
    }
  }
}
