/** The free text of events, in the index's file: what is indexed of each, and how words are found again. */
import { bytesOf } from '../log/database.ts';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readPayload, textField } from '../../campaign-monitor/payload.ts';

/** Of an event's texts, what is indexed, in characters. */
const mostText = 10_000;

/** Of a platform notification, what is indexed for all its events together, and for each at least, in bytes. */
const mostPlatformText = 20 * mostText;
const leastText = 200;

/** Where a beginning of a word has no more words than this, they are looked up one by one: then nothing is gathered. */
const mostTerms = 16;
/** So few events are looked up one by one rather than found among all that hold the words. */
const fewEvents = 300;

/** The events that may be among what is found. */
export interface Selection {
  readonly count: number;
  has(id: number): boolean;
  /** Newest first. */
  ids(before: number): Iterable<number>;
}

/** What is looked for: each phrase is a run of words, whose last may be a beginning. */
export interface Phrases {
  /** All of them. */
  readonly words: readonly string[][];
  /** In the address, any of them. */
  readonly addresses: readonly string[][];
}

/**
 * The phrases of a filter.
 * @returns null where nothing is searched for
 */
export function phrasesOf(words: readonly string[], addresses: readonly string[]): Phrases | null {
  const tokens = (text: string): string[] => text.normalize('NFC').match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
  const found = { words: words.map(tokens).filter((each) => each.length > 0), addresses: addresses.map(tokens) };
  return found.words.length + found.addresses.length === 0 ? null : found;
}

/**
 * The FTS5 expression for phrases.
 * @param termsOf the words that begin so, where they are known and few: then the expression has them in its place
 */
export function matchExpression(
  { words, addresses }: Phrases,
  termsOf: (beginning: string) => readonly string[] | null = () => null,
): string {
  const phrase = (tokens: readonly string[]): string[] => {
    const terms = termsOf(tokens.at(-1) ?? '');
    if (terms === null) return [`"${tokens.join(' ')}" *`];
    return terms.map((term) => `"${[...tokens.slice(0, -1), term].join(' ')}"`);
  };
  const anyOf = (alternatives: readonly string[]): string =>
    alternatives.length === 1 ? (alternatives[0] ?? '') : `(${alternatives.join(' OR ')})`;
  const parts = words.map((tokens) => anyOf(phrase(tokens)));
  if (addresses.length > 0) parts.push(`address : (${addresses.flatMap(phrase).join(' OR ')})`);
  return parts.join(' AND ');
}

/** A table of texts by event. */
export class TextIndex {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #nextTerm: StatementSync;
  /** What a search chooses from, while it runs. */
  #isChosen: (id: number) => boolean = () => false;

