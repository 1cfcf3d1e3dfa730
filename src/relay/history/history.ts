/**
 * Reads the history: pages of events by filter, tables and counts of them, and single events, deliveries and
 * notifications. Read-only except for its index, so it works beside the relay that writes, and if none is running.
 */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { EventRow } from '../../protocol/history.ts';
import { checkDataDirectory } from '../../protocol/data-directory.ts';
import { relayAdvice } from '../../protocol/errors.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Sending } from '../../protocol/debug.ts';
import { openForReading, readAtOnce, stateCodes } from '../log/database.ts';
import { parseFilter } from '../../protocol/event-filter.ts';
import { EventRows } from './event-rows.ts';
import { EventSearch, isUpToDate } from './event-search.ts';
import type { Found } from './event-search.ts';
import { slotOf } from './held-columns.ts';
import { EventTable } from './event-table.ts';
import { HistoryIndex } from './history-index.ts';
import { countHeld, readHoldView, waitingByDestination } from '../log/held.ts';
import type { LogHoldView, Progress } from '../log/held.ts';
import { enabledOf } from '../gate/breakpoints.ts';
import { fittingAnswer, fittingAttempts, mostPageBytes, rowBytes } from '../../protocol/message-size.ts';
import { Renderer } from '../sending/render.ts';
import { parseId, protocolSending } from '../log/protocol-shapes.ts';
import { StoredReader } from '../log/stored.ts';
import { readMeta } from '../log/meta.ts';
import { Statements } from '../log/statements.ts';
import type { Row } from '../log/statements.ts';

export function storeFile(dataDir: string): string {
  return join(dataDir, 'relay.sqlite');
}

/** The index, which is rebuilt if it is missing: see history/history-index.ts. */
export function searchFile(dataDir: string): string {
  return join(dataDir, 'search.sqlite');
}

export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'not-found' satisfies RelayErrorCode;
  readonly advice = 'list-events';
  readonly next = relayAdvice[this.advice];
  constructor(id: string) {
    super(`there is no ${parseId(id).kind} ${id} in the history`);
  }
}

export interface IndexState {
  /** Number of events in the columns, and of all. */
  readonly events: number;
  readonly of: number;
  /** Size on disk, in bytes. */
  readonly bytes: number;
  /** Why it is in memory; null if it is in its file. */
  readonly inMemory: string | null;
}

/** @throws StoreError if there is none, or it can't be read; DataDirectoryError */
export function openHistory(dataDir: string): HistoryReader {
  return new HistoryReader(checkDataDirectory(dataDir));
}

export class HistoryReader {
  /** At the time of a call. */
  progress: Progress = { underWay: [] };
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  /** What decides what is held, as last read. */
  #view: LogHoldView;
  readonly #searchFile: string;
  readonly #stored: StoredReader;
  readonly #rows: EventRows;
  #search: EventSearch | undefined;
  #table: EventTable | undefined;

  constructor(dataDir: string) {
    this.#db = openForReading(storeFile(dataDir));
    this.#searchFile = searchFile(dataDir);
    this.#stored = new StoredReader(this.#db);
    this.#sql = new Statements(this.#db);
    this.#rows = new EventRows(this.#db, () => this.#view);
    this.#view = readHoldView(this.#sql, this.progress);
  }

