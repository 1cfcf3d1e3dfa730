import { relayAdvice } from '../protocol/errors.ts';
import type { RelayAdvice, RelayErrorCode } from '../protocol/errors.ts';

/** What a client asked for cannot be done as things stand. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  readonly code = 'conflict' satisfies RelayErrorCode;
  readonly advice: RelayAdvice;
  readonly next: string;
  constructor(message: string, advice: RelayAdvice = 'choose-again') {
    super(message);
    this.advice = advice;
    this.next = relayAdvice[advice];
  }
}
