/**
 * Reading the history: pages of events by filter, and one event, delivery or notification whole. Read-only, so it serves
 * beside the relay that writes and where none runs.
 */
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  AttemptDetail,
  Delivery,
  EventRow,
  Forwarding,
  Headers,
  Notification,
  SignatureCheck,
  Source,
} from '../protocol/history.ts';
import { checkDataDirectory } from '../protocol/data-directory.ts';
import { relayAdvice } from '../protocol/errors.ts';
import type { ParsedParams, Result } from '../protocol/methods.ts';
import type { Destination } from '../protocol/settings.ts';
import { columnLengths, cut } from './columns.ts';
import { kindCodes, openForReading, stateCodes } from './database.ts';
import { toldId } from './destinations.ts';
import { parseFilter } from './filter.ts';
import type { Filter } from './filter.ts';
import { fittingAnswer, fittingAttempts, mostAttempts, mostPageBytes, rowBytes } from './message-size.ts';
import { Renderer } from './render.ts';
import { iso, isoOrNull, parseId } from './rows.ts';
import { matchExpression, SearchIndex } from './search-index.ts';
import { bytesOf, notificationKindName, stateName, StoredReader } from './stored.ts';

/** The files of a data directory that hold the history. */
export function storeFile(dataDir: string): string {
  return join(dataDir, 'relay.sqlite');
}

/** The file of the free-text index, which is made again where it is missing. */
export function searchFile(dataDir: string): string {
  return join(dataDir, 'search.sqlite');
}

/** There is no such event, delivery or notification. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly advice = 'list-events';
  readonly next = relayAdvice[this.advice];
  constructor(id: string) {
    super(`there is no ${parseId(id).kind} ${id} in the history`);
  }
}

type Row = Record<string, unknown>;
type Values = (string | number)[];

interface Condition {
  readonly sql: string;
  readonly values: Values;
}

/** A destination as clients know it. */
interface KnownDestination {
  readonly config: string | undefined;
  readonly destinationId: string;
  readonly destination: Destination | undefined;
}

const fields = `e.id, e.delivery_id, e.kind, e.received_at, e.type, e.address, e.date, e.warning, e.duplicate_of, e.notification_id,
  d.list, d.source, d.injected, d.signature, d.reason, d.http_status, d.first_notification, d.notification_count`;
const columns = `${fields} FROM events e JOIN deliveries d ON d.id = e.delivery_id`;

/**
 * Opens the history of a data directory for reading.
 * @param dataDir the data directory
 * @throws StoreError where there is none, or it cannot be read; DataDirectoryError
 */
export function openHistory(dataDir: string): HistoryReader {
  return new HistoryReader(checkDataDirectory(dataDir));
}

/** Reads one history file. */
export class HistoryReader {
  readonly #db: DatabaseSync;
  readonly #searchFile: string;
  readonly #stored: StoredReader;
  readonly #statements = new Map<string, StatementSync>();
  /** As they were when they were last read: a row repeats them for each forwarding. */
  readonly #destinations = new Map<number, KnownDestination>();
  #search: SearchIndex | undefined;

  constructor(dataDir: string) {
    this.#db = openForReading(storeFile(dataDir));
    this.#searchFile = searchFile(dataDir);
    this.#stored = new StoredReader(this.#db);
  }

  /**
   * One page of events, newest first.
   * @throws FilterError
   */
  query(params: ParsedParams<'events/query'>): Result<'events/query'> {
    const filter = parseFilter(params.filter, Date.now());
    const before = params.before === undefined ? Number.MAX_SAFE_INTEGER : parseId(params.before).number;
    const events: EventRow[] = [];
    let bytes = 0;
    for (const row of this.#candidates(filter, before)) {
      const last = events.at(-1);
      if (last !== undefined && (events.length >= params.limit || bytes > mostPageBytes)) {
        return { events, next: last.id };
      }
      const event = this.#event(row);
      bytes += rowBytes(event);
      events.push(event);
    }
    return { events, next: null };
  }