  /** All reads of `read` are of one moment, including the state of sending. */
  #atOnce<T>(read: () => T): T {
    return readAtOnce(this.#db, () => {
      this.#view = readHoldView(this.#sql, this.progress);
      return read();
    });
  }

  /** One page of events, newest first. @throws FilterError */
  query(params: ParsedParams<'events/query'>): Result<'events/query'> {
    return this.#atOnce(() => this.#query(params));
  }

  #query(params: ParsedParams<'events/query'>): Result<'events/query'> {
    const { ids, unseen } = this.#found(params.filter);
    const before = params.before === undefined ? Number.MAX_SAFE_INTEGER : parseId(params.before).number;
    const events: EventRow[] = [];
    let bytes = 0;
    const named = params.ids && new Set(params.ids.map((id) => parseId(id).number));
    for (const id of ids(before)) {
      if (named?.has(id) === false) continue;
      const row = this.#rows.byEvent(id);
      // It was removed a moment ago.
      if (row === undefined) continue;
      const last = events.at(-1);
      if (last !== undefined && (events.length >= params.limit || bytes > mostPageBytes)) {
        return { events, next: last.id, unseen };
      }
      const event = this.#rows.shown(row);
      bytes += rowBytes(event);
      events.push(event);
    }
    return { events, next: null, unseen };
  }

  /** @throws FilterError */
  page(params: ParsedParams<'events/page'>): Result<'events/page'> {
    return this.#atOnce(() => this.#tables.page(params));
  }

  /** @throws FilterError */
  counts(params: ParsedParams<'events/counts'>): Result<'events/counts'> {
    return this.#atOnce(() => this.#tables.counts(params));
  }

  /** IDs of the notifications of all events that match a filter, oldest first: it may take long. */
  notificationIds(filter: string, before?: string, except: readonly string[] = []): number[] {
    const ids = new Set<number>();
    const omitted = new Set(except.map((id) => parseId(id).number));
    this.prepare(Infinity);
    this.#atOnce(() => {
      const end = before === undefined ? Number.MAX_SAFE_INTEGER : parseId(before).number;
      for (const event of this.#found(filter).ids(end)) {
        if (omitted.has(event)) continue;
        const row = this.#rows.byEvent(event);
        if (row !== undefined) for (const id of this.#rows.notificationIdsOf(row)) ids.add(id);
      }
    });
    return ascending(ids);
  }

  sending(): Sending {
    return this.#atOnce(() => {
      const counts = countHeld(this.#sql, this.#view, waitingByDestination(this.#sql), this.progress.underWay);
      const breakpoints = enabledOf(readMeta(this.#sql, 'breakpoints'));
      return protocolSending(this.#view.sending, counts, breakpoints);
    });
  }

  /** IDs of the notifications with a failed forwarding, oldest first. */
  failedNotificationIds(): number[] {
    return this.#rows.notificationsIn(stateCodes.failed);
  }

  /**
   * The notifications of IDs, oldest first: for an event or a delivery, those that contain it.
   * @returns them, and how many of the IDs were removed
   * @throws NotFoundError if all were
   */
  notificationsFor(ids: readonly string[]): { readonly notifications: number[]; readonly gone: number } {
    const found = new Set<number>();
    let gone = 0;
    for (const id of ids) {
      try {
        for (const each of this.#notificationsForId(id)) found.add(each);
      } catch (error) {
        gone += 1;
        if (!(error instanceof NotFoundError) || gone === ids.length) throw error;
      }
    }
    return { notifications: ascending(found), gone };
  }

  /** @param id of an event, or of a delivery or notification, for its first event @throws NotFoundError */
  event(id: string): Result<'events/get'> {
    return this.#atOnce(() => this.#event(id));
  }

  #event(id: string): Result<'events/get'> {
    const row = this.#row(id);
    const deliveryId = Number(row['delivery_id']);
    const notificationIds = this.#rows.notificationIdsOf(row);
    return {
      event: this.#rows.shown(row),
      delivery: found(this.#rows.delivery(deliveryId), id),
      notifications: notificationIds.map((each) => this.#rows.notification(each)).filter((each) => each !== undefined),
      attempts: fittingAttempts(notificationIds.flatMap((each) => this.#rows.attempts(each, deliveryId))),
    };
  }

  /** One delivery with its bytes. @param id of a delivery, or of one of its parts @throws NotFoundError */
  delivery(id: string): Result<'deliveries/get'> {
    return this.#atOnce(() => this.#delivery(id));
  }

  #delivery(id: string): Result<'deliveries/get'> {
    const { kind, number: given } = parseId(id);
    const number = kind === 'delivery' ? given : Number(this.#row(id)['delivery_id']);
    const delivery = found(this.#rows.delivery(number), id);
    const stored = found(this.#stored.body(number), id);
    const notifications = (this.#rows.notificationsOfDelivery(number) ?? []).map((each) =>
      this.#rows.notification(each),
    );
    return {
      delivery,
      headers: stored.headers,
      body: stored.body.toString('base64'),
      ...fittingAnswer(
        this.#rows.ofDelivery(number).map((row) => this.#rows.shown(row)),
        notifications.filter((each) => each !== undefined),
      ),
    };
  }

  /**
   * A notification as it is sent, without the signature and credentials, whose keys only a running relay knows.
   * @param id of a notification, or of an event or delivery, for its first one
   * @param to the destination
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
   * The notification of an ID, and its destination: the one of `destinationId` or `url`, or the first that it went to.
   * @throws NotFoundError
   */
  target(
    id: string,
    { destinationId, url }: Omit<ParsedParams<'notifications/render'>, 'id'>,
  ): { notificationId: number; destinationId: string | null; destination: Destination | undefined } {
    const [notificationId] = this.#notificationsForId(id);
    if (notificationId === undefined) throw new NotFoundError(id);
    const destinations = this.#rows
      .destinationsOf(notificationId)
      .filter(({ destination }) => destination !== undefined);
    const chosen = destinations.find(
      (each) =>
        (destinationId === undefined || each.destinationId === destinationId) &&
        (url === undefined || each.destination?.url === url),
    );
    return { notificationId, destinationId: chosen?.destinationId ?? null, destination: chosen?.destination };
  }

  follow(budgetMs: number): boolean {
    return this.#index.followText(budgetMs);
  }

  /**
   * As {@link HistoryReader.follow}, but ignores failures: if the index can't be written, as on a full disk, results
   * say how much they did not search.
   */
  prepare(budgetMs: number): void {
    isUpToDate(() => this.follow(budgetMs));
  }

  get indexState(): IndexState {
    const { columns, feed, liveBytes, inMemory } = this.#index;
    return { events: columns.count, of: feed.rows, bytes: liveBytes, inMemory };
  }

  close(): void {
    this.#rows.close();
    this.#search?.close();
    this.#db.close();
  }

  get #events(): EventSearch {
    this.#search ??= new EventSearch(new HistoryIndex(this.#searchFile, this.#db), this.#db);
    return this.#search;
  }

  get #index(): HistoryIndex {
    return this.#events.index;
  }

  get #tables(): EventTable {
    this.#table ??= new EventTable((filter) => this.#found(filter), this.#rows);
    return this.#table;
  }

  #found(filter: string): Found {
    const underWay = this.progress.underWay.flatMap(({ notificationId, destinationId }) => {
      const range = this.#rows.eventRangeOf(notificationId);
      return range === undefined ? [] : [{ ...range, slot: slotOf(destinationId) }];
    });
    return this.#events.find(parseFilter(filter, Date.now()), this.#view, underWay);
  }

  #row(id: string): Row {
    return found(this.#rows.byId(id), id);
  }

  #notificationsForId(id: string): number[] {
    const { kind, number } = parseId(id);
    if (kind === 'event') return this.#rows.notificationIdsOf(this.#row(id));
    if (kind === 'delivery') return found(this.#rows.notificationsOfDelivery(number), id);
    if (!this.#rows.hasNotification(number)) throw new NotFoundError(id);
    return [number];
  }
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new NotFoundError(id);
  return value;
}

function ascending(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}