  /** @param db where the table is, or is made */
  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (address, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
       CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab ('main', 'search', 'instance')`,
    );
    this.#insert = db.prepare('INSERT OR REPLACE INTO search (rowid, address, text) VALUES (?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM search WHERE rowid BETWEEN ? AND ?');
    this.#nextTerm = db.prepare('SELECT term FROM temp.terms WHERE term >= ? LIMIT 1');
    db.function('chosen', (id) => (this.#isChosen(id as number) ? 1 : 0));
  }

  /**
   * Adds the text of a delivery's events.
   * @param delivery its row, of `LogFeed.bodiesAfter`
   */
  add(delivery: Record<string, unknown>, log: DatabaseSync): void {
    for (const [id, address, text] of textsOf(delivery, log)) this.#insert.run(id, address, text);
  }

  /** Removes the text of the events from one id to another. */
  remove(first: number, last: number): void {
    this.#remove.run(whole(first), whole(last));
  }

  /** Removes all. */
  clear(): void {
    this.#db.exec("INSERT INTO search (search) VALUES ('delete-all')");
  }

  /**
   * Events that hold the phrases, newest first.
   * @param from the events that may be among them
   * @param before only ids below it
   */
  *find(phrases: Phrases, from: Selection, before: number): Generator<number> {
    if (from.count === 0) return;
    const match = matchExpression(phrases, (beginning) => this.#terms(beginning));
    if (from.count <= fewEvents && !match.includes('*')) {
      const one = this.#db.prepare('SELECT rowid FROM search WHERE search MATCH ? AND rowid = ?');
      for (const id of from.ids(before)) if (one.get(match, whole(id)) !== undefined) yield id;
      return;
    }
    const rows = this.#db
      .prepare(
        'SELECT rowid AS id FROM search WHERE search MATCH ? AND rowid < ? AND chosen(rowid) ORDER BY rowid DESC',
      )
      .iterate(match, whole(before));
    const isChosen = (id: number): boolean => from.has(id);
    this.#isChosen = isChosen;
    for (const row of rows) {
      yield Number(row['id']);
      // Whoever took it may have searched for something else meanwhile.
      this.#isChosen = isChosen;
    }
  }

  /** Visits all events that hold the phrases, in any order: quicker than {@link TextIndex.find} where they are many. */
  visit(phrases: Phrases, from: Selection, visit: (id: number) => void): void {
    if (from.count === 0) return;
    this.#isChosen = (id) => {
      if (!from.has(id)) return false;
      visit(id);
      return false;
    };
    const match = matchExpression(phrases, (beginning) => this.#terms(beginning));
    this.#db.prepare('SELECT rowid FROM search WHERE search MATCH ? AND chosen(rowid)').all(match);
  }

  /**
   * The words of the index that begin so, to put them in the place of a beginning: to find that, all events of all its
   * words are gathered first. Only in ASCII, where it is certain how the index writes them.
   * @returns null where they are many, or none for sure
   */
  #terms(beginning: string): string[] | null {
    if (!/^[A-Za-z0-9]+$/.test(beginning)) return null;
    const terms: string[] = [];
    for (let from = beginning.toLowerCase(); ; from = `${terms.at(-1) ?? ''}\u0000`) {
      // One by one, each found from the one before: to list them, their events would be gone through.
      const term = this.#nextTerm.get(from)?.['term'];
      if (typeof term !== 'string' || !term.startsWith(beginning.toLowerCase())) break;
      if (terms.push(term) > mostTerms) return null;
    }
    return terms.length === 0 ? null : terms;
  }
}

/** FTS5 looks up a row by a whole number alone; a number of JavaScript's reaches SQLite as a float. */
function whole(id: number): bigint {
  return BigInt(Math.min(id, Number.MAX_SAFE_INTEGER));
}

/** What is indexed of a delivery: for each event its id, its address and its text. */
function textsOf(delivery: Record<string, unknown>, log: DatabaseSync): [number, string, string][] {
  const first = Number(delivery['first_event']);
  const body = bytesOf(delivery['body']);
  if (delivery['status'] !== 'accepted') {
    const reason = typeof delivery['reason'] === 'string' ? delivery['reason'] : '';
    return [[first, '', `${reason} ${body.toString('utf8', 0, 2000)}`]];
  }
  if (delivery['source'] === 'campaign-monitor') {
    const payload = readPayload(body, delivery['content_type'] as string | null);
    if (payload.kind !== 'events') return [];
    return payload.events.map((event, position) => [
      first + position,
      textField(event, 'EmailAddress') ?? '',
      stringsOf(event),
    ]);
  }
  // The body has no part of its own for each of its events, of which there may be very many.
  const count = Number(delivery['row_count']);
  const text = body.toString('utf8', 0, Math.min(mostText, Math.max(leastText, Math.floor(mostPlatformText / count))));
  return log
    .prepare('SELECT id, address FROM events WHERE id BETWEEN ? AND ?')
    .all(first, first + count - 1)
    .map(({ id, address }) => [Number(id), typeof address === 'string' ? address : '', text]);
}

/** Every string and number in a value, to a bound: what free text finds. */
function stringsOf(value: unknown): string {
  const texts: string[] = [];
  let length = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0 && length < mostText) {
    const next = pending.pop();
    if (typeof next === 'string' || typeof next === 'number') {
      const text = String(next);
      texts.push(text);
      length += text.length;
    } else if (typeof next === 'object' && next !== null) {
      // One by one: there may be more than a call takes arguments.
      for (const each of Object.values(next) as unknown[]) pending.push(each);
    }
  }
  return texts.join(' ').slice(0, mostText);
}
