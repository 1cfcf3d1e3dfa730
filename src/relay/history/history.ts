/** Writes only the indexed text, so it works beside the relay that writes the log, and if none is running. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { EventRow } from '../../protocol/history.ts';
import { checkDataDirectory } from '../../protocol/data-directory.ts';
import { adviceInTerminal } from '../../protocol/advice.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Sending } from '../../protocol/debug.ts';
import { isCorruption, openForReading, readMeta, sqliteCode, stateCodes } from '../log/database.ts';
import { parseFilter } from '../../protocol/event-filter.ts';
import { EventRows } from './event-rows.ts';
import { findEvents, type Bounds, type Found } from './event-search.ts';
import { countsOf, pageOf } from './event-table.ts';
import { IndexedText } from './indexed-text.ts';
import { countHeld, holdableOf, holdOf, readHoldView, waitingByDestination } from '../log/held.ts';
import type { LogHoldView, Progress } from '../log/held.ts';
import { enabledOf } from '../gate/breakpoints.ts';
import { fittingAnswer, fittingAttempts, mostPageBytes, rowBytes } from '../../protocol/message-size.ts';
import { Renderer } from '../sending/render.ts';
import { parseId, protocolSending } from '../log/protocol-shapes.ts';
import { StoredReader } from '../log/stored.ts';
import { noTotals, type Totals } from '../log/records.ts';
import { Statements, type Row } from '../log/statements.ts';

export function storeFile(dataDir: string): string {
  return join(dataDir, 'relay.sqlite');
}

/** Derived again if it is missing (indexed-text.ts). */
export function searchFile(dataDir: string): string {
  return join(dataDir, 'search.sqlite');
}

export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'not-found' satisfies RelayErrorCode;
  readonly advice = 'list-events';
  readonly next = adviceInTerminal(this.advice);
  constructor(id: string) {
    super(`there is no ${parseId(id).kind} ${id} in the history`);
  }
}

export interface IndexState {
  readonly events: number;
  readonly of: number;
  readonly bytes: number;
}

const followMs = 40;

/** @throws StoreError if there is no history, or it can't be read; DataDirectoryError */
export function openHistory(dataDir: string, mostFollowMs?: number): HistoryReader {
  return new HistoryReader(checkDataDirectory(dataDir), mostFollowMs);
}

export class HistoryReader {
  progress: Progress = { underWay: [] };
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  #view: LogHoldView;
  readonly #stored: StoredReader;
  readonly #rows: EventRows;
  readonly #text: IndexedText;
  readonly #followMs: number;

