/** The log's only writer. A promise resolves when its write is on disk. */
import { writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import {
  isCorruption,
  kindCodes,
  notificationKindCodes,
  openForWriting,
  readMeta,
  StoreError,
  suspectMark,
  writeMeta,
} from './database.ts';
import type { SetAside } from './database.ts';
import { flagsOf, newStates } from './event-states.ts';
import { Fingerprints } from './fingerprints.ts';
import { Forwardings } from './forwardings.ts';
import { countHeld, readSending, waitingByDestination } from './held.ts';
import type { ForwardingKey, HeldCounts, HoldView, StoredSending } from './held.ts';
import { StoredDestinations } from './stored-destinations.ts';
import { noTotals, type DeliveryRecord, type EventRecord, type FetchedKey, type Totals } from './records.ts';
import { Removal, type RemovedStep } from './removal.ts';
import { Retention } from './retention.ts';
import { Statements } from './statements.ts';
import { StoredReader } from './stored.ts';
import { Tally } from './tally.ts';
import { WriteQueue } from './write-queue.ts';

export interface StoreOptions {
  onHealth?(failure: StoreError | null): void;
  /** Called when waiting deliveries alone exceed the limit, so that new ones are refused, and when that ends. */
  onFull?(failure: StoreError | null): void;
  onLost?(message: string): void;
  /** For tests: in pages of 4 KiB, like a full disk. */
  maxPages?: number;
}

const pageBytes = 4096;

const emptyPages = 22;

/** Measured with the samples. */
const indexBytesPerEvent = 130;

const keptFetched = 100_000;

const maxCompared = 20;

export class Store {
  readonly setAside: SetAside | null;
  readonly stored: StoredReader;
  readonly forwardings: Forwardings;
  readonly destinations: StoredDestinations;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #highest: Highest;
  readonly #tally: Tally;
  readonly #fingerprints: Fingerprints;
  readonly #queue: WriteQueue;
  readonly #removal: Removal;
  readonly #retention: Retention;
  #pages = 0;
  #index = { bytes: 0, events: 0 };

  constructor(file: string, options: StoreOptions = {}) {
    const { db, setAside, totals, highest, waiting } = openSound(file);
    this.#db = db;
    this.setAside = setAside;
    if (options.maxPages !== undefined) this.setMaxPages(options.maxPages);
    this.#sql = new Statements(db);
    this.#highest = highest;
    this.#tally = new Tally(totals, waiting);
    this.#fingerprints = new Fingerprints(this.#sql);
    this.#queue = new WriteQueue({
      db,
      file,
      begin: () => {
        this.#tally.begin();
        this.#fingerprints.begin();
      },
      complete: () => writeMeta(this.#sql, 'totals', this.#tally.draft),
      committed: () => {
        this.#tally.commit();
        this.#fingerprints.commit();
        this.#retention.look();
      },
      onHealth: (failure) => options.onHealth?.(failure),
      onLost: (message) => options.onLost?.(message),
    });
    this.destinations = new StoredDestinations(this.#sql, this.#queue);
    this.forwardings = new Forwardings({
      sql: this.#sql,
      queue: this.#queue,
      tally: this.#tally,
      destinationIds: () => this.destinations.ids,
      nextAttempt: () => (this.#highest.attempt += 1),
      renderSettings: (id) => this.stored.renderSettings(id),
      onSettled: () => this.#retention.startOver(),
    });
    this.#removal = new Removal(this.#sql, this.#tally);
    this.#retention = new Retention({
      kept: () => ({
        deliveries: this.totals.deliveries,
        latest: this.#highest.delivery,
        bytes: this.bytes,
        somethingWaits: this.totals.waiting > 0,
      }),
      removeOldest: (floor, last, most) => this.#removeOldest(floor, last, most),
      onFull: () => options.onFull?.(this.full),
    });
    this.stored = new StoredReader(db, (error) => void this.#queue.failed(error));
  }

  get log(): DatabaseSync {
    return this.#db;
  }

  get totals(): Readonly<Totals> {
    return this.#tally.totals;
  }

  get waiting(): ReadonlyMap<number, number> {
    return this.#tally.waiting;
  }

  countHeld(view: HoldView, underWay: readonly ForwardingKey[]): HeldCounts {
    return countHeld(this.#sql, view, this.waiting, underWay);
  }

  get storedSending(): StoredSending {
    return readSending(this.#sql);
  }

  get keptBreakpoints(): unknown {
    return readMeta(this.#sql, 'breakpoints');
  }

  keepBreakpoints(value: object): Promise<void> {
    return this.#queue.write(() => writeMeta(this.#sql, 'breakpoints', value));
  }

  get bytes(): number {
    try {
      const pages = this.#sql.get(
        'SELECT page_count - freelist_count AS n FROM pragma_page_count(), pragma_freelist_count()',
      );
      this.#pages = Number(pages?.['n'] ?? 0);
    } catch {
      // Called by timers and after each commit, where no caller handles an error.
    }
    return Math.max(0, this.#pages - emptyPages) * pageBytes + this.#indexBytes;
  }

  /** The index is updated later: estimates its size for events added or removed since then. */
  get #indexBytes(): number {
    const { events, tests, rejected } = this.totals;
    const more = events + tests + rejected - this.#index.events;
    if (more >= 0) return this.#index.bytes + more * indexBytesPerEvent;
    return Math.round((this.#index.bytes / this.#index.events) * (this.#index.events + more));
  }

  get failure(): StoreError | null {
    return this.#queue.failure;
  }

  get full(): StoreError | null {
    if (!this.#retention.full) return null;
    return new StoreError('the queued notifications have reached the size limit of the history', 'take-what-waits');
  }

  get commits(): number {
    return this.#queue.commits;
  }

  /** The IDs are consecutive and never used again. */
  reserve(events: number, notifications: number): { delivery: number; firstEvent: number; firstNotification: number } {
    const highest = this.#highest;
    const reserved = {
      delivery: highest.delivery + 1,
      firstEvent: highest.event + 1,
      firstNotification: highest.notification + 1,
    };
    highest.delivery += 1;
    highest.event += events;
    highest.notification += notifications;
    return reserved;
  }

  /** @param onDisk called before any of it can be sent @throws StoreError: then nothing of it is stored */
  add(delivery: DeliveryRecord, onDisk?: () => void): Promise<void> {
    const { full } = this;
    if (full !== null) return Promise.reject(full);
    return this.#queue.write(
      () => this.#insertDelivery(delivery),
      () => {
        // The delivery that it replaces may be removed.
        if (delivery.drops !== undefined) this.#retention.startOver();
        onDisk?.();
      },
    );
  }

  isFetched({ notificationId, subscriptionId, eventId }: Omit<FetchedKey, 'eventId'> & Partial<FetchedKey>): boolean {
    const found = this.#sql.get(
      'SELECT 1 FROM fetched WHERE notification = ? AND subscription = ? AND event = coalesce(?, event)',
      notificationId,
      subscriptionId,
      eventId ?? null,
    );
    return found !== undefined;
  }

  setRetention(retention: { maxDeliveries: number; maxBytes: number }): void {
    this.#retention.set(retention);
  }

  setIndexSize(bytes: number, events: number): void {
    this.#index = { bytes, events };
    this.#retention.look();
  }

  settled(deliveryId: number): void {
    this.#retention.settled(deliveryId);
  }

  /** Keeps deliveries with something waiting or held. */
  async clear(): Promise<{ cleared: number; kept: number }> {
    // If deliveries that arrive during the removal were removed too, it might never end.
    const cleared = await this.#retention.removeAll(this.#highest.delivery);
    return { cleared, kept: this.totals.deliveries };
  }

  setMaxPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pages}`);
  }

  close(): void {
    if (!this.#queue.close()) return;
    this.#retention.close();
    this.#sql.close();
    this.#writeBack();
    this.#db.close();
  }

  /** Moves all commits into the file itself, so that a copy of it alone is complete. */
  #writeBack(): void {
    try {
      this.#db.exec('PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // For example on a full disk: the next start finds the commits in the write-ahead log.
    }
  }

  #insertDelivery(delivery: DeliveryRecord): void {
    const { events, notifications } = delivery;
    const accepted = delivery.status === 'accepted' ? events.length : 0;
    this.#sql.run(
      `INSERT INTO deliveries (id, source, status, injected, received_at, http_status, reason, list, signature, content_type,
         body_bytes, truncated, first_event, row_count, event_count, first_notification, notification_count, edit_of, on_purpose, headers, json, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      delivery.id,
      delivery.source,
      delivery.status,
      delivery.injected ? 1 : 0,
      delivery.receivedAt,
      delivery.httpStatus,
      delivery.reason,
      delivery.list,
      delivery.signature,
      delivery.contentType,
      delivery.bodyBytes,
      delivery.truncated ? 1 : 0,
      events[0]?.id ?? 0,
      events.length,
      accepted,
      notifications[0]?.id ?? 0,
      notifications.length,
      delivery.editOf ?? null,
      delivery.onPurpose ? 1 : 0,
      JSON.stringify(delivery.headers),
      delivery.json,
      delivery.body,
    );
    if (delivery.fetched !== undefined) this.#insertFetched(delivery.fetched);
    for (const each of delivery.drops ?? []) {
      this.forwardings.discardOne(each, `edited: replaced by d${delivery.id}`);
    }
    const forwarded = new Set(notifications.filter((each) => each.forwardings.length > 0).map(({ id }) => id));
    const raw = notifications.find(({ kind }) => kind === 'raw')?.id ?? null;
    for (const event of events) this.#insertEvent(delivery, event, raw, forwarded);
    for (const notification of notifications) {
      this.#sql.run(
        `INSERT INTO notifications (id, delivery_id, kind, part, parts, first_event, event_count, event_id, created_at, render_settings_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        notification.id,
        delivery.id,
        notificationKindCodes[notification.kind],
        notification.part,
        notification.parts,
        notification.firstEvent,
        notification.eventCount,
        notification.eventId,
        notification.createdAt,
        notification.renderSettingsId,
      );
      for (const forwarding of notification.forwardings) this.forwardings.insert(notification.id, forwarding);
    }
    const draft = this.#tally.draft;
    draft.deliveries += 1;
    draft.events += accepted;
    if (delivery.status === 'rejected') draft.rejected += 1;
    if (delivery.status === 'test') draft.tests += 1;
  }

  #insertFetched({ notificationId, subscriptionId, eventId }: FetchedKey): void {
    this.#sql.run(
      'INSERT OR IGNORE INTO fetched (notification, subscription, event) VALUES (?, ?, ?)',
      notificationId,
      subscriptionId,
      eventId,
    );
    this.#sql.run('DELETE FROM fetched WHERE id <= (SELECT max(id) FROM fetched) - ?', keptFetched);
  }

  #insertEvent(delivery: DeliveryRecord, event: EventRecord, raw: number | null, forwarded: ReadonlySet<number>): void {
    const { fingerprint, id } = event;
    const earlier = fingerprint === null ? null : this.#fingerprints.replace(fingerprint, id);
    event.duplicateOf = delivery.injected ? this.#sameBody(earlier, delivery.body) : earlier;
    const isForwarded = forwarded.has(event.notificationId ?? 0) || forwarded.has(raw ?? 0);
    const { states, state } = newStates(event.kind, isForwarded);
    this.#sql.run(
      `INSERT INTO events (id, delivery_id, kind, received_at, type, list, address, date, warning, duplicate_of, fingerprint, earlier,
         notification_id, raw_id, flags, states, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      delivery.id,
      kindCodes[event.kind],
      delivery.receivedAt,
      event.type,
      delivery.list,
      event.address,
      event.date,
      event.warning,
      event.duplicateOf,
      fingerprint,
      earlier,
      event.notificationId,
      raw,
      flagsOf(delivery),
      states,
      state,
    );
  }

  /** Looks at `latest` and the events before it with the same fingerprint. */
  #sameBody(latest: number | null, body: Buffer): number | null {
    let id = latest;
    for (let compared = 0; id !== null && compared < maxCompared; compared++) {
      const row = this.#sql.get(
        'SELECT e.earlier, d.body = ? AS same FROM events e JOIN deliveries d ON d.id = e.delivery_id WHERE e.id = ?',
        body,
        id,
      );
      if (row?.['same'] === 1) return id;
      id = (row?.['earlier'] as number | null | undefined) ?? null;
    }
    return null;
  }

  async #removeOldest(floor: number, last: number, most: number): Promise<RemovedStep> {
    let step: RemovedStep = { removed: 0, floor, more: false };
    await this.#queue.write(() => {
      step = this.#removal.step(floor, last, most);
      if (step.removed === 0) return;
      writeMeta(this.#sql, 'highest', this.#highest);
    });
    return step;
  }
}

