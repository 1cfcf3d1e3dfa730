/**
 * The store's only writer. Whatever is added in one turn of the event loop shares one commit, and so one disk sync;
 * a promise resolves when its write is on disk. Reading the history is history.ts, in a thread of its own.
 */
import { writeFileSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import type { ForwardingState } from '../protocol/history.ts';
import type { Destination } from '../protocol/settings.ts';
import {
  isCorruption,
  kindCodes,
  notificationKindCodes,
  openForWriting,
  rollBack,
  stateCodes,
  StoreError,
  suspectMark,
} from './database.ts';
import type { SetAside } from './database.ts';
import { distinctDestinations, findForReplay, findKnown, toldId } from './destinations.ts';
import type { KnownDestination } from './destinations.ts';
import type { RenderSettings } from './normalise.ts';
import { noTotals } from './records.ts';
import type {
  AttemptRecord,
  DeliveryRecord,
  EventRecord,
  ForwardingRecord,
  OpenForwarding,
  Totals,
} from './records.ts';
import { Retention } from './retention.ts';
import type { RemovedStep } from './retention.ts';
import { stateName, StoredReader } from './stored.ts';
import { WriteQueue } from './write-queue.ts';

export interface StoreOptions {
  /** Called when writing starts to fail and when it works again. */
  onHealth?(failure: StoreError | null): void;
  /** Called when deliveries are refused since what waits alone is more than may be kept, and when they no longer are. */
  onFull?(failure: StoreError | null): void;
  /** Called when bookkeeping could not be written and never will be: what it was, and why. */
  onLost?(message: string): void;
  /** A bound on the file, in pages of 4 KiB, as a full disk would be: for tests. */
  maxPages?: number;
}

/** How many forwardings wait and are held for a destination. */
export interface OpenDestination {
  readonly destinationId: number;
  readonly waiting: number;
  readonly held: number;
}

/** What the store made of settings. */
export interface KeptSettings {
  /** The destinations of the settings, in their order, each once. */
  readonly destinations: readonly { readonly id: number; readonly destination: Destination }[];
  readonly renderSettingsId: number;
  /** The destinations that something waits or is held for. */
  readonly open: readonly OpenDestination[];
  /** Puts the destinations back to what they were. @throws StoreError */
  undo(): void;
}

/** Deliveries removed in one transaction, at most. */
const removeStep = 500;

/** The history as its only writer holds it. */
export class Store {
  readonly setAside: SetAside | null;
  /** What is stored, by id. */
  readonly stored: StoredReader;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #highest: Highest;
  readonly #queue: WriteQueue;
  readonly #retention: Retention;
  /** As on disk, by id: this is their only writer. */
  #destinations: ReadonlyMap<number, KnownDestination>;
  #totals: Totals;
  /** The totals as this transaction will leave them. */
  #draft: Totals;

  /**
   * Opens the store.
   * @param file the path of the SQLite file
   * @throws StoreError where it cannot be used
   */
  constructor(file: string, options: StoreOptions = {}) {
    const { db, setAside, totals, highest, destinations } = openSound(file);
    this.#db = db;
    this.setAside = setAside;
    if (options.maxPages !== undefined) this.setMaxPages(options.maxPages);
    this.#totals = totals;
    this.#draft = totals;
    this.#highest = highest;
    this.#destinations = byId(destinations);
    this.#queue = new WriteQueue({
      db,
      file,
      begin: () => (this.#draft = { ...this.#totals }),
      complete: () => this.#setMeta('totals', this.#draft),
      committed: () => {
        this.#totals = this.#draft;
        this.#retention.look();
      },
      onHealth: (failure) => options.onHealth?.(failure),
      onLost: (message) => options.onLost?.(message),
    });
    this.#retention = new Retention({
      totals: () => this.#totals,
      removeOldest: (floor, last, goOn) => this.#removeOldest(floor, last, goOn),
      onFull: () => options.onFull?.(this.full),
    });
    this.stored = new StoredReader(db, (error) => void this.#queue.failed(error));
  }

  /** What the history holds, counted. */
  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  /** Why the last write failed, while writing fails. */
  get failure(): StoreError | null {
    return this.#queue.failure;
  }

  /** Why no delivery is added, while what waits alone is more than may be kept: it cannot be removed. */
  get full(): StoreError | null {
    if (!this.#retention.full) return null;
    return new StoreError('what waits to be sent is as much as the history may hold', 'take-what-waits');
  }

  /** Deliveries that are not yet on disk. */
  get uncommitted(): number {
    return this.#queue.waiting;
  }

  /** Commits since it was opened: each is one disk sync. */
  get commits(): number {
    return this.#queue.commits;
  }

  /** Reserves the ids of a delivery, of `events` rows and of `notifications`: consecutive, never used again. */
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

  /**
   * Adds a delivery.
   * @returns when it is on disk
   * @throws StoreError (a rejection) where it could not be written, or there is no room: then nothing of it is stored
   */
  add(delivery: DeliveryRecord): Promise<void> {
    const { full } = this;
    if (full !== null) return Promise.reject(full);
    return this.#queue.write(() => this.#insertDelivery(delivery));
  }

  /**
   * Records an attempt and what became of its forwarding. Kept and tried again while the store fails. A forwarding that
   * was discarded meanwhile stays so, unless the attempt succeeded.
   * @returns, when that is known, whether it is on disk
   */
  recordAttempt(attempt: AttemptRecord, detail: string | null): Promise<boolean> {
    const to = attempt.outcome === 'retrying' ? 'waiting' : attempt.outcome;
    const said = attempt.status === null ? 'got no answer' : `was answered ${attempt.status}`;
    const after = attempt.outcome === 'retrying' ? 'and is tried again' : 'and is sent again after a restart';
    const what = `attempt ${attempt.number} at n${attempt.notificationId} ${said} ${after}`;
    return this.#queue.keep(what, () => {
      const before = this.forwardingState(attempt.notificationId, attempt.destinationId);
      if (before === undefined) return;
      const headers = JSON.stringify(attempt.headers);
      const storedBytes = rowBytes + headers.length + attempt.body.byteLength + (attempt.error?.length ?? 0);
      this.#run(
        `INSERT INTO attempts (notification_id, destination_id, number, at, duration_ms, status, error, outcome, next_at, stored_bytes, truncated, headers, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        attempt.notificationId,
        attempt.destinationId,
        attempt.number,
        attempt.at,
        attempt.durationMs,
        attempt.status,
        attempt.error,
        attempt.outcome,
        attempt.nextAt,
        storedBytes,
        attempt.truncated ? 1 : 0,
        headers,
        attempt.body,
      );
      const after = before === 'discarded' && to !== 'sent' ? 'discarded' : to;
      this.#run(
        'UPDATE forwardings SET state = ?, attempts = ?, next_at = ?, status = ?, duration_ms = ?, detail = ? WHERE notification_id = ? AND destination_id = ?',
        stateCodes[after],
        attempt.number,
        after === 'waiting' ? attempt.nextAt : null,
        attempt.status,
        attempt.durationMs,
        after === 'discarded' ? 'discarded' : detail,
        attempt.notificationId,
        attempt.destinationId,
      );
      this.#draft.storedBytes += storedBytes;
      this.#move(before, after, 1);
    });
  }

  /**
   * Holds what waits for a destination whose key or credentials are not known.
   * @returns, when that is known, whether it is on disk
   */
  holdWaiting(destinationId: number, detail: string): Promise<boolean> {
    return this.#moveAll(destinationId, 'waiting', 'held', detail);
  }

  /**
   * Releases what is held for a destination: it waits again.
   * @returns, when that is known, whether it is on disk
   */
  releaseHeld(destinationId: number): Promise<boolean> {
    return this.#moveAll(destinationId, 'held', 'waiting', null);
  }

  #moveAll(destinationId: number, from: ForwardingState, to: ForwardingState, detail: string | null): Promise<boolean> {
    // Not its URL, which may hold a token.
    const what = `that what is ${from} for ${toldId(destinationId, this.destination(destinationId))} is ${to}`;
    return this.#queue.keep(what, () => {
      const changed = this.#run(
        'UPDATE forwardings SET state = ?, detail = ? WHERE state = ? AND destination_id = ?',
        stateCodes[to],
        detail,
        stateCodes[from],
        destinationId,
      );
      this.#move(from, to, changed);
    });
  }

  /**
   * Makes forwardings wait again, with a new round of the retry policy, or adds them where a destination is new.
   * Those that wait or are held stay as they are.
   * @returns, when on disk, those that now wait because of this call
   */
  async startRound(notificationId: number, destinationIds: readonly number[]): Promise<OpenForwarding[]> {
    const started: OpenForwarding[] = [];
    await this.#queue.write(() => {
      started.length = 0;
      const row = this.#get('SELECT delivery_id FROM notifications WHERE id = ?', notificationId);
      if (row === undefined) return;
      for (const destinationId of destinationIds) {
        const before = this.#get(
          'SELECT state, attempts FROM forwardings WHERE notification_id = ? AND destination_id = ?',
          notificationId,
          destinationId,
        );
        const attempts = Number(before?.['attempts'] ?? 0);
        if (before === undefined) {
          this.#insertForwarding(notificationId, { destinationId, state: 'waiting', detail: null });
        } else {
          const state = stateName(before['state']);
          if (state === 'waiting' || state === 'held') continue;
          this.#run(
            'UPDATE forwardings SET state = ?, round_start = attempts, next_at = NULL, detail = NULL WHERE notification_id = ? AND destination_id = ?',
            stateCodes.waiting,
            notificationId,
            destinationId,
          );
          this.#move(state, 'waiting', 1);
        }
        started.push({
          notificationId,
          deliveryId: Number(row['delivery_id']),
          destinationId,
          attempts,
          roundStart: attempts,
          nextAt: null,
        });
      }
    });
    return started;
  }

  /**
   * Gives up what waits or is held.
   * @param notificationIds which notifications; all where not given
   * @returns how many forwardings, when on disk
   */
  async discard(notificationIds?: readonly number[]): Promise<number> {
    let discarded = 0;
    await this.#queue.write(() => {
      discarded = 0;
      for (const from of ['waiting', 'held'] as const) {
        let changed = 0;
        const update = `UPDATE forwardings SET state = ?, next_at = NULL, detail = 'discarded' WHERE state = ?`;
        if (notificationIds === undefined) changed = this.#run(update, stateCodes.discarded, stateCodes[from]);
        else {
          for (const id of notificationIds) {
            changed += this.#run(`${update} AND notification_id = ?`, stateCodes.discarded, stateCodes[from], id);
          }
        }
        this.#move(from, 'discarded', changed);
        discarded += changed;
      }
    });
    this.#retention.startOver();
    return discarded;
  }

  /**
   * Forwardings that wait or are held for a destination, in the order of their notifications.
   * @param after only those of a later notification than this id
   */
  open(destinationId: number, state: 'waiting' | 'held', after: number, limit: number): OpenForwarding[] {
    return this.#look(
      `SELECT f.notification_id, n.delivery_id, f.attempts, f.round_start, f.next_at
       FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       WHERE f.state = ? AND f.notification_id > ? AND f.destination_id = ? ORDER BY f.notification_id LIMIT ?`,
      stateCodes[state],
      after,
      destinationId,
      limit,
    ).map((row) => ({
      notificationId: Number(row['notification_id']),
      deliveryId: Number(row['delivery_id']),
      destinationId,
      attempts: Number(row['attempts']),
      roundStart: Number(row['round_start']),
      nextAt: row['next_at'] === null ? null : Number(row['next_at']),
    }));
  }

  /**
   * The destinations that something waits or is held for, and how much.
   * @throws SQLite's error where they cannot be read
   */
  openDestinations(): OpenDestination[] {
    return this.#look(
      `SELECT destination_id, sum(state = 0) AS waiting, sum(state = 1) AS held FROM forwardings WHERE state IN (0, 1) GROUP BY destination_id`,
    ).map((row) => ({
      destinationId: Number(row['destination_id']),
      waiting: Number(row['waiting']),
      held: Number(row['held']),
    }));
  }

  /** A forwarding as it stands on disk, or undefined. */
  forwardingState(notificationId: number, destinationId: number): ForwardingState | undefined {
    const row = this.#get(
      'SELECT state FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    return row === undefined ? undefined : stateName(row['state']);
  }

  /** The destinations that a notification goes or went to. */
  destinationsOf(notificationId: number): number[] {
    return this.#look('SELECT destination_id FROM forwardings WHERE notification_id = ?', notificationId).map((row) =>
      Number(row['destination_id']),
    );
  }

  /** A destination's settings as last known; undefined where there is none of this id. */
  destination(id: number): Destination | undefined {
    return this.#destinations.get(id)?.destination;
  }

  /** The id under which render settings are stored; the same settings always have the same. */
  internRenderSettings(settings: RenderSettings): number {
    return this.#now(() => this.#renderSettingsId(settings));
  }

  /**
   * Keeps what settings say of destinations and of how notifications are made, all of it or nothing.
   * @throws StoreError where it cannot be written, or what waits cannot be read
   */
  keepSettings(entries: readonly Destination[], render: RenderSettings): KeptSettings {
    const before = this.#destinations;
    const distinct = distinctDestinations(entries);
    const known = findKnown(distinct, [...before.values()]);
    let next = this.#nextDestinationId();
    const configured = distinct.map((destination, position) => ({
      id: known[position] ?? next++,
      destination,
      position,
    }));
    const others = [...before.values()].filter(({ id }) => !known.includes(id));
    let open: OpenDestination[];
    try {
      open = this.openDestinations();
    } catch (cause) {
      throw new StoreError(`the history cannot be read: ${(cause as Error).message}`, 'check-data-directory', cause);
    }
    const renderSettingsId = this.#now(() => {
      this.#writeDestinations([...others.map(outsideSettings), ...configured]);
      return this.#renderSettingsId(render);
    });
    this.#destinations = byId([...others.map(outsideSettings), ...configured]);
    return {
      destinations: configured,
      renderSettingsId,
      open,
      undo: () => {
        const fresh = configured.filter(({ id }) => !before.has(id)).map(outsideSettings);
        this.#now(() => this.#writeDestinations([...before.values(), ...fresh]));
        this.#destinations = byId([...before.values(), ...fresh]);
      },
    };
  }

  /**
   * The id of a destination that is not of the settings, as one of a replay: that of one of the settings where it would
   * send the same, else the same for the same URL, mode, key, credentials and headers.
   * @throws StoreError where it cannot be written
   */
  internDestination(to: Destination): number {
    const known = findForReplay(to, [...this.#destinations.values()]);
    if (known !== undefined && known.position !== null) return known.id;
    const id = known?.id ?? this.#nextDestinationId();
    // An id is the settings' own.
    const changed = { id, destination: { ...to, id: undefined }, position: null };
    this.#now(() => this.#writeDestinations([changed]));
    this.#destinations = byId([...this.#destinations.values(), changed]);
    return id;
  }

  #nextDestinationId(): number {
    return [...this.#destinations.keys()].reduce((highest, id) => Math.max(highest, id), 0) + 1;
  }

  #renderSettingsId(settings: RenderSettings): number {
    const json = JSON.stringify(settings);
    this.#run('INSERT OR IGNORE INTO render_settings (json) VALUES (?)', json);
    return Number(this.#get('SELECT id FROM render_settings WHERE json = ?', json)?.['id']);
  }

  /** Writes those that are new or changed. */
  #writeDestinations(destinations: readonly KnownDestination[]): void {
    for (const each of destinations) {
      if (isDeepStrictEqual(each, this.#destinations.get(each.id))) continue;
      this.#run(
        'INSERT OR REPLACE INTO destinations (id, config, position) VALUES (?, ?, ?)',
        each.id,
        JSON.stringify(each.destination),
        each.position,
      );
    }
  }

  /** Sets how much history is kept, and begins to remove what is too much. */
  setRetention(retention: { maxDeliveries: number; maxBytes: number }): void {
    this.#retention.set(retention);
  }

  /** Something of this delivery no longer waits: it may be removed. */
  settled(deliveryId: number): void {
    this.#retention.settled(deliveryId);
  }

  /**
   * Removes the whole history but for deliveries with something waiting or held.
   * @returns when on disk, how many deliveries went and how many stayed
   */
  async clear(): Promise<{ cleared: number; kept: number }> {
    // Not what comes meanwhile: there may be no end to that.
    const cleared = await this.#retention.removeAll(this.#highest.delivery);
    return { cleared, kept: this.#totals.deliveries };
  }

  /** Bounds the file's size in pages, as a full disk would. */
  setMaxPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pages}`);
  }

  /** Writes what is pending and closes the file. */
  close(): void {
    if (!this.#queue.close()) return;
    this.#retention.close();
    this.#statements.clear();
    this.#db.close();
  }

  #insertDelivery(delivery: DeliveryRecord): void {
    const headers = JSON.stringify(delivery.headers);
    const storedBytes = bytesOf(delivery, headers);
    const events = delivery.events;
    const notifications = delivery.notifications;
    const held = delivery.status === 'accepted' ? events.length : 0;
    this.#run(
      `INSERT INTO deliveries (id, source, status, injected, received_at, http_status, reason, list, signature, content_type,
         body_bytes, truncated, first_event, row_count, event_count, first_notification, notification_count, stored_bytes, headers, json, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      held,
      notifications[0]?.id ?? 0,
      notifications.length,
      storedBytes,
      headers,
      delivery.json,
      delivery.body,
    );
    for (const event of events) this.#insertEvent(delivery, event);
    for (const notification of notifications) {
      this.#run(
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
      for (const forwarding of notification.forwardings) this.#insertForwarding(notification.id, forwarding);
    }
    const draft = this.#draft;
    draft.deliveries += 1;
    draft.events += held;
    if (delivery.status === 'rejected') draft.rejected += 1;
    if (delivery.status === 'test') draft.tests += 1;
    draft.storedBytes += storedBytes;
  }

  #insertEvent(delivery: DeliveryRecord, event: EventRecord): void {
    event.duplicateOf = event.fingerprint === null ? null : this.#earlierOf(event.fingerprint, delivery);
    this.#run(
      `INSERT INTO events (id, delivery_id, kind, received_at, type, address, date, warning, duplicate_of, fingerprint, notification_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event.id,
      delivery.id,
      kindCodes[event.kind],
      delivery.receivedAt,
      event.type,
      event.address,
      event.date,
      event.warning,
      event.duplicateOf,
      event.fingerprint,
      event.notificationId,
    );
  }

  /** The latest earlier event of the same content; for what a client sends, which may be an edited one, of the same body. */
  #earlierOf(fingerprint: number, { injected, body }: DeliveryRecord): number | null {
    const earlier = injected
      ? this.#get(
          'SELECT e.id FROM events e JOIN deliveries d ON d.id = e.delivery_id WHERE e.fingerprint = ? AND d.body = ? ORDER BY e.id DESC LIMIT 1',
          fingerprint,
          body,
        )
      : this.#get('SELECT id FROM events WHERE fingerprint = ? ORDER BY id DESC LIMIT 1', fingerprint);
    return earlier === undefined ? null : Number(earlier['id']);
  }

  #insertForwarding(notificationId: number, forwarding: ForwardingRecord): void {
    this.#run(
      'INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start, detail) VALUES (?, ?, ?, 0, 0, ?)',
      notificationId,
      forwarding.destinationId,
      stateCodes[forwarding.state],
      forwarding.detail,
    );
    this.#draft[forwarding.state] += 1;
  }

  #move(from: ForwardingState, to: ForwardingState, count: number): void {
    if (from === to) return;
    this.#draft[from] -= count;
    this.#draft[to] += count;
  }

  /** Removes deliveries that nothing waits for, from `floor` to `last`, oldest first, while `goOn`: one step. */
  async #removeOldest(floor: number, last: number, goOn: (totals: Totals) => boolean): Promise<RemovedStep> {
    let step: RemovedStep = { removed: 0, floor, more: false };
    await this.#queue.write(() => {
      step = { removed: 0, floor, more: false };
      const candidates = this.#all(
        `SELECT id, status, first_event, row_count, event_count, first_notification, notification_count, stored_bytes,
           EXISTS (SELECT 1 FROM forwardings f WHERE f.notification_id BETWEEN d.first_notification AND d.first_notification + d.notification_count - 1 AND f.state IN (0, 1)) AS open
         FROM deliveries d WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
        floor,
        last,
        removeStep,
      );
      for (const row of candidates) {
        if (!goOn(this.#draft)) return;
        step.floor = Number(row['id']) + 1;
        if (row['open'] === 1) continue;
        this.#deleteDelivery(row);
        step.removed += 1;
      }
      step.more = candidates.length === removeStep;
    });
    return step;
  }

  #deleteDelivery(row: Record<string, unknown>): void {
    const id = Number(row['id']);
    const firstEvent = Number(row['first_event']);
    const firstNotification = Number(row['first_notification']);
    const lastNotification = firstNotification + Number(row['notification_count']) - 1;
    const draft = this.#draft;
    this.#run('DELETE FROM events WHERE id BETWEEN ? AND ?', firstEvent, firstEvent + Number(row['row_count']) - 1);
    if (lastNotification >= firstNotification) {
      for (const state of this.#all(
        'SELECT state, count(*) AS n FROM forwardings WHERE notification_id BETWEEN ? AND ? GROUP BY state',
        firstNotification,
        lastNotification,
      )) {
        draft[stateName(state['state'])] -= Number(state['n']);
      }
      const answers = this.#get(
        'SELECT coalesce(sum(stored_bytes), 0) AS bytes FROM attempts WHERE notification_id BETWEEN ? AND ?',
        firstNotification,
        lastNotification,
      );
      draft.storedBytes -= Number(answers?.['bytes'] ?? 0);
      this.#run('DELETE FROM attempts WHERE notification_id BETWEEN ? AND ?', firstNotification, lastNotification);
      this.#run('DELETE FROM forwardings WHERE notification_id BETWEEN ? AND ?', firstNotification, lastNotification);
      this.#run('DELETE FROM notifications WHERE id BETWEEN ? AND ?', firstNotification, lastNotification);
    }
    this.#run('DELETE FROM deliveries WHERE id = ?', id);
    this.#setMeta('highest', this.#highest);
    draft.deliveries -= 1;
    draft.events -= Number(row['event_count']);
    if (row['status'] === 'rejected') draft.rejected -= 1;
    if (row['status'] === 'test') draft.tests -= 1;
    draft.storedBytes -= Number(row['stored_bytes']);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, ...values: (string | number | null | Uint8Array)[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #setMeta(key: string, value: object): void {
    this.#run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
  }

  /** A small transaction of its own, outside the batches. @throws StoreError, and then nothing of it is written */
  #now<T>(apply: () => T): T {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const changes = this.#changes();
      const result = apply();
      const changed = this.#changes() > changes;
      this.#db.exec('COMMIT');
      if (changed) this.#queue.commits += 1;
      return result;
    } catch (error) {
      rollBack(this.#db);
      throw error instanceof StoreError ? error : this.#queue.failed(error as Error);
    }
  }

  #changes(): number {
    return Number(this.#get('SELECT total_changes() AS n')?.['n']);
  }

  #get(sql: string, ...values: (string | number | Uint8Array)[]): Record<string, unknown> | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#prepare(sql).all(...values);
  }

  /** Reads outside a write. What a damaged file does not give counts as none. */
  #look(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    try {
      return this.#all(sql, ...values);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#queue.failed(error as Error);
      return [];
    }
  }
}

/** What a row takes beside its texts, its part of the indexes included, in bytes: measured, and rounded up. */
const rowBytes = 100;
const forwardingBytes = 60;

/** What a delivery with all its rows takes, in bytes, as retention counts it. */
function bytesOf(delivery: DeliveryRecord, headers: string): number {
  let rows = 1;
  let bytes = headers.length + delivery.body.byteLength + (delivery.json?.byteLength ?? 0);
  for (const { type, address, date, warning } of delivery.events) {
    rows += 1;
    // The type stands in an index too.
    bytes += 2 * (type?.length ?? 0) + (address?.length ?? 0) + (date?.length ?? 0) + (warning?.length ?? 0);
  }
  for (const { forwardings, eventId } of delivery.notifications) {
    rows += 1;
    bytes += eventId.length + forwardings.length * forwardingBytes;
  }
  return bytes + rows * rowBytes;
}

/** The highest ids that were ever given. */
interface Highest {
  delivery: number;
  event: number;
  notification: number;
}

/** What a store begins with. */
interface Beginning {
  readonly totals: Totals;
  readonly highest: Highest;
  readonly destinations: readonly KnownDestination[];
}

/** Opens the file and reads how it stands; where that shows it to be damaged, it is set aside as well. */
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
  const meta = (key: string): object | undefined => {
    const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(key);
    return row === undefined ? undefined : (JSON.parse(row['value'] as string) as object);
  };
  const max = (table: string): number =>
    Number(db.prepare(`SELECT coalesce(max(id), 0) AS id FROM ${table}`).get()?.['id'] ?? 0);
  const stored = meta('highest') as Highest | undefined;
  return {
    totals: { ...noTotals, ...(meta('totals') as Totals | undefined) },
    highest: {
      delivery: Math.max(stored?.delivery ?? 0, max('deliveries')),
      event: Math.max(stored?.event ?? 0, max('events')),
      notification: Math.max(stored?.notification ?? 0, max('notifications')),
    },
    destinations: db
      .prepare('SELECT id, config, position FROM destinations')
      .all()
      .map(({ id, config, position }) => ({
        id: Number(id),
        destination: JSON.parse(config as string) as Destination,
        position: position === null ? null : Number(position),
      })),
  };
}

function byId(destinations: readonly KnownDestination[]): ReadonlyMap<number, KnownDestination> {
  return new Map(destinations.map((each) => [each.id, each]));
}

function outsideSettings(destination: KnownDestination): KnownDestination {
  return { ...destination, position: null };
}
