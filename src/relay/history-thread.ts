/** The relay's way to its history: calls to a thread that reads it (history-worker.ts), started when first needed. */
import { Worker } from 'node:worker_threads';
import { relayAdvice } from '../protocol/errors.ts';
import type { RelayAdvice } from '../protocol/errors.ts';
import type { ParsedParams, Result } from '../protocol/methods.ts';
import type { HistoryReader } from './history.ts';

export type HistoryCall =
  | { readonly method: 'query'; readonly params: ParsedParams<'events/query'> }
  | { readonly method: 'event' | 'delivery'; readonly id: string }
  | { readonly method: 'target'; readonly params: ParsedParams<'notifications/render'> }
  | { readonly method: 'notificationIdsFor'; readonly ids: readonly string[] }
  | { readonly method: 'notificationIds'; readonly filter: string }
  | { readonly method: 'failedNotificationIds' }
  | { readonly method: 'changed' }
  | { readonly method: 'checkpoint' };

export interface HistoryAnswer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly advice?: RelayAdvice | undefined };
}

/** What the thread refused: an unknown id, a filter that cannot be read, a store that cannot. */
class HistoryError extends Error {
  override readonly name = 'HistoryError';
  /** The name of the error in the thread, such as NotFoundError. */
  readonly kind: string;
  readonly advice: RelayAdvice | undefined;
  readonly next: string | undefined;
  constructor(error: NonNullable<HistoryAnswer['error']>) {
    super(error.message);
    this.kind = error.name;
    this.advice = error.advice;
    this.next = error.advice === undefined ? undefined : relayAdvice[error.advice];
  }
}

/** The worker's bundle as text, put here by the build, so that the relay is one file. */
declare const HISTORY_WORKER_SOURCE: string | undefined;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The history, read in a thread of its own: the calls are those of HistoryReader. */
export class HistoryThread {
  readonly #dataDir: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #number = 0;
  #closed = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  query(params: ParsedParams<'events/query'>): Promise<Result<'events/query'>> {
    return this.#call({ method: 'query', params });
  }

  event(id: string): Promise<Result<'events/get'>> {
    return this.#call({ method: 'event', id });
  }

  delivery(id: string): Promise<Result<'deliveries/get'>> {
    return this.#call({ method: 'delivery', id });
  }

  target(params: ParsedParams<'notifications/render'>): Promise<ReturnType<HistoryReader['target']>> {
    return this.#call({ method: 'target', params });
  }

  notificationIdsFor(ids: readonly string[]): Promise<number[]> {
    return this.#call({ method: 'notificationIdsFor', ids });
  }

  notificationIds(filter: string): Promise<number[]> {
    return this.#call({ method: 'notificationIds', filter });
  }

  failedNotificationIds(): Promise<number[]> {
    return this.#call({ method: 'failedNotificationIds' });
  }

  /** Something was stored: the free-text index follows when there is time. */
  changed(): void {
    this.#call({ method: 'changed' }).catch(() => undefined);
  }

  /** Writes the write-ahead log back. */
  checkpoint(): void {
    this.#call({ method: 'checkpoint' }).catch(() => undefined);
  }

  /** Ends the thread, and takes no more calls. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #call<T>(call: HistoryCall): Promise<T> {
    if (this.#closed) return Promise.reject(new HistoryError({ name: 'StoreError', message: 'the relay is stopping' }));
    const worker = (this.#worker ??= this.#start());
    this.#number += 1;
    const number = this.#number;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve, reject });
      worker.postMessage({ number, call });
    });
  }

  #start(): Worker {
    const options = {
      workerData: { dataDir: this.#dataDir },
      execArgv: [],
      stdin: false,
      // Indexing reads whole bodies, which are soon gone: without a bound they take some 100 MB first.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    };
    const worker =
      typeof HISTORY_WORKER_SOURCE === 'string'
        ? new Worker(HISTORY_WORKER_SOURCE, { ...options, eval: true })
        : new Worker(new URL('./history-worker.ts', import.meta.url), options);
    worker.unref();
    worker.on('message', (answer: HistoryAnswer) => {
      const waiting = this.#waiting.get(answer.number);
      this.#waiting.delete(answer.number);
      if (answer.error === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(new HistoryError(answer.error));
    });
    const lost = (message: string): void => {
      // Its error is followed by its exit, when another may already be at work.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const waiting of this.#waiting.values())
        waiting.reject(new HistoryError({ name: 'StoreError', message, advice: 'ask-again' }));
      this.#waiting.clear();
    };
    worker.on('error', (error) => lost(`the history cannot be read: ${(error as Error).message}`));
    worker.on('exit', () => lost('the history was closed'));
    return worker;
  }
}
