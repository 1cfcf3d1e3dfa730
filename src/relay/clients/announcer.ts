/** Batches the relay's notifications, so that a burst is few messages. */
import type { Sending, Stop } from '../../protocol/debug.ts';
import type { Attempt, Delivery, EventRow } from '../../protocol/history.ts';
import type { LogLevel, RelayNotification, RelayNotificationParams } from '../../protocol/methods.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import { fittingRows, mostPageBytes, mostRows, rowBytes } from '../../protocol/message-size.ts';

/** Returns false if the message could not be sent: it counts as missed. */
export type Listener = <N extends RelayNotification>(name: N, params: RelayNotificationParams<N>) => boolean;

interface Added {
  readonly delivery: Delivery;
  readonly events: EventRow[];
  readonly omitted: number;
}

const statusEveryMs = 200;

export class Announcer {
  readonly #listeners = new Map<Listener, { events: number; attempts: number }>();
  readonly #status: () => Status;
  #added: Added[] = [];
  #attempts: Attempt[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(status: () => Status) {
    this.#status = status;
  }

  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: Listener): () => void {
    this.#listeners.set(listener, { events: 0, attempts: 0 });
    return () => this.#listeners.delete(listener);
  }

  caughtUp(listener: Listener): void {
    const missed = this.#listeners.get(listener);
    if (missed === undefined) return;
    if (missed.events > 0 && listener('event/added', { deliveries: [], missed: missed.events })) missed.events = 0;
    if (missed.attempts > 0 && listener('attempt/recorded', { attempts: [], missed: missed.attempts }))
      missed.attempts = 0;
    if (!this.#ending) listener('status/changed', { status: this.#status() });
  }

  added(delivery: Delivery, rows: readonly EventRow[]): void {
    const events = fittingRows(rows);
    this.#added.push({ delivery, events, omitted: rows.length - events.length });
    this.#immediate ??= setImmediate(this.#flush);
  }

  attempted(attempt: Attempt): void {
    this.#attempts.push(attempt);
    this.#immediate ??= setImmediate(this.#flush);
  }

  stopped(stop: Stop, sending: () => Sending): void {
    if (this.#ending) return;
    this.#flush();
    this.#tell('debug/stopped', { stop, sending: sending() });
    this.statusChanged();
  }

  continued(sending: () => Sending): void {
    if (this.#ending) return;
    this.#tell('debug/continued', { sending: sending() });
    this.statusChanged();
  }

  tunnel(tunnel: TunnelStatus): void {
    this.#tell('tunnel/changed', { tunnel });
    this.statusChanged();
  }

  log(level: LogLevel, message: string): void {
    if (this.heard) this.#tell('log', { level, time: new Date().toISOString(), message });
  }

  /** Sends no status from now on: a shutdown would look like failures. */
  ends(): void {
    this.#ending = true;
    clearTimeout(this.#statusTimer);
  }

  statusChanged(): void {
    if (!this.heard || this.#ending) return;
    this.#statusTimer ??= setTimeout(() => this.statusNow(), statusEveryMs);
    this.#statusTimer.unref();
  }

  statusNow(): void {
    clearTimeout(this.#statusTimer);
    this.#statusTimer = undefined;
    if (this.heard && !this.#ending) this.#tell('status/changed', { status: this.#status() });
  }

  close(): void {
    this.#flush();
    clearTimeout(this.#statusTimer);
    this.#listeners.clear();
  }

  readonly #flush = (): void => {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const attempts = this.#attempts;
    this.#attempts = [];
    for (const deliveries of batches(this.#added)) {
      const all = { deliveries, missed: 0 };
      for (const [listener, missed] of this.#listeners) {
        if (listener('event/added', missed.events === 0 ? all : { ...all, missed: missed.events })) missed.events = 0;
        else missed.events += deliveries.reduce((sum, each) => sum + each.events.length + each.omitted, 0);
      }
    }
    this.#added = [];
    if (attempts.length === 0) return;
    for (const [listener, missed] of this.#listeners) {
      if (listener('attempt/recorded', { attempts, missed: missed.attempts })) missed.attempts = 0;
      else missed.attempts += attempts.length;
    }
  };

  #tell<N extends RelayNotification>(name: N, params: RelayNotificationParams<N>): void {
    for (const listener of this.#listeners.keys()) listener(name, params);
  }
}

function* batches(added: readonly Added[]): Generator<Added[]> {
  let batch: Added[] = [];
  let rows = 0;
  let bytes = 0;
  for (const each of added) {
    batch.push(each);
    rows += each.events.length;
    bytes += each.events.reduce((sum, row) => sum + rowBytes(row), 0);
    if (rows >= mostRows || bytes >= mostPageBytes) {
      yield batch;
      batch = [];
      rows = 0;
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
