/** Calls to an object in another thread: one side serves it, the other has its methods, each returning a promise. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { relayErrorCode } from '../../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../../protocol/errors.ts';

/** An object as seen from another thread. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** The properties of an error that are passed between threads. */
export interface PassedError {
  readonly code: RelayErrorCode;
  readonly message: string;
  readonly advice?: RelayAdvice | undefined;
}

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: unknown[];
  /** Facts from the caller at the time of the call. */
  readonly circumstances: unknown;
}

type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: PassedError }
  | { readonly told: unknown };

/** Handles calls to an object's methods, one after another. @param take receives each call's circumstances first */
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

export function tell(port: MessagePort, told: unknown): void {
  port.postMessage({ told });
}

export interface CallerOptions {
  failed(error: PassedError): Error;
  /** Receives messages without a call. */
  onTold(told: unknown): void;
  circumstances(): unknown;
}

/** @returns the methods of the served object, and a function that rejects all pending calls */
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
