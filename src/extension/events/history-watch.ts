/** The tree and the table share one watch, which requests nothing while neither is visible. */
import type { Attempt, EventRow } from '../../protocol/history.ts';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { Status } from '../../protocol/status.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { Coalescer, realTimers, type Timers } from '../ui/coalescer.ts';

/** Report the index's progress only if it lacks more events than this. */
const leastBehind = 5000;

const countPauseMs = 250;

const ageMs = 30_000;

const recentFiltersKey = `${prefix}.recentFilters`;
const mostRecentFilters = 10;

export type Reading = 'newest' | 'loaded';

export interface Reader {
  readonly visible: boolean;
  /** Whether it was ever visible, so that there is something to update. */
  readonly hasBegun: boolean;
  readonly failure: Error | undefined;
  /** Another history or filter: discard what was read. */
  begin(): void;
  /** Reads everything that is loaded again, and discards pending responses. */
  again(): void;
  later(reading: Reading): void;
  /** These events have just been stored, and match the filter. */
  added(rows: readonly EventRow[]): void;
  attempted(attempts: readonly Attempt[]): void;
  underWay(notificationIds: readonly string[]): void;
  /** The filter, the pause, or the state of sending may have changed. */
  around(): void;
  aged?(): void;
  dispose(): void;
}

export interface HistoryWatchParts {
  readonly session: Pick<Session, 'state' | 'onDidChange' | 'onDidAddEvents' | 'onDidRecordAttempts'>;
  readonly history: Pick<StoppedHistory, 'exists' | 'reader' | 'sending' | 'close' | 'failure' | 'tryAgain'>;
  readonly memory: { get<T>(key: string, otherwise: T): T; update(key: string, value: unknown): PromiseLike<void> };
  readonly onError: (error: Error) => void;
  readonly timers?: Timers;
}

/** `left` is the state in which a stopped relay left sending, undefined until it is known. */
type Source =
  | { readonly kind: 'running'; readonly client: RelayClient }
  | { readonly kind: 'stopped'; readonly client: RelayClient; left: Sending | undefined };

export function numberOf(id: string): number {
  return Number(id.slice(1));
}