  constructor(dataDir: string, mostFollowMs = followMs) {
    this.#db = openForReading(storeFile(dataDir));
    this.#followMs = mostFollowMs;
    this.#stored = new StoredReader(this.#db);
    this.#sql = new Statements(this.#db);
    this.#rows = new EventRows(this.#db, () => this.#view);
    this.#view = readHoldView(this.#sql, this.progress);
    this.#db.function('held', (notificationId, destinationId, released, stopped) =>
      holdOf(
        holdableOf({
          notification_id: notificationId,
          destination_id: destinationId,
          state: stateCodes.waiting,
          released,
          stopped,
        }),
        this.#view,
      ) === null
        ? 0
        : 1,
    );
    this.#text = new IndexedText(searchFile(dataDir), this.#db);
  }

  /** All reads of `read` are of one moment, including the state of sending. */
  #atOnce<T>(read: () => T): T {
    this.#db.exec('BEGIN');
    try {
      this.#view = readHoldView(this.#sql, this.progress);
      return read();
    } finally {
      this.#db.exec('COMMIT');
    }
  }

  query({ filter, limit, before, ids }: ParsedParams<'events/query'>): Result<'events/query'> {
    return this.#search(filter, { before: numberOf(before) }, (found) => {
      const events: EventRow[] = [];
      let bytes = 0;
      const named = ids === undefined ? '' : 'WHERE id IN (SELECT value FROM json_each(?))';
      const asked = found.ask(
        [],
        (all) => `SELECT id FROM ${all} ${named} ORDER BY id DESC LIMIT ?`,
        ...(ids === undefined ? [] : [JSON.stringify(ids.map((id) => parseId(id).number))]),
        limit + 1,
      );
      for (const { id } of asked) {
        const row = this.#rows.byEvent(Number(id));
        if (row === undefined) continue;
        const last = events.at(-1);
        if (last !== undefined && (events.length >= limit || bytes > mostPageBytes)) {
          return { events, next: last.id, unseen: found.unseen };
        }
        const event = this.#rows.shown(row);
        bytes += rowBytes(event);
        events.push(event);
      }
      return { events, next: null, unseen: found.unseen };
    });
  }

  page(params: ParsedParams<'events/page'>): Result<'events/page'> {
    return this.#search(params.filter, { before: numberOf(params.before) }, (found) =>
      pageOf(params, found, this.#rows),
    );
  }

  counts(params: ParsedParams<'events/counts'>): Result<'events/counts'> {
    return this.#search(params.filter, { after: numberOf(params.after) }, (found) => countsOf(params, found));
  }

  notificationIds(filter: string, before?: string, except: readonly string[] = []): number[] {
    const omitted = JSON.stringify(except.map((id) => parseId(id).number));
    const read = (found: Found): Row[] =>
      found.ask(
        ['e.notification_id AS own', 'e.raw_id AS raw'],
        (events) => `SELECT own, raw FROM ${events} WHERE id NOT IN (SELECT value FROM json_each(?))`,
        omitted,
      );
    const ids = new Set<number>();
    for (const { own, raw } of this.#search(filter, { before: numberOf(before) }, read, Infinity)) {
      for (const id of [own, raw]) if (typeof id === 'number') ids.add(id);
    }
    return ascending(ids);
  }

  sending(): Sending {
    return this.#atOnce(() => {
      const counts = countHeld(this.#sql, this.#view, waitingByDestination(this.#sql), this.progress.underWay);
      const breakpoints = enabledOf(readMeta(this.#sql, 'breakpoints'));
      return protocolSending(this.#view.sending, counts, breakpoints);
    });
  }

  failedNotificationIds(): number[] {
    return this.#sql
      .all('SELECT DISTINCT notification_id AS id FROM forwardings WHERE state = ? ORDER BY id', stateCodes.failed)
      .map(({ id }) => Number(id));
  }

  /** For an event or a delivery, the notifications that contain it. @throws NotFoundError if all IDs were removed */
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

  /** For a delivery or a notification, its first event. @throws NotFoundError */
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

  /** Without the signature and credentials, whose keys only a running relay knows. @throws NotFoundError */
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

  /** The destination is the one of `destinationId` or `url`, or else the first. @throws NotFoundError */
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
    return this.#text.follow(budgetMs);
  }

  /** After the history is cleared, none of its text may stay on disk. */
  forgetText(): void {
    this.#text.startAgain();
  }

  get indexState(): IndexState {
    const { events, tests, rejected } = (readMeta(this.#sql, 'totals') as Totals | undefined) ?? noTotals;
    const of = events + tests + rejected;
    const { lastEvent, liveBytes } = this.#text;
    // Counting the later events would take as long as a piece of indexing; their IDs have hardly any gaps.
    const later = Number(this.#sql.get('SELECT max(id) AS last FROM events')?.['last']) - lastEvent;
    return { events: Math.max(0, of - Math.max(0, later)), of, bytes: liveBytes };
  }

  close(): void {
    this.#text.close();
    this.#rows.close();
    this.#sql.close();
    this.#db.close();
  }

  #search<T>(filter: string, bounds: Bounds, read: (found: Found) => T, mostFollowMs = this.#followMs): T {
    const asked = parseFilter(filter, Date.now());
    const isWithText = asked.words.length + asked.addresses.length > 0;
    for (let isNew = false; ; isNew = true) {
      try {
        const isUpToDate = !isWithText || this.#isTextUpToDate(mostFollowMs);
        return this.#atOnce(() =>
          read(findEvents({ log: this.#db, text: this.#text }, asked, this.#view, bounds, isUpToDate)),
        );
      } catch (error) {
        if (isNew || !isWithText || !isCorruption(error)) throw error;
        this.#text.startAgain();
      }
    }
  }

  /** Also false if the file can't be written, such as on a full disk: the newest text is then read from the log. */
  #isTextUpToDate(mostFollowMs: number): boolean {
    try {
      return this.#text.follow(mostFollowMs);
    } catch (error) {
      if (isCorruption(error)) throw error;
      if (sqliteCode(error) === undefined && (error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    }
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

function numberOf(id: string | undefined): number | undefined {
  return id === undefined ? undefined : parseId(id).number;
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new NotFoundError(id);
  return value;
}

function ascending(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}
