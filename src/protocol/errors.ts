import { z } from 'zod';
import { adviceInTerminal, relayAdvice, type RelayAdvice } from './advice.ts';

const errorDataSchema = z.object({
  next: z.string().optional().catch(undefined),
  advice: z
    .enum(Object.keys(relayAdvice) as [RelayAdvice, ...RelayAdvice[]])
    .optional()
    .catch(undefined),
});

const relayErrorNumbers = {
  /** Invalid params, or an invalid filter in them [JSON-RPC 2.0]. */
  'invalid-params': -32602,
  /** A relay of another version [JSON-RPC 2.0]. */
  'unknown-method': -32601,
  /** Any other error [JSON-RPC 2.0]. */
  internal: -32603,
  'not-found': 1001,
  conflict: 1002,
  'store-failed': 1003,
  /** Set by the client: the relay is there but doesn't respond. */
  'no-answer': 1100,
  /** Set by the client: the relay ended before it responded (`PendingResponseRejected` of vscode-jsonrpc). */
  'connection-lost': -32097,
} as const;
export type RelayErrorCode = keyof typeof relayErrorNumbers;

const codesByNumber: ReadonlyMap<number, RelayErrorCode> = new Map(
  Object.entries(relayErrorNumbers).map(([code, number]) => [number, code as RelayErrorCode]),
);

export function relayErrorCodeOf(number: number): RelayErrorCode {
  return codesByNumber.get(number) ?? 'internal';
}

/** `internal` if it is none of ours, such as a system error. */
export function relayErrorCode(error: unknown): RelayErrorCode {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(relayErrorNumbers, code) ? (code as RelayErrorCode) : 'internal';
}

export function relayErrorNumberOf(error: unknown): number {
  return relayErrorNumbers[relayErrorCode(error)];
}

export function hasRelayErrorCode(error: unknown, code: RelayErrorCode): error is Error {
  return error instanceof Error && 'code' in error && error.code === code;
}

export class RelayRequestError extends Error {
  override readonly name = 'RelayRequestError';
  readonly code: RelayErrorCode;
  readonly next: string | undefined;
  readonly advice: RelayAdvice | undefined;
  constructor(
    message: string,
    code: RelayErrorCode,
    told: { readonly next?: string; readonly advice?: RelayAdvice } = {},
  ) {
    super(message);
    this.code = code;
    this.advice = told.advice;
    this.next = told.next ?? (told.advice === undefined ? undefined : adviceInTerminal(told.advice));
  }

  static of(message: string, number: number, data: unknown): RelayRequestError {
    const { next, advice } = errorDataSchema.safeParse(data).data ?? {};
    return new RelayRequestError(message, relayErrorCodeOf(number), {
      ...(next !== undefined && { next }),
      ...(advice !== undefined && { advice }),
    });
  }
}

export class ConflictError extends RelayRequestError {
  constructor(message: string, advice?: RelayAdvice) {
    super(message, 'conflict', advice === undefined ? {} : { advice });
  }
}

export function isRefusal(error: unknown): boolean {
  return error instanceof RelayRequestError && error.code !== 'no-answer';
}

/** The relay is stopped, or its machine is overloaded. */
export class NoAnswerError extends RelayRequestError {
  readonly pid: number | undefined;
  constructor(dataDir: string, pid: number | undefined) {
    const process = pid === undefined ? '' : ` (process ${pid})`;
    super(`the relay for ${dataDir}${process} does not answer`, 'no-answer', { advice: 'let-it-go-on' });
    this.pid = pid;
  }
}

/** A relay holds the lock, but none responds at the usual or the recorded channel. */
export class UnreachableRelayError extends RelayRequestError {
  constructor(dataDir: string, pid: number | undefined, why: string) {
    const process = pid === undefined ? '' : ` (process ${pid})`;
    super(`a relay is running for ${dataDir}${process} but cannot be reached: ${why}`, 'no-answer', {
      advice: 'ask-from-its-environment',
    });
  }
}

export class NoRelayError extends Error {
  override readonly name = 'NoRelayError';
  readonly advice = 'start-relay';
  readonly next = adviceInTerminal(this.advice);
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay is running for ${dataDir}`, { cause });
  }
}
