import { Worker } from 'node:worker_threads';
import { createMessageConnection, PortMessageReader, PortMessageWriter } from 'vscode-jsonrpc/node';
import type { MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { adviceInTerminal, type RelayAdvice } from '../../protocol/advice.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { Progress } from '../log/held.ts';
import type { HistoryCalls, IndexNews, PassedCall, PassedError } from './history-worker.ts';

type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code: RelayErrorCode;
  readonly advice: RelayAdvice | undefined;
  readonly next: string | undefined;
  constructor(message: string, { code, advice }: PassedError) {
    super(message);
    this.code = code;
    this.advice = advice;
    this.next = advice === undefined ? undefined : adviceInTerminal(advice);
  }
}

/** The worker's bundle as text, inserted by the build, so that the relay is one file. */
declare const HISTORY_WORKER_SOURCE: string | undefined;

/** Pause after the second thread in a row that ended before any response; doubled each time. */
const firstPauseMs = 1000;
const mostPauseMs = 60_000;

export interface HistoryThreadOptions {
  onNews?(news: IndexNews): void;
  progress?(): Progress;
}

export class HistoryThread {
  readonly #dataDir: string;
  readonly #options: HistoryThreadOptions;
  #worker: Worker | undefined;
  #calls: Remote<HistoryCalls> | undefined;
  #closed = false;
  #failedStarts = 0;
  #pause: { readonly until: number; readonly why: HistoryError } | undefined;

  constructor(dataDir: string, options: HistoryThreadOptions = {}) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  /** The first call starts the thread. */
  get calls(): Remote<HistoryCalls> {
    if (this.#closed)
      return refusing(new HistoryError('the relay is stopping', { code: 'store-failed', advice: 'ask-when-it-runs' }));
    if (this.#pause !== undefined && performance.now() < this.#pause.until) return refusing(this.#pause.why);
    this.#calls ??= this.#start();
    return this.#calls;
  }

  /** Needs no result: if the work fails, it is done the next time. */
  tell(what: 'changed' | 'changing' | 'checkpoint' | 'forgetText'): void {
    this.calls[what]().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Remote<HistoryCalls> {
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
    const connection = createMessageConnection(new PortMessageReader(worker), new PortMessageWriter(worker));
    connection.onNotification('news', (news: IndexNews) => this.#options.onNews?.(news));
    connection.listen();
    let why = new HistoryError('reading the history was interrupted', { code: 'store-failed', advice: 'ask-again' });
    let hasSpoken = false;
    worker.once('message', () => {
      hasSpoken = true;
      this.#failedStarts = 0;
    });
    const lost = (): void => {
      connection.dispose();
      // An error is followed by an exit, when another worker may already be running.
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
    worker.on('error', (error) => {
      const message = `cannot read the history: ${(error as Error).message}`;
      why = new HistoryError(message, { code: 'store-failed', advice: 'ask-again' });
      lost();
    });
    worker.on('exit', lost);
    this.#worker = worker;
    return callsThrough(
      connection,
      () => this.#options.progress?.() ?? { underWay: [] },
      () => why,
    );
  }
}

function callsThrough(
  connection: MessageConnection,
  progress: () => Progress,
  lost: () => HistoryError,
): Remote<HistoryCalls> {
  const call = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    try {
      return await connection.sendRequest<unknown>(method, { progress: progress(), args } satisfies PassedCall);
    } catch (error) {
      const { message, data } = error as ResponseError<PassedError>;
      throw data === undefined ? lost() : new HistoryError(message, data);
    }
  };
  return new Proxy({} as Remote<HistoryCalls>, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        call(String(method), args),
  });
}

function refusing(why: HistoryError): Remote<HistoryCalls> {
  return new Proxy({} as Remote<HistoryCalls>, { get: () => () => Promise.reject(why) });
}
