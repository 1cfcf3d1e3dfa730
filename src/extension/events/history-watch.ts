/**
 * The one watch of the history, by which the tree and the table know what to draw: whose history it is, which filter is in
 * force, whether new events are held back, and what has happened. While nobody looks, nothing is asked.
 */
import type { Attempt, EventRow } from '../../protocol/history.ts';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { Counts, Status } from '../../protocol/status.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { Coalescer, realTimers } from '../ui/coalescer.ts';
import type { Timers } from '../ui/coalescer.ts';

/** With more events than this still to be searched, it is said. */
const leastBehind = 5000;

/** Between two counts of what has come while new events are held back. */
const countPauseMs = 250;

/** What changes with time is looked at again after this time. */
const ageMs = 30_000;

const recentFiltersKey = `${prefix}.recentFilters`;
const mostRecentFilters = 10;

/** What is to be read again: the newest, with what has come, or all that is loaded. */
export type Reading = 'newest' | 'loaded';

/** Whether an answer still counts: the history, the filter and the pause are those of the question. */
export type IsCurrent = () => boolean;

export interface HistoryWatchParts {
  readonly session: Pick<
    Session,
    'state' | 'onDidChange' | 'onDidAddEvents' | 'onDidRecordAttempts' | 'onDidCorrectEvents'
  >;
  readonly history: Pick<StoppedHistory, 'exists' | 'reader' | 'sending' | 'close' | 'failure' | 'tryAgain'>;
  /** Keeps the filters that were used last. */
  readonly memory: { get<T>(key: string, otherwise: T): T; update(key: string, value: unknown): PromiseLike<void> };
  /** The history could not be read. */
  readonly onError: (error: Error) => void;
  readonly timers?: Timers;
}

/** The number of an event's id, by which events are in order. */
export function numberOf(id: string): number {
  return Number(id.slice(1));
}

export class HistoryWatch {
  readonly #parts: HistoryWatchParts;
  readonly #timers: Timers;
  readonly #readers = new Set<HistoryReader>();
  readonly #counting: Coalescer;
  readonly #disposables: readonly { dispose(): unknown }[];
  #client: RelayClient | undefined;
  /** What reads the history while no relay runs, and how it says that sending was left. */
  #stopped: RelayClient | undefined;
  #left: Sending | undefined;
  #failure: Error | undefined;
  #filter = '';
  /** The number of the newest event that is known of; 0 where none is. */
  #newest = 0;
  /** Since when new events are held back: none later than `at` is shown. It is not known before something was read. */
  #pause: { at: number | undefined } | undefined;
  #matching = 0;
  #counts: Counts | undefined;
  #destinations = '';
  #addedSinceStatus = false;
  #underWay: ReadonlySet<string> = new Set();
  #searchable: number | undefined;
  /** How sending stands, as far as it is said beside the events. */
  #sending = '';
  #stopAges: (() => void) | undefined;