export class HistoryWatch {
  readonly #parts: HistoryWatchParts;
  readonly #timers: Timers;
  readonly #readers = new Set<Reader>();
  readonly #counting: Coalescer;
  readonly #disposables: readonly { dispose(): unknown }[];
  #source: Source | undefined;
  #failure: Error | undefined;
  #filter = '';
  #newest = 0;
  /** While new events are held back, none later than `at` is shown; undefined until something was read. */
  #pause: { at: number | undefined } | undefined;
  #matching = 0;
  #status: Status | undefined;
  #addedSinceStatus = false;
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
      session.onDidChange(() => this.#follow()),
    ];
    this.#follow();
  }

  get client(): RelayClient | undefined {
    return this.#source?.client;
  }

  get isLeft(): boolean {
    return this.#source?.kind === 'stopped';
  }

  get left(): Sending | undefined {
    return this.#source?.kind === 'stopped' ? this.#source.left : undefined;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get filter(): string {
    return this.#filter;
  }

  get recentFilters(): readonly string[] {
    return this.#parts.memory.get<readonly string[]>(recentFiltersKey, []);
  }

  /** In percent; undefined if all but a few recent events can be searched. */
  get searchable(): number | undefined {
    return this.#status && searchablePart(this.#status.index);
  }

  /** Whether new events are held back, so that rows don't move; the shown rows are still updated. */
  get paused(): boolean {
    return this.#pause !== undefined;
  }

  get fresh(): number {
    if (this.#pause?.at === undefined) return 0;
    return this.#filter === '' ? Math.max(0, this.#newest - this.#pause.at) : this.#matching;
  }

  /** The cursor before which events are shown; undefined for all. */
  get before(): string | undefined {
    return this.#pause?.at === undefined ? undefined : `e${this.#pause.at + 1}`;
  }

  get #begun(): readonly Reader[] {
    return [...this.#readers].filter(({ hasBegun }) => hasBegun);
  }

  get #isSeen(): boolean {
    return [...this.#readers].some(({ visible }) => visible);
  }

  admit(reader: Reader): void {
    this.#readers.add(reader);
  }

  /** @returns undefined if the filter is valid, or if there is no relay to ask */
  async refusalOf(filter: string): Promise<Error | undefined> {
    if (filter === '') return undefined;
    try {
      await (await this.#parts.history.reader())?.request('events/query', { filter, limit: 1 });
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** @param isTyped whether the filter is still being typed, so it isn't remembered */
  async setFilter(filter: string, isTyped = false): Promise<void> {
    const recent = [filter, ...this.recentFilters.filter((each) => each !== filter)].slice(0, mostRecentFilters);
    const kept = filter === '' || isTyped ? undefined : this.#parts.memory.update(recentFiltersKey, recent);
    if (filter !== this.#filter) {
      this.#filter = filter;
      this.refresh();
    }
    await kept;
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.#pause = paused ? { at: this.#newest === 0 ? undefined : this.#newest } : undefined;
    this.#matching = 0;
    this.#tellAround();
    for (const reader of this.#readers) reader.again();
  }

  /** A pause starts again from now. */
  refresh(): void {
    if (this.#pause !== undefined) this.#pause = { at: undefined };
    this.#matching = 0;
    for (const reader of this.#readers) reader.begin();
  }

  tryAgain(): void {
    this.#parts.history.tryAgain();
    this.#failure = undefined;
    this.refresh();
    if (this.#parts.session.state.kind !== 'running') void this.#readStopped();
  }

  noteNewest(id: string | undefined): void {
    const number = id === undefined ? 0 : numberOf(id);
    this.#newest = Math.max(this.#newest, number);
    if (this.#pause !== undefined) this.#pause.at ??= number;
  }

  failed(error: Error): void {
    this.#parts.onError(error);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
    for (const reader of this.#readers) reader.dispose();
    this.#counting.cancel();
    this.#stopAges?.();
  }

  seen(): void {
    this.#stopAges?.();
    this.#stopAges = undefined;
    if (!this.#isSeen) return;
    this.#tickLater();
    if (this.#parts.session.state.kind !== 'running') void this.#readStopped();
    this.#countLater();
  }

  #attach(source: Source | undefined): void {
    if (source?.client === this.client) return;
    this.#source = source;
    this.#failure = undefined;
    this.#status = undefined;
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
    this.#failure = undefined;
    this.#attach({ kind: 'running', client: state.client });
    this.#takeStatus(state.status);
  }

  async #readStopped(): Promise<void> {
    const { session, history } = this.#parts;
    const isStopped = (): boolean => session.state.kind !== 'running';
    // While another relay starts, what is shown stays.
    if (this.isLeft) return;
    this.#attach(undefined);
    if (!this.#isSeen || !history.exists) return;
    const client = await history.reader().catch((error: unknown) => this.#cannotRead(error as Error));
    if (client === undefined || !isStopped()) return;
    const source: Source = { kind: 'stopped', client, left: undefined };
    this.#attach(source);
    source.left = await history.sending();
    if (this.#source === source) this.#tellAround();
    await client.closed;
    // The process has ended. Don't start another one, which may end, too, until the user asks.
    if (this.#source !== source || !isStopped()) return;
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
      // Retry what failed before.
      if (!isAll || reader.failure !== undefined) reader.later('newest');
    }
  }

  #attempted({ attempts, missed }: RelayNotificationParams<'attempt/recorded'>): void {
    for (const reader of this.#begun) reader.attempted(attempts);
    if (missed > 0) this.#readLater('loaded');
    this.#matchAgain();
  }

  #matchAgain(): void {
    if (this.#filter === '') return;
    if (this.paused) this.#countLater();
    else this.#readLater('newest');
  }

  /** Changes without a notification: discarded, replayed, cleared, held, and destinations going down or recovering. */
  #takeStatus(now: Status): void {
    const before = this.#status;
    this.#status = now;
    const added = this.#addedSinceStatus;
    this.#addedSinceStatus = false;
    const [ids, idsBefore] = [notificationsUnderWay(now), notificationsUnderWay(before)];
    const changed = [...ids.filter((id) => !idsBefore.includes(id)), ...idsBefore.filter((id) => !ids.includes(id))];
    if (changed.length > 0) for (const reader of this.#begun) reader.underWay(changed);
    const searchable = before && searchablePart(before.index);
    if (searchable !== this.searchable) {
      if (this.searchable === undefined) {
        if (this.paused) this.#matchAgain();
        else this.#readLater('newest');
      }
      this.#tellAround();
    }
    if (pauseText(before) !== pauseText(now)) this.#tellAround();
    if (before === undefined) return;
    const { counts } = now;
    if (
      destinationStates(before) !== destinationStates(now) ||
      counts.discarded !== before.counts.discarded ||
      counts.held !== before.counts.held ||
      counts.deliveries < before.counts.deliveries ||
      counts.failed < before.counts.failed ||
      counts.sent < before.counts.sent ||
      (!added && counts.waiting > before.counts.waiting)
    )
      this.#readLater('loaded');
  }

  #tickLater(): void {
    this.#stopAges = this.#timers.after(ageMs, () => {
      this.#tickLater();
      for (const reader of this.#begun) reader.aged?.();
      // Matches of `since:` change with time.
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

  async #countMatching(): Promise<void> {
    const { client } = this;
    const [filter, pause] = [this.#filter, this.#pause];
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

function searchablePart({ events, of }: Status['index']): number | undefined {
  const behind = of - events;
  return behind > leastBehind && behind > of / 50 ? Math.floor((100 * events) / of) : undefined;
}

function notificationsUnderWay(status: Status | undefined): readonly string[] {
  return [...new Set(status?.destinations.flatMap(({ underWay }) => underWay))];
}

function pauseText(status: Status | undefined): string {
  if (status?.sending.state !== 'paused') return '';
  const { by, since, stop } = status.sending;
  return JSON.stringify([by, since, stop]);
}

function destinationStates({ destinations }: Status): string {
  return JSON.stringify(destinations.map((each) => [each.destinationId, each.state, each.detail]));
}
