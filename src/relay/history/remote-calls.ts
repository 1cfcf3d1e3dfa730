/** Calls to an object in another thread: one side serves it, the other has its methods, each giving a promise. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { relayErrorCode } from '../../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../../protocol/errors.ts';

/** What an object looks like from another thread. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** What of an error passes from thread to thread. */
export interface PassedError {
  readonly code: RelayErrorCode;
  readonly message: string;
  readonly advice?: RelayAdvice | undefined;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: unknown[];
  /** What the caller knows and the object does not, at the time of the call. */
  readonly circumstances: unknown;
}

type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: PassedError }
  | { readonly told: unknown };

/**
 * Answers calls to an object's methods, one after the other.
 * @param take gets the circumstances of each call before it
 */
export function serve(port: MessagePort, object: object, take: (circumstances: unknown) => void): void {
  const methods = object as Readonly<Record<string, (...args: unknown[]) => unknown>>;
  port.on('message', ({ call, method, args, circumstances }: Call) => {
    let answer: Answer;
    try {
      take(circumstances);
      answer = { call, value: methods[method]?.(...args) };
    } catch (error) {
      const { message, advice } = error as Error & { advice?: RelayAdvice };
      answer = { call, error: { code: relayErrorCode(error), message, advice } };
    }
    port.postMessage(answer);
  });
}

/** Says something unasked to the thread that calls. */
export function tell(port: MessagePort, told: unknown): void {
  port.postMessage({ told });
}

export interface CallerOptions {
  /** Makes what a call is rejected with. */
  failed(error: PassedError): Error;
  /** Gets what the thread says unasked. */
  onTold(told: unknown): void;
  /** What goes with each call. */
  circumstances(): unknown;
}

/**
 * The methods of the object that a thread serves.
 * @returns them, and what gives up all calls under way
 */
export function callsTo<T extends object>(
  worker: Worker,
  options: CallerOptions,
): { readonly remote: Remote<T>; giveUp(error: PassedError): void } {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  worker.on('message', (answer: Answer) => {
    if ('told' in answer) {
      options.onTold(answer.told);
      return;
    }
    const caller = waiting.get(answer.call);
    waiting.delete(answer.call);
    if ('error' in answer) caller?.reject(options.failed(answer.error));
    else caller?.resolve(answer.value);
  });
  const remote = new Proxy({} as Remote<T>, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          last += 1;
          waiting.set(last, { resolve, reject });
          const call: Call = { call: last, method: String(method), args, circumstances: options.circumstances() };
          worker.postMessage(call);
        }),
  });
  return {
    remote,
    giveUp: (error) => {
      for (const caller of waiting.values()) caller.reject(options.failed(error));
      waiting.clear();
    },
  };
}