interface Highest {
  delivery: number;
  event: number;
  notification: number;
  attempt: number;
}

interface Beginning {
  readonly totals: Totals;
  readonly highest: Highest;
  readonly waiting: ReadonlyMap<number, number>;
}

/** If reading the state fails because the file is damaged, it is set aside as well. */
function openSound(file: string): ReturnType<typeof openForWriting> & Beginning {
  const opened = openForWriting(file);
  try {
    return { ...opened, ...readBeginning(opened.db) };
  } catch (error) {
    opened.db.close();
    if (!isCorruption(error)) throw error;
    writeFileSync(suspectMark(file), (error as Error).message, { mode: 0o600 });
    const again = openForWriting(file);
    return { ...again, ...readBeginning(again.db) };
  }
}

function readBeginning(db: DatabaseSync): Beginning {
  const sql = new Statements(db);
  const max = (table: string): number =>
    Number(sql.get(`SELECT coalesce(max(id), 0) AS id FROM ${table}`)?.['id'] ?? 0);
  const stored = readMeta(sql, 'highest') as Partial<Highest> | undefined;
  return {
    totals: { ...noTotals, ...(readMeta(sql, 'totals') as Totals | undefined) },
    waiting: waitingByDestination(sql),
    highest: {
      delivery: Math.max(stored?.delivery ?? 0, max('deliveries')),
      event: Math.max(stored?.event ?? 0, max('events')),
      notification: Math.max(stored?.notification ?? 0, max('notifications')),
      attempt: Math.max(stored?.attempt ?? 0, max('attempts')),
    },
  };
}
