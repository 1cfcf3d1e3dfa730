/** Why a relay refuses a request, or cannot be asked. */

/** JSON-RPC error codes of the relay's own; `data.next` says what to do. */
export const relayErrorCodes = { notFound: 1001, conflict: 1002, storeFailed: 1003 } as const;

/** JSON-RPC error code of a client's own: the relay is there and says nothing. */
export const noAnswerCode = 1100;

/** A request that the relay refused. `message` says why and `next` what to do. */
export class RelayRequestError extends Error {
  override readonly name = 'RelayRequestError';
  readonly code: number;
  readonly next: string | undefined;
  constructor(message: string, code: number, next?: string) {
    super(message);
    this.code = code;
    this.next = next;
  }
}

/** The relay's process is there and does not answer: it is held, or its machine is overloaded. */
export class NoAnswerError extends RelayRequestError {
  constructor(dataDir: string) {
    super(
      `the relay of ${dataDir} runs and does not answer`,
      noAnswerCode,
      'Where its process was paused, let it go on; else end it, and start the relay again: what it acknowledged is kept.',
    );
  }
}

/** No relay runs for the data directory. */
export class NoRelayError extends Error {
  override readonly name = 'NoRelayError';
  readonly next = 'Start one with `cm-relay listen`.';
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay runs for ${dataDir}`, { cause });
  }
}