  constructor(parts: HistoryWatchParts) {
    this.#parts = parts;
    this.#timers = parts.timers ?? realTimers;
    this.#counting = new Coalescer(
      () => this.#countMatching(),
      () => countPauseMs,
      this.#timers,
    );
    const { session } = parts;
    this.#disposables = [
      session.onDidAddEvents((params) => this.#added(params)),
      session.onDidRecordAttempts((params) => this.#attempted(params)),
      session.onDidCorrectEvents(({ events }) => this.#corrected(events)),
      session.onDidChange(() => this.#follow()),
    ];
    this.#follow();
  }

  /** Whose history it is; undefined where there is none. */
  get client(): RelayClient | undefined {
    return this.#client;
  }

  /** What is read is what a relay left that does not run. */
  get isLeft(): boolean {
    return this.#client !== undefined && this.#client === this.#stopped;
  }

  /** How a relay that does not run has left sending; undefined where one runs, or that is not known. */
  get left(): Sending | undefined {
    return this.#left;
  }

  /** Why there is nobody to ask for what a relay left. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The filter in force; empty for everything. */
  get filter(): string {
    return this.#filter;
  }

  /** Those that were in force last, the latest first. */
  get recentFilters(): readonly string[] {
    return this.#parts.memory.get<readonly string[]>(recentFiltersKey, []);
  }

  /** How much of the history can be searched, in hundredths, while that is not all; else undefined. */
  get searchable(): number | undefined {
    return this.#searchable;
  }

  /** Whether new events are held back, so that no row moves: what is shown stays true in its place. */
  get paused(): boolean {
    return this.#pause !== undefined;
  }

  /** How many events that match the filter have come since they are held back. */
  get fresh(): number {
    if (this.#pause?.at === undefined) return 0;
    return this.#filter === '' ? Math.max(0, this.#newest - this.#pause.at) : this.#matching;
  }

  /** The cursor before which events are shown, as queries take it; undefined: all are. */
  get before(): string | undefined {
    return this.#pause?.at === undefined ? undefined : `e${this.#pause.at + 1}`;
  }

  /** Those who have begun to read. */
  get #begun(): readonly HistoryReader[] {
    return [...this.#readers].filter(({ hasBegun }) => hasBegun);
  }

  /** Whether somebody sees events at this moment. */
  get #isSeen(): boolean {
    return [...this.#readers].some(({ visible }) => visible);
  }

  /** Somebody reads the history from now on. */
  admit(reader: HistoryReader): void {
    this.#readers.add(reader);
  }

  /**
   * What is wrong with a filter.
   * @returns undefined where nothing is, or there is nobody to ask
   */
  async refusalOf(filter: string): Promise<Error | undefined> {
    if (filter === '') return undefined;
    try {
      await (await this.#parts.history.reader())?.request('events/query', { filter, limit: 1 });
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /**
   * @param filter one that the relay has read without complaint; empty for everything
   * @param isTyped it is still being typed, and not remembered
   */
  async setFilter(filter: string, isTyped = false): Promise<void> {
    const recent = [filter, ...this.recentFilters.filter((each) => each !== filter)].slice(0, mostRecentFilters);
    const kept = filter === '' || isTyped ? undefined : this.#parts.memory.update(recentFiltersKey, recent);
    if (filter !== this.#filter) {
      this.#filter = filter;
      this.refresh();
    }
    await kept;
  }

  /** From now on new events are held back; or those join that have come, and all that come. */
  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.#pause = paused ? { at: this.#newest === 0 ? undefined : this.#newest } : undefined;
    this.#matching = 0;
    this.#tellAround();
    for (const reader of this.#readers) reader.again();
  }

  /** Has everything read again, from the newest; a pause is one from now on. */
  refresh(): void {
    if (this.#pause !== undefined) this.#pause = { at: undefined };
    this.#matching = 0;
    for (const reader of this.#readers) reader.begin();
  }

  /** The user wants everything read again, also what could not be read. */
  tryAgain(): void {
    this.#parts.history.tryAgain();
    this.#failure = undefined;
    this.refresh();
    if (this.#parts.session.state.kind !== 'running') void this.#readStopped();
  }

  /** Somebody has read the newest events. @param id of the first; undefined where there is none */
  noteNewest(id: string | undefined): void {
    const number = id === undefined ? 0 : numberOf(id);
    this.#newest = Math.max(this.#newest, number);
    if (this.#pause !== undefined) this.#pause.at ??= number;
  }

  /** The history could not be read. */
  failed(error: Error): void {
    this.#parts.onError(error);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
    for (const reader of this.#readers) reader.dispose();
    this.#counting.cancel();
    this.#stopAges?.();
  }

  /** Somebody begins to look, or no longer does. */
  seen(): void {
    this.#stopAges?.();
    this.#stopAges = undefined;
    if (!this.#isSeen) return;
    this.#tickLater();
    if (this.#parts.session.state.kind !== 'running') void this.#readStopped();
    this.#countLater();
  }

  #attach(client: RelayClient | undefined): void {
    if (client === this.#client) return;
    this.#client = client;
    this.#failure = undefined;
    this.#left = undefined;
    this.#counts = undefined;
    this.#newest = 0;
    this.#pause = undefined;
    this.refresh();
  }

  #follow(): void {
    const { session, history } = this.#parts;
    const { state } = session;
    if (state.kind !== 'running') {
      void this.#readStopped();
      return;
    }
    history.close();
    this.#stopped = undefined;
    this.#failure = undefined;
    this.#attach(state.client);
    this.#status(state.status);
  }

  /** Without a relay what it received is shown, once somebody looks. */
  async #readStopped(): Promise<void> {
    const { session, history } = this.#parts;
    const isStopped = (): boolean => session.state.kind !== 'running';
    // What is shown while another relay starts stays.
    if (this.isLeft) return;
    this.#attach(undefined);
    if (!this.#isSeen || !history.exists) return;
    const client = await history.reader().catch((error: unknown) => this.#cannotRead(error as Error));
    if (client === undefined || !isStopped()) return;
    this.#stopped = client;
    this.#attach(client);
    const left = await history.sending();
    if (this.#client === client) {
      this.#left = left;
      this.#tellAround();
    }
    await client.closed;
    // Its process has ended. Another one might, too: whether there is to be one the user says.
    if (this.#stopped !== client) return;
    this.#stopped = undefined;
    if (!isStopped()) return;
    this.#attach(undefined);
    if (history.failure !== undefined) this.#cannotRead(history.failure);
  }

  #cannotRead(error: Error): undefined {
    if (error === this.#failure || this.#parts.session.state.kind === 'running') return;
    this.#failure = error;
    this.failed(error);
    this.#tellAround();
  }

  #added({ deliveries, missed }: RelayNotificationParams<'event/added'>): void {
    this.#addedSinceStatus = true;
    for (const { events, omitted } of deliveries) {
      const last = events.at(-1);
      if (last !== undefined) this.#newest = Math.max(this.#newest, numberOf(last.id) + omitted);
    }
    if (this.paused) {
      this.#countLater();
      this.#tellAround();
      return;
    }
    const isAll = missed === 0 && this.#filter === '' && deliveries.every(({ omitted }) => omitted === 0);
    const rows = deliveries.flatMap(({ events }) => events);
    for (const reader of this.#begun) {
      if (isAll) reader.added(rows);
      // What could not be read before is asked for again.
      if (!isAll || reader.failure !== undefined) reader.later('newest');
    }
  }

  #attempted({ attempts, missed }: RelayNotificationParams<'attempt/recorded'>): void {
    for (const reader of this.#begun) reader.attempted(attempts);
    if (missed > 0) this.#readLater('loaded');
    this.#matchAgain();
  }

  #corrected(events: RelayNotificationParams<'event/changed'>['events']): void {
    for (const reader of this.#begun) reader.corrected(events);
    this.#matchAgain();
  }

  /** What was told decides what matches the filter. */
  #matchAgain(): void {
    if (this.#filter === '') return;
    if (this.paused) this.#countLater();
    else this.#readLater('newest');
  }

  /** What nothing else tells: discarded, replayed, cleared, held, and destinations that go down or come back. */
  #status({ counts, destinations, index, sending }: Status): void {
    const before = this.#counts;
    this.#counts = counts;
    const states = JSON.stringify(destinations.map((each) => [each.destinationId, each.state, each.detail]));
    const isOther = states !== this.#destinations;
    this.#destinations = states;
    const added = this.#addedSinceStatus;
    this.#addedSinceStatus = false;
    this.#noteUnderWay(destinations.flatMap(({ underWay }) => underWay));
    this.#noteSearchable(index);
    const said = sending.state === 'paused' ? JSON.stringify([sending.by, sending.since, sending.stop]) : '';
    if (said !== this.#sending) {
      this.#sending = said;
      this.#tellAround();
    }
    if (before === undefined) return;
    if (
      isOther ||
      counts.discarded !== before.discarded ||
      counts.held !== before.held ||
      counts.deliveries < before.deliveries ||
      counts.failed < before.failed ||
      counts.sent < before.sent ||
      (!added && counts.waiting > before.waiting)
    )
      this.#readLater('loaded');
  }

  #noteUnderWay(ids: readonly string[]): void {
    const now = new Set(ids);
    const changed = [
      ...ids.filter((id) => !this.#underWay.has(id)),
      ...[...this.#underWay].filter((id) => !now.has(id)),
    ];
    this.#underWay = now;
    if (changed.length > 0) for (const reader of this.#begun) reader.underWay(changed);
  }

  /** What came a moment ago is not worth a word. */
  #noteSearchable({ events, of }: Status['index']): void {
    const before = this.#searchable;
    const behind = of - events;
    this.#searchable = behind > leastBehind && behind > of / 50 ? Math.floor((100 * events) / of) : undefined;
    if (this.#searchable === before) return;
    if (this.#searchable === undefined) {
      if (this.paused) this.#matchAgain();
      else this.#readLater('newest');
    }
    this.#tellAround();
  }

  #tickLater(): void {
    this.#stopAges = this.#timers.after(ageMs, () => {
      this.#tickLater();
      for (const reader of this.#begun) reader.aged?.();
      // What matches `since:` changes with time.
      this.#matchAgain();
    });
  }

  #readLater(reading: Reading): void {
    for (const reader of this.#begun) reader.later(reading);
  }

  #tellAround(): void {
    for (const reader of this.#readers) reader.around();
  }

  #countLater(): void {
    if (this.#pause?.at !== undefined && this.#filter !== '' && this.#isSeen) this.#counting.request();
  }

  /** How many have come that match the filter. */
  async #countMatching(): Promise<void> {
    const [client, filter, pause] = [this.#client, this.#filter, this.#pause];
    if (client === undefined || pause?.at === undefined || filter === '') return;
    const after = pause.at === 0 ? {} : { after: `e${pause.at}` };
    try {
      const { total } = await client.request('events/counts', { filter, ...after });
      if (pause !== this.#pause || filter !== this.#filter || total === this.#matching) return;
      this.#matching = total;
      this.#tellAround();
    } catch (error) {
      if (pause === this.#pause) this.#parts.onError(error as Error);
    }
  }
}

/** Who draws events: reads them while it is seen, and is told what happens to them. */
export abstract class HistoryReader {
  protected readonly watch: HistoryWatch;
  readonly #reading: Coalescer;
  #visible = false;
  /** Answers to questions of an earlier one are thrown away. */
  #epoch = 0;
  /** What is to be read; it waits while nobody looks. */
  #toRead: Reading | undefined;
  /** The first reading; undefined until somebody looks. */
  #first: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(watch: HistoryWatch, timers: Timers) {
    this.watch = watch;
    this.#reading = new Coalescer(
      () => this.#read(),
      () => this.pauseMs(this.#toRead ?? 'newest'),
      timers,
    );
    watch.admit(this);
  }

  get visible(): boolean {
    return this.#visible;
  }

  /** Why the events could not be read when they were last asked for. */
  get failure(): Error | undefined {
    return this.#failure ?? this.watch.failure;
  }

  /** Whether somebody has looked, so that there is something to keep true. */
  get hasBegun(): boolean {
    return this.#first !== undefined;
  }

  /** The least pause before this is read, in milliseconds. */
  abstract pauseMs(reading: Reading): number;
  /** @throws what the relay refuses */
  abstract read(client: RelayClient, reading: Reading, isCurrent: IsCurrent): Promise<void>;
  /** Another history or filter: what was read is not of it. */
  abstract forget(): void;
  /** These have just been stored, and match the filter. */
  abstract added(rows: readonly EventRow[]): void;
  abstract attempted(attempts: readonly Attempt[]): void;
  abstract corrected(events: RelayNotificationParams<'event/changed'>['events']): void;
  /** These notifications begin to be sent, or no longer are. */
  abstract underWay(notificationIds: readonly string[]): void;
  /** What stands around the events may be another: the filter, the pause, what is said of both and of sending. */
  abstract around(): void;
  /** Time has passed. */
  aged?(): void;

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.watch.seen();
    if (!visible || this.watch.client === undefined) return;
    if (this.#first === undefined) void this.ready();
    else if (this.#toRead !== undefined) this.#reading.request();
  }

  /** Resolves when what is read first is there. Whoever asks looks. */
  ready(): Promise<void> {
    this.#first ??= this.ask((client, isCurrent) => this.read(client, 'newest', isCurrent));
    return this.#first;
  }

  /** Reads everything anew. */
  begin(): void {
    this.#epoch += 1;
    this.#toRead = undefined;
    this.#first = undefined;
    this.#failure = undefined;
    this.#reading.cancel();
    this.forget();
    if (this.#visible && this.watch.client !== undefined) void this.ready();
    else this.around();
  }

  /** Reads again all that is loaded; no answer counts that is on its way. */
  again(): void {
    this.#epoch += 1;
    this.later('loaded');
  }

  /** Reads this soon, or once it is seen. */
  later(reading: Reading): void {
    if (this.#first === undefined) return;
    if (this.#toRead !== 'loaded') this.#toRead = reading;
    if (this.#visible) this.#reading.request();
  }

  /**
   * Asks the relay.
   * @param work throws where it cannot be read, which is kept and said
   */
  async ask(work: (client: RelayClient, isCurrent: IsCurrent) => Promise<void>): Promise<void> {
    const { client } = this.watch;
    if (client === undefined) return;
    const epoch = this.#epoch;
    const isCurrent = (): boolean => epoch === this.#epoch;
    try {
      await work(client, isCurrent);
      if (isCurrent()) this.#failure = undefined;
    } catch (error) {
      if (!isCurrent()) return;
      this.#failure = error as Error;
      this.watch.failed(error as Error);
    }
    if (isCurrent()) this.around();
  }

  dispose(): void {
    this.#epoch += 1;
    this.#visible = false;
    this.#reading.cancel();
  }

  #read(): Promise<void> | undefined {
    const reading = this.#toRead;
    if (reading === undefined || !this.#visible) return undefined;
    this.#toRead = undefined;
    return this.ask((client, isCurrent) => this.read(client, reading, isCurrent));
  }
}