  /** Ids of the notifications of the events that match a filter, oldest first. */
  notificationIds(filter: string): number[] {
    const ids = new Set<number>();
    for (const row of this.#candidates(parseFilter(filter, Date.now()), Number.MAX_SAFE_INTEGER)) {
      for (const id of this.#notificationIdsOf(row)) ids.add(id);
    }
    return [...ids].sort((a, b) => a - b);
  }

  /** Ids of the notifications with a forwarding that failed, oldest first. */
  failedNotificationIds(): number[] {
    return this.#all(
      'SELECT DISTINCT notification_id AS id FROM forwardings WHERE state = ? ORDER BY notification_id',
      stateCodes.failed,
    ).map((row) => Number(row['id']));
  }

  /**
   * The notifications that ids stand for, oldest first: an event's and a delivery's are those that hold it.
   * @throws NotFoundError
   */
  notificationIdsFor(ids: readonly string[]): number[] {
    const found = new Set<number>();
    for (const id of ids) {
      for (const each of this.#notificationsForId(id)) found.add(each);
    }
    return [...found].sort((a, b) => a - b);
  }

  /**
   * One event with its delivery, notifications and attempts.
   * @param id an event's, or a delivery's or notification's, meaning its first event
   * @throws NotFoundError
   */
  event(id: string): Result<'events/get'> {
    const row = this.#eventRow(id);
    const notificationIds = this.#notificationIdsOf(row);
    return {
      event: this.#event(row),
      delivery: this.#deliveryById(Number(row['delivery_id']), id),
      notifications: notificationIds.map((each) => this.#notification(each)).filter((each) => each !== undefined),
      attempts: fittingAttempts(notificationIds.flatMap((each) => this.#attempts(each, Number(row['delivery_id'])))),
    };
  }

  /**
   * One delivery with its bytes.
   * @param id a delivery's, or an event's or notification's, meaning its delivery
   * @throws NotFoundError
   */
  delivery(id: string): Result<'deliveries/get'> {
    const number = this.#deliveryIdOf(id);
    const delivery = this.#deliveryById(number, id);
    const stored = this.#stored.body(number);
    if (stored === undefined) throw new NotFoundError(id);
    const first = this.#get(
      'SELECT first_notification AS first, notification_count AS count FROM deliveries WHERE id = ?',
      number,
    );
    const firstNotification = Number(first?.['first'] ?? 0);
    const notifications = Array.from({ length: Number(first?.['count'] ?? 0) }, (_, index) =>
      this.#notification(firstNotification + index),
    );
    const events = this.#all(
      `SELECT ${columns} WHERE e.delivery_id = ? AND e.id BETWEEN d.first_event AND d.first_event + d.row_count - 1 AND d.id = ? ORDER BY e.id`,
      number,
      number,
    );
    return {
      delivery,
      headers: stored.headers,
      body: stored.body.toString('base64'),
      ...fittingAnswer(
        events.map((row) => this.#event(row)),
        notifications.filter((each) => each !== undefined),
      ),
    };
  }

  /**
   * A notification as it is sent, without the signature and credentials, whose keys only a running relay knows.
   * @param id a notification's, or an event's or delivery's, meaning its first
   * @param to which destination
   * @throws NotFoundError
   */
  render(id: string, to: Omit<ParsedParams<'notifications/render'>, 'id'> = {}): Result<'notifications/render'> {
    const { notificationId, destinationId, destination } = this.target(id, to);
    const outgoing = new Renderer(this.#stored).render(notificationId, destination, {
      signatureKeys: new Map(),
      credentials: new Map(),
    });
    if (outgoing === undefined) throw new NotFoundError(id);
    return {
      notificationId: `n${notificationId}`,
      destinationId,
      url: destination?.url ?? null,
      headers: outgoing.headers,
      body: outgoing.body.toString('base64'),
    };
  }

  /**
   * Which notification an id means, and its destination: the one of `destinationId` or `url`, else the first it went to.
   * @throws NotFoundError
   */
  target(
    id: string,
    { destinationId, url }: Omit<ParsedParams<'notifications/render'>, 'id'>,
  ): { notificationId: number; destinationId: string | null; destination: Destination | undefined } {
    const [notificationId] = this.#notificationsForId(id);
    if (notificationId === undefined) throw new NotFoundError(id);
    const destinations = this.#all(
      'SELECT destination_id AS id FROM forwardings WHERE notification_id = ?',
      notificationId,
    )
      .map((row) => this.#destination(Number(row['id'])))
      .filter(({ destination }) => destination !== undefined);
    const found = destinations.find(
      (each) =>
        (destinationId === undefined || each.destinationId === destinationId) &&
        (url === undefined || each.destination?.url === url),
    );
    return { notificationId, destinationId: found?.destinationId ?? null, destination: found?.destination };
  }

  /**
   * Brings the free-text index up to date.
   * @param budgetMs stop after about this time, in milliseconds
   * @returns whether it is
   */
  index(budgetMs: number): boolean {
    this.#search ??= new SearchIndex(this.#searchFile, this.#db);
    return this.#search.catchUp(budgetMs);
  }

  /** Closes the files. */
  close(): void {
    this.#statements.clear();
    this.#search?.close();
    this.#db.close();
  }

  /** Event rows that match, newest first, by whichever way leads to few. */
  *#candidates(filter: Filter, before: number): Generator<Row> {
    const match = matchExpression(filter.words, filter.addresses);
    const [onlyState] = filter.states;
    if (match !== null) yield* this.#byText(filter, match, before);
    else if (onlyState !== undefined && filter.states.length === 1) yield* this.#byState(filter, onlyState, before);
    else yield* this.#inOrder(filter, before);
  }

  *#inOrder(filter: Filter, before: number): Generator<Row> {
    const { sql, values } = joinConditions(this.#conditions(filter, true));
    const [onlyList] = filter.lists;
    if (onlyList !== undefined && filter.lists.length === 1) {
      // Along the list's deliveries, whose ids are in the order of their events'.
      yield* this.#iterate(
        `SELECT ${fields} FROM deliveries d CROSS JOIN events e ON e.id BETWEEN d.first_event AND d.first_event + d.row_count - 1
         WHERE d.id <= ? AND e.id < ? AND ${sql} ORDER BY d.id DESC, e.id DESC`,
        this.#lastDeliveryBefore(before),
        before,
        ...values,
      );
      return;
    }
    yield* this.#iterate(`SELECT ${columns} WHERE e.id < ? AND ${sql} ORDER BY e.id DESC`, before, ...values);
  }

