/** The relay's access to its history: a thread that reads it (history-worker.ts), started on first use. */
import { Worker } from 'node:worker_threads';
import { relayAdvice } from '../../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../../protocol/errors.ts';
import type { Progress } from '../log/held.ts';
import type { HistoryCalls, IndexNews } from './history-worker.ts';
import { callsTo } from './remote-calls.ts';
import type { PassedError, Remote } from './remote-calls.ts';

/** The thread refused a call: an unknown ID, or a filter or store that can't be read. */
class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code: RelayErrorCode;
  readonly advice: RelayAdvice | undefined;
  readonly next: string | undefined;
  constructor(error: PassedError) {
    super(error.message);
    this.code = error.code;
    this.advice = error.advice;
    this.next = error.advice === undefined ? undefined : relayAdvice[error.advice];
  }
}

/** The worker's bundle as text, inserted by the build, so that the relay is one file. */
declare const HISTORY_WORKER_SOURCE: string | undefined;

/** Pause in milliseconds, doubled each time, if two threads in a row have ended before any response. */
const firstPauseMs = 1000;
const mostPauseMs = 60_000;

type Calls = ReturnType<typeof callsTo<HistoryCalls>>;

export interface HistoryThreadOptions {
  /** Reports the index's progress after each piece. */
  onNews?(news: IndexNews): void;
  /** Sent along with each call. */
  progress?(): Progress;
}

export class HistoryThread {
  readonly #dataDir: string;
  readonly #options: HistoryThreadOptions;
  #worker: Worker | undefined;
  #calls: Calls | undefined;
  #closed = false;
  /** Threads in a row that ended before any response; until when no other one is started, and why. */
  #failedStarts = 0;
  #pause: { readonly until: number; readonly why: PassedError } | undefined;

  constructor(dataDir: string, options: HistoryThreadOptions = {}) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  /** The first call starts the thread. */
  get calls(): Remote<HistoryCalls> {
    if (this.#closed)
      return refusing({ code: 'store-failed', message: 'the relay is stopping', advice: 'ask-when-it-runs' });
    if (this.#pause !== undefined && performance.now() < this.#pause.until) return refusing(this.#pause.why);
    this.#calls ??= this.#start();
    return this.#calls.remote;
  }

  /** Requests work without a result: if it isn't done, it is done the next time. */
  tell(what: 'begin' | 'changed' | 'changing' | 'checkpoint'): void {
    this.calls[what]().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Calls {
    const options = {
      workerData: { dataDir: this.#dataDir },
      execArgv: [],
      stdin: false,
      // Indexing reads whole bodies, which are short-lived: without a limit they first take some 100 MB.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    };
    const worker =
      typeof HISTORY_WORKER_SOURCE === 'string'
        ? new Worker(HISTORY_WORKER_SOURCE, { ...options, eval: true })
        : new Worker(new URL('./history-worker.ts', import.meta.url), options);
    worker.unref();
    const calls = callsTo<HistoryCalls>(worker, {
      failed: (error) => new HistoryError(error),
      onTold: (news) => this.#options.onNews?.(news as IndexNews),
      circumstances: () => this.#options.progress?.() ?? { underWay: [] },
    });
    let hasSpoken = false;
    worker.once('message', () => {
      hasSpoken = true;
      this.#failedStarts = 0;
    });
    const lost = (message: string): void => {
      const why: PassedError = { code: 'store-failed', message, advice: 'ask-again' };
      calls.giveUp(why);
      // Its error is followed by its exit, when another one may already be running.
      if (this.#worker !== worker) return;
      if (!hasSpoken) {
        const pauseMs =
          this.#failedStarts === 0 ? 0 : Math.min(firstPauseMs * 2 ** (this.#failedStarts - 1), mostPauseMs);
        this.#failedStarts += 1;
        this.#pause = { until: performance.now() + pauseMs, why };
      }
      this.#worker = undefined;
      this.#calls = undefined;
    };
    worker.on('error', (error) => lost(`cannot read the history: ${(error as Error).message}`));
    worker.on('exit', () => lost('reading the history was interrupted'));
    this.#worker = worker;
    return calls;
  }
}

function refusing(why: PassedError): Remote<HistoryCalls> {
  return new Proxy({} as Remote<HistoryCalls>, { get: () => () => Promise.reject(new HistoryError(why)) });
}
