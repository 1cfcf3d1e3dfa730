import type { Attempt, EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, type Timers } from '../ui/coalescer.ts';
import type { HistoryWatch, Reader, Reading } from './history-watch.ts';

/** Whether a response is still for the current history, filter, and pause. */
export type IsCurrent = () => boolean;

export abstract class HistoryReader implements Reader {
  protected readonly watch: HistoryWatch;
  readonly #reading: Coalescer;
  #visible = false;
  /** Responses to requests of an earlier epoch are discarded. */
  #epoch = 0;
  protected toRead: Reading | undefined;
  #first: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(watch: HistoryWatch, timers: Timers) {
    this.watch = watch;
    this.#reading = new Coalescer(
      () => this.#read(),
      () => this.pauseMs(this.toRead ?? 'newest'),
      timers,
    );
    watch.admit(this);
  }

  get visible(): boolean {
    return this.#visible;
  }

  get failure(): Error | undefined {
    return this.#failure ?? this.watch.failure;
  }

  get hasBegun(): boolean {
    return this.#first !== undefined;
  }

  abstract pauseMs(reading: Reading): number;
  abstract read(client: RelayClient, reading: Reading, isCurrent: IsCurrent): Promise<void>;
  abstract forget(): void;
  abstract added(rows: readonly EventRow[]): void;
  abstract attempted(attempts: readonly Attempt[]): void;
  abstract underWay(notificationIds: readonly string[]): void;
  abstract around(): void;
  aged?(): void;

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.watch.seen();
    if (!visible || this.watch.client === undefined) return;
    if (this.#first === undefined) void this.ready();
    else if (this.toRead !== undefined) this.#reading.request();
  }

  ready(): Promise<void> {
    this.#first ??= this.ask((client, isCurrent) => this.read(client, 'newest', isCurrent));
    return this.#first;
  }

  begin(): void {
    this.#epoch += 1;
    this.toRead = undefined;
    this.#first = undefined;
    this.#failure = undefined;
    this.#reading.cancel();
    this.forget();
    if (this.#visible && this.watch.client !== undefined) void this.ready();
    else this.around();
  }

  again(): void {
    this.#epoch += 1;
    this.later('loaded');
  }

  later(reading: Reading): void {
    if (this.#first === undefined) return;
    if (this.toRead !== 'loaded') this.toRead = reading;
    if (this.#visible) this.#reading.request();
  }

  /** Errors of `work` are kept and shown. */
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
    const reading = this.toRead;
    if (reading === undefined || !this.#visible) return undefined;
    this.toRead = undefined;
    return this.ask((client, isCurrent) => this.read(client, reading, isCurrent));
  }
}