  *#byText(filter: Filter, match: string, before: number): Generator<Row> {
    this.#search ??= new SearchIndex(this.#searchFile, this.#db);
    this.#search.catchUp();
    const { sql, values } = joinConditions(this.#conditions(filter, true));
    const one = this.#prepare(`SELECT ${columns} WHERE e.id = ? AND ${sql}`);
    for (const id of this.#search.matches(match, before)) {
      const row = one.get(id, ...values);
      if (row !== undefined) yield row;
    }
  }

  /** From the forwardings of one state, which may be few among many. */
  *#byState(filter: Filter, state: Filter['states'][number], before: number): Generator<Row> {
    const { sql, values } = joinConditions(this.#conditions(filter, false));
    const seen = new Set<number>();
    const rows = this.#iterate(
      `SELECT ${fields}
       FROM forwardings f CROSS JOIN notifications n ON n.id = f.notification_id CROSS JOIN deliveries d ON d.id = n.delivery_id
       CROSS JOIN events e ON e.id BETWEEN d.first_event + n.first_event AND d.first_event + n.first_event + n.event_count - 1
       WHERE f.state = ? AND f.notification_id <= ? AND e.id < ? AND ${sql} ORDER BY f.notification_id DESC, e.id DESC`,
      stateCodes[state],
      this.#lastNotificationBefore(before),
      before,
      ...values,
    );
    for (const row of rows) {
      const id = Number(row['id']);
      if (seen.has(id)) continue;
      seen.add(id);
      yield row;
    }
  }

  /** The delivery of the greatest event id below `before`. */
  #lastDeliveryBefore(before: number): number {
    const row = this.#get('SELECT delivery_id AS id FROM events WHERE id < ? ORDER BY id DESC LIMIT 1', before);
    return Number(row?.['id'] ?? 0);
  }

  /** The greatest notification id that an event below `before` can have. */
  #lastNotificationBefore(before: number): number {
    const row = this.#get(
      `SELECT d.first_notification + d.notification_count AS id FROM events e JOIN deliveries d ON d.id = e.delivery_id
       WHERE e.id < ? AND e.notification_id IS NOT NULL ORDER BY e.id DESC LIMIT 1`,
      before,
    );
    return Number(row?.['id'] ?? 0);
  }

  #conditions(filter: Filter, withStates: boolean): Condition[] {
    const conditions: Condition[] = [];
    // With one value SQLite walks that value's index in order; with several, or beside another, it walks the table.
    const among = (column: string, values: readonly (string | number)[], indexed: boolean, collate = ''): void => {
      if (values.length === 0) return;
      const test = values.length === 1 ? '= ?' : `IN (${values.map(() => '?').join(', ')})`;
      const left = `${indexed && values.length === 1 ? '' : '+'}${column}${collate && ` ${collate}`}`;
      conditions.push({ sql: `${left} ${test}`, values: [...values] });
    };
    among(
      'd.list',
      filter.lists.map((list) => cut(list, columnLengths.list)),
      true,
      'COLLATE NOCASE',
    );
    among(
      'e.type',
      filter.types.map((type) => cut(type, columnLengths.type)),
      filter.lists.length === 0,
    );
    among('e.delivery_id', filter.deliveryIds, false);
    for (const id of filter.deliveryIds.slice(0, filter.deliveryIds.length === 1 ? 1 : 0)) {
      conditions.push({
        sql: 'e.id BETWEEN (SELECT first_event FROM deliveries WHERE id = ?) AND (SELECT first_event + row_count FROM deliveries WHERE id = ?)',
        values: [id, id],
      });
    }
    among(
      'e.kind',
      filter.kinds.map((kind) => kindCodes[kind]),
      true,
    );
    if (filter.kinds.length > 0 && !filter.kinds.includes('event')) conditions.push({ sql: 'e.kind <> 0', values: [] });
    among('d.source', filter.sources, false);
    if (filter.duplicates !== null) {
      conditions.push({ sql: `e.duplicate_of IS ${filter.duplicates ? 'NOT ' : ''}NULL`, values: [] });
    }
    if (filter.since !== null) {
      conditions.push(
        { sql: 'e.received_at >= ?', values: [filter.since] },
        { sql: 'e.id >= ?', values: [this.#firstEventSince(filter.since)] },
      );
    }
    if (filter.until !== null) {
      const last = this.#firstEventSince(filter.until + 2 * disorderMs);
      conditions.push({ sql: 'e.received_at < ?', values: [filter.until] }, { sql: 'e.id <= ?', values: [last] });
    }
    if (withStates && filter.states.length > 0) {
      conditions.push({
        sql: `EXISTS (SELECT 1 FROM forwardings f WHERE (f.notification_id = e.notification_id OR f.notification_id IN
          (SELECT id FROM notifications n WHERE n.id = d.first_notification + d.notification_count - 1 AND n.kind = 1)) AND f.state IN (${filter.states
            .map((state) => stateCodes[state])
            .join(', ')}))`,
        values: [],
      });
    }
    return conditions;
  }

  /**
   * An id below which every event was received before `since`, by halving. Ids do not quite follow the time of receipt:
   * a slow body gets its id late, and clocks are set back. Up to `disorderMs` of that costs nothing.
   */
  #firstEventSince(since: number): number {
    // Two questions: SQLite answers each from an end of the table, and both at once by reading all of it.
    const bounds = this.#get('SELECT (SELECT min(id) FROM events) AS low, (SELECT max(id) FROM events) AS high');
    let low = Number(bounds?.['low'] ?? 0);
    let high = Number(bounds?.['high'] ?? 0);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#get('SELECT id, received_at FROM events WHERE id >= ? ORDER BY id LIMIT 1', middle);
      if (row === undefined || Number(row['received_at']) >= since - disorderMs) high = middle;
      else low = Math.max(middle, Number(row['id'])) + 1;
    }
    return low;
  }

  #eventRow(id: string): Row {
    const { kind, number } = parseId(id);
    let row: Row | undefined;
    if (kind === 'event') row = this.#get(`SELECT ${columns} WHERE e.id = ?`, number);
    else if (kind === 'delivery') row = this.#get(`SELECT ${columns} WHERE d.id = ? AND e.id = d.first_event`, number);
    else {
      row = this.#get(
        `SELECT ${columns} JOIN notifications n ON n.delivery_id = d.id WHERE n.id = ? AND e.id = d.first_event + n.first_event`,
        number,
      );
    }
    if (row === undefined) throw new NotFoundError(id);
    return row;
  }

  #deliveryIdOf(id: string): number {
    const { kind, number } = parseId(id);
    return kind === 'delivery' ? number : Number(this.#eventRow(id)['delivery_id']);
  }

  #notificationsForId(id: string): number[] {
    const { kind, number } = parseId(id);
    if (kind === 'notification') {
      if (this.#get('SELECT id FROM notifications WHERE id = ?', number) === undefined) throw new NotFoundError(id);
      return [number];
    }
    if (kind === 'event') return this.#notificationIdsOf(this.#eventRow(id));
    const row = this.#get(
      'SELECT first_notification AS first, notification_count AS count FROM deliveries WHERE id = ?',
      number,
    );
    if (row === undefined) throw new NotFoundError(id);
    return Array.from({ length: Number(row['count']) }, (_, index) => Number(row['first']) + index);
  }

  /** An event's own notification, and its delivery's raw one. */
  #notificationIdsOf(row: Row): number[] {
    if (row['notification_id'] === null) return [];
    const own = Number(row['notification_id']);
    const last = Number(row['first_notification']) + Number(row['notification_count']) - 1;
    if (last === own) return [own];
    const raw = this.#get('SELECT id FROM notifications WHERE id = ? AND kind = 1', last);
    return raw === undefined ? [own] : [own, last];
  }

  #event(row: Row): EventRow {
    return {
      id: `e${String(row['id'])}`,
      deliveryId: `d${String(row['delivery_id'])}`,
      kind: kindName(row['kind']),
      source: row['source'] as Source,
      injected: row['injected'] === 1,
      receivedAt: iso(Number(row['received_at'])),
      // A history of an earlier version may hold longer ones.
      type: cut(textOrNull(row['type']), columnLengths.type),
      list: cut(textOrNull(row['list']), columnLengths.list),
      address: cut(textOrNull(row['address']), columnLengths.address),
      date: cut(textOrNull(row['date']), columnLengths.date),
      warning: textOrNull(row['warning']),
      duplicateOf: idOrNull('e', row['duplicate_of']),
      signature: row['signature'] as SignatureCheck | null,
      reason: textOrNull(row['reason']),
      httpStatus: Number(row['http_status']),
      notificationId: idOrNull('n', row['notification_id']),
      forwardings: this.#notificationIdsOf(row).flatMap((id) => this.#forwardings(id)),
    };
  }

  #deliveryById(number: number, id: string): Delivery {
    const row = this.#get(
      'SELECT id, source, status, injected, received_at, http_status, reason, list, signature, content_type, body_bytes, truncated, event_count FROM deliveries WHERE id = ?',
      number,
    );
    if (row === undefined) throw new NotFoundError(id);
    return {
      id: `d${number}`,
      source: row['source'] as Source,
      status: row['status'] as Delivery['status'],
      injected: row['injected'] === 1,
      receivedAt: iso(Number(row['received_at'])),
      httpStatus: Number(row['http_status']),
      reason: textOrNull(row['reason']),
      list: cut(textOrNull(row['list']), columnLengths.list),
      signature: row['signature'] as SignatureCheck | null,
      contentType: cut(textOrNull(row['content_type']), columnLengths.contentType),
      bodyBytes: Number(row['body_bytes']),
      truncated: row['truncated'] === 1,
      eventCount: Number(row['event_count']),
    };
  }

  #notification(id: number): Notification | undefined {
    const row = this.#get(
      'SELECT n.*, d.first_event AS delivery_first_event FROM notifications n JOIN deliveries d ON d.id = n.delivery_id WHERE n.id = ?',
      id,
    );
    if (row === undefined) return undefined;
    const firstEvent = Number(row['delivery_first_event']) + Number(row['first_event']);
    return {
      id: `n${id}`,
      deliveryId: `d${String(row['delivery_id'])}`,
      kind: notificationKindName(row['kind']),
      part: Number(row['part']),
      parts: Number(row['parts']),
      eventId: String(row['event_id']),
      createdAt: iso(Number(row['created_at'])),
      eventIds: Array.from({ length: Number(row['event_count']) }, (_, index) => `e${firstEvent + index}`),
      forwardings: this.#forwardings(id),
    };
  }

  #forwardings(notificationId: number): Forwarding[] {
    return this.#all('SELECT * FROM forwardings WHERE notification_id = ? ORDER BY destination_id', notificationId).map(
      (row) => {
        const { destinationId, destination } = this.#destination(Number(row['destination_id']));
        return {
          destinationId,
          destination: destination?.url ?? '',
          mode: destination?.mode ?? 'normalised',
          state: stateName(row['state']),
          attempts: Number(row['attempts']),
          maxAttempts: null,
          nextAttemptAt: isoOrNull(row['next_at'] as number | null),
          status: row['status'] as number | null,
          durationMs: row['duration_ms'] as number | null,
          detail: textOrNull(row['detail']),
        };
      },
    );
  }

  #attempts(notificationId: number, deliveryId: number): AttemptDetail[] {
    const latest = this.#all(
      'SELECT * FROM attempts WHERE notification_id = ? ORDER BY id DESC LIMIT ?',
      notificationId,
      mostAttempts,
    );
    return latest.reverse().map((row) => ({
      notificationId: `n${notificationId}`,
      deliveryId: `d${deliveryId}`,
      ...this.#place(Number(row['destination_id'])),
      number: Number(row['number']),
      at: iso(Number(row['at'])),
      durationMs: Number(row['duration_ms']),
      status: row['status'] as number | null,
      error: textOrNull(row['error']),
      outcome: row['outcome'] as AttemptDetail['outcome'],
      nextAttemptAt: isoOrNull(row['next_at'] as number | null),
      answerHeaders: JSON.parse(row['headers'] as string) as Headers,
      answerBody: bytesOf(row['body']).toString('base64'),
      answerTruncated: row['truncated'] === 1,
    }));
  }

  /** A destination as clients know it, with its settings as last known. */
  #destination(id: number): KnownDestination {
    const config = this.#get('SELECT config FROM destinations WHERE id = ?', id)?.['config'] as string | undefined;
    const last = this.#destinations.get(id);
    if (last !== undefined && last.config === config) return last;
    const destination = config === undefined ? undefined : (JSON.parse(config) as Destination);
    const known = { config, destinationId: toldId(id, destination), destination };
    this.#destinations.set(id, known);
    return known;
  }

  #place(id: number): Pick<AttemptDetail, 'destinationId' | 'destination'> {
    const { destinationId, destination } = this.#destination(id);
    return { destinationId, destination: destination?.url ?? '' };
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      // Filters make many different ones; an old one is prepared again when it is needed.
      if (this.#statements.size > 200) this.#statements.clear();
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: Values): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: Values): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** A statement of its own, since one that is being stepped cannot be used twice. */
  #iterate(sql: string, ...values: Values): Iterable<Row> {
    return this.#db.prepare(sql).iterate(...values);
  }
}

/** By how much the times of receipt may be out of the order of ids, in milliseconds. */
const disorderMs = 600_000;

function joinConditions(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '1', values: [] };
  return { sql: conditions.map((each) => each.sql).join(' AND '), values: conditions.flatMap((each) => each.values) };
}

const kindNames = Object.keys(kindCodes) as (keyof typeof kindCodes)[];

function kindName(code: unknown): keyof typeof kindCodes {
  return kindNames[Number(code)] ?? 'event';
}

function idOrNull(letter: string, value: unknown): string | null {
  return typeof value === 'number' ? `${letter}${value}` : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
