import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { bytesOf } from '../log/database.ts';
import type { Row } from '../log/statements.ts';
import { readPayload, textField } from '../../campaign-monitor/payload.ts';

/** Per event, in characters. */
const mostText = 10_000;

/** For all events of an Open Connectors notification, and minimum for each, in bytes. */
const mostPlatformText = 20 * mostText;
const leastText = 200;

/** If a prefix has at most this many words, they are looked up without gathering all their events. */
const mostTerms = 16;

/** A phrase is a run of words, whose last may be a prefix. All `words` and any of `addresses` must match. */
export interface Phrases {
  readonly words: readonly string[][];
  readonly addresses: readonly string[][];
}

export function phrasesOf(words: readonly string[], addresses: readonly string[]): Phrases | null {
  const tokens = (text: string): string[] => text.normalize('NFC').match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
  const found = { words: words.map(tokens).filter((each) => each.length > 0), addresses: addresses.map(tokens) };
  return found.words.length + found.addresses.length === 0 ? null : found;
}

/** @param termsOf the words with a prefix, which replace it; null if they are unknown or many */
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

/**
 * Words to replace a prefix, for which FTS5 first gathers all events of all its words. Only in ASCII, where it is
 * certain how the index writes them. null if there are many.
 */
export function termsWith(beginning: string, next: StatementSync): string[] | null {
  if (!/^[A-Za-z0-9]+$/.test(beginning)) return null;
  const terms: string[] = [];
  for (let from = beginning.toLowerCase(); ; from = `${terms.at(-1) ?? ''}\u0000`) {
    // Listing the words would read all their events.
    const term = next.get(from)?.['term'];
    if (typeof term !== 'string' || !term.startsWith(beginning.toLowerCase())) break;
    if (terms.push(term) > mostTerms) return null;
  }
  return terms.length === 0 ? null : terms;
}

export function createTextTable(db: DatabaseSync, table: string): void {
  db.exec(
    `CREATE VIRTUAL TABLE ${table} USING fts5 (address, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`,
  );
}

export const textColumns = 'id, source, status, reason, content_type, received_at, first_event, row_count, body';

export function addTexts(db: DatabaseSync, table: string, delivery: Row, log: DatabaseSync): void {
  const insert = db.prepare(`INSERT OR REPLACE INTO ${table} (rowid, address, text) VALUES (?, ?, ?)`);
  for (const [id, address, text] of textsOf(delivery, log)) insert.run(id, address, text);
}

function textsOf(delivery: Row, log: DatabaseSync): [number, string, string][] {
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
  // The body has no separate part for each of its events, of which there may be very many.
  const count = Number(delivery['row_count']);
  const text = body.toString('utf8', 0, Math.min(mostText, Math.max(leastText, Math.floor(mostPlatformText / count))));
  return log
    .prepare('SELECT id, address FROM events WHERE id BETWEEN ? AND ?')
    .all(first, first + count - 1)
    .map(({ id, address }) => [Number(id), typeof address === 'string' ? address : '', text]);
}

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
      // There may be more values than a call takes arguments.
      for (const each of Object.values(next) as unknown[]) pending.push(each);
    }
  }
  return texts.join(' ').slice(0, mostText);
}
