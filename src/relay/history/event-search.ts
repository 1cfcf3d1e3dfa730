/** Text that isn't indexed yet is read from the log, up to a limit; events beyond it are counted as not searched. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Filter } from '../../protocol/event-filter.ts';
import type { LogHoldView } from '../log/held.ts';
import type { Row } from '../log/statements.ts';
import { conditionsOf, heldOverState, holdsAnything, stateConditionsOf, type Condition } from './event-conditions.ts';
import type { IndexedText } from './indexed-text.ts';
import { matchExpression, phrasesOf } from './text-index.ts';

/** If an index finds more rows than this, looking through all rows in order is faster. */
const fewRows = 10_000;

interface Part {
  readonly from: string;
  readonly id: string;
  readonly conditions: readonly Pick<Condition, 'sql' | 'values'>[];
}

export interface Found {
  readonly unseen: number;
  readonly state: string;
  /** @param query makes a SELECT of a table that has `id` and the columns for each event */
  ask(columns: readonly string[], query: (table: string) => string, ...values: SQLInputValue[]): Row[];
}

/** Both exclusive. */
export interface Bounds {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
}

export function findEvents(
  { log, text }: { readonly log: DatabaseSync; readonly text: IndexedText },
  filter: Filter,
  view: LogHoldView,
  { before, after }: Bounds,
  isTextUpToDate: boolean,
): Found {
  const found = (parts: readonly Part[], unseen: number): Found => ({
    unseen,
    state: holdsAnything(view) ? heldOverState : 'e.state',
    ask: (columns, query, ...values) => {
      const selects = parts.map(({ from, id, conditions }) => {
        const where = conditions.map(({ sql }) => sql).join(' AND ');
        return `SELECT ${[`${id} AS id`, ...columns].join(', ')} FROM ${from}${where === '' ? '' : ` WHERE ${where}`}`;
      });
      const given = parts.flatMap(({ conditions }) => conditions.flatMap((each) => each.values));
      return log.prepare(query(`(${selects.join(' UNION ALL ')})`)).all(...given, ...values);
    },
  });
  const conditions = [...conditionsOf(filter), ...stateConditionsOf(filter, view)];
  const bounds = (id: string): Part['conditions'] => [
    ...(before === undefined ? [] : [{ sql: `${id} < ?`, values: [whole(before)] }]),
    ...(after === undefined ? [] : [{ sql: `${id} > ?`, values: [whole(after)] }]),
  ];
  const phrases = phrasesOf(filter.words, filter.addresses);
  const fewest = fewestOf(conditions, log);
  const few = fewest.column;
  const from = few === null ? 'events e' : `events e INDEXED BY events_${few}`;
  const isAlone = phrases === null && conditions.length === 1;
  const given = conditions.map(({ sql, values, column }) => ({
    sql: column === null ? sql : `${column === few || isAlone ? '' : '+'}e.${column} ${sql}`,
    values,
  }));
  if (phrases === null) return found([{ from, id: 'e.id', conditions: [...given, ...bounds('e.id')] }], 0);
  const parts: Part[] = [];
  const { lastEvent } = text;
  // Another process may have indexed more in the meantime, which is in the tail as well.
  const indexed = (id: string): Part['conditions'] =>
    isTextUpToDate ? bounds(id) : [...bounds(id), { sql: `${id} <= ?`, values: [BigInt(lastEvent)] }];
  const match = text.matching(phrases);
  if (match !== null) {
    if (few !== null && !match.includes('*') && fewest.count < countText(match, fewest.count, log)) {
      const has = {
        sql: 'EXISTS (SELECT 1 FROM text.search s WHERE s.search MATCH ? AND s.rowid = e.id)',
        values: [match],
      };
      parts.push({ from, id: 'e.id', conditions: [...given, ...indexed('e.id'), has] });
    } else parts.push(textPart('text.search', match, given, indexed('s.rowid')));
  }
  if (isTextUpToDate) return found(parts, 0);
  const first = text.readTail();
  const later = { sql: 's.rowid > ?', values: [BigInt(lastEvent)] };
  const tail = textPart('temp.tail', matchExpression(phrases), given, [...bounds('s.rowid'), later]);
  const between = [{ sql: 'e.id > ? AND e.id < ?', values: [lastEvent, first] }];
  const unseen = found([{ from, id: 'e.id', conditions: [...given, ...bounds('e.id'), ...between] }], 0);
  const [count] = unseen.ask([], (events) => `SELECT count(*) AS n FROM ${events}`);
  return found([...parts, tail], Number(count?.['n']));
}

interface Few {
  readonly column: Condition['column'];
  readonly count: number;
}

function fewestOf(conditions: readonly Condition[], log: DatabaseSync): Few {
  let few: Few = { column: null, count: fewRows };
  for (const { column, sql, values } of conditions) {
    if (column === null) continue;
    const probe = `SELECT count(*) AS n FROM (SELECT 1 FROM events INDEXED BY events_${column} WHERE ${column} ${sql} LIMIT ${few.count})`;
    const count = Number(log.prepare(probe).get(...values)?.['n']);
    if (count < few.count) few = { column, count };
  }
  return few;
}

function countText(match: string, most: number, log: DatabaseSync): number {
  const probe = 'SELECT count(*) AS n FROM (SELECT 1 FROM text.search WHERE search MATCH ? LIMIT ?)';
  return Number(log.prepare(probe).get(match, most + 1)?.['n']);
}

/** FTS5 seeks only by an integer; a JavaScript number reaches SQLite as a float. */
function whole(id: number): bigint {
  return BigInt(Math.min(id, Number.MAX_SAFE_INTEGER));
}

function textPart(table: string, match: string, conditions: Part['conditions'], bounds: Part['conditions']): Part {
  return {
    from: `${table} s CROSS JOIN events e ON e.id = s.rowid`,
    id: 's.rowid',
    conditions: [{ sql: `s.${table.split('.')[1] ?? ''} MATCH ?`, values: [match] }, ...bounds, ...conditions],
  };
}
