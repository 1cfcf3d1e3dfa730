import { z } from 'zod';
import { filterAdvice } from './event-filter.ts';

/** What to do about an error, by a name for clients that translate it. */
export const commonAdvice = {
  'ask-again': 'Try again.',
  'ask-when-it-runs': 'Try again when the relay is running.',
  'check-data-directory': 'Check the data directory and restart the relay.',
  'choose-port': 'Choose another port, or use 0 for any free port.',
  'filter-keys': filterAdvice,
  'give-key': 'To send the held events, add the key or credentials.',
  'let-it-go-on':
    'If the relay’s process is suspended, resume it; otherwise, end it and start the relay again. No acknowledged event is lost.',
  'make-room': 'Free up disk space. The relay then accepts deliveries again automatically.',
  'mend-body': 'Fix the body and release it again, or release the original.',
  'own-socket-folder': 'Check who created the folder, and then remove it, or set XDG_RUNTIME_DIR to your own folder.',
  'restart-for-one-version': 'Restart the relay so that it matches the version of this program.',
  'restart-to-set-aside': 'Restart the relay to set the damaged history aside and start a new one.',
} as const;

export const terminalAdvice = {
  'ask-from-its-environment':
    'Use the XDG_RUNTIME_DIR and TMPDIR that the relay was started with, or end its process and start the relay again. No acknowledged event is lost.',
  'attach-or-stop': 'Attach to it, or stop it with `cm-relay stop`.',
  'check-folder': 'Check that the folder exists, belongs to you, and has free space, or choose another data directory.',
  'check-proxy': 'Check the "proxy" setting, or HTTP_PROXY and HTTPS_PROXY in the environment that started the relay.',
  'choose-again': 'To list the events again, run `cm-relay events`. Then choose from the list.',
  'choose-data-directory':
    'With --data-dir, choose an empty folder that belongs to you, or one that does not exist yet.',
  'choose-file-system': 'With --data-dir, choose an empty folder that belongs to you, or one that does not exist yet.',
  'close-data-directory':
    'If only you use it, make it private with `chmod 700`. Otherwise, choose another data directory.',
  'list-events':
    'The history keeps a limited number of events, so older events may have been removed. To list the events, run `cm-relay events`.',
  'look-at-data-directory': 'Find out who created that file and remove it, or choose another data directory.',
  'start-new-history': 'To set this history aside and start a new one, run `cm-relay listen` with this data directory.',
  'move-history': 'Move that file away to start a new history, or choose another data directory.',
  'see-destinations': 'To see the destinations, run `cm-relay status`.',
  'see-url': 'To see the new URL, run `cm-relay url`.',
  'see-what-is-held': 'To see what is held, run `cm-relay status`.',
  'send-smaller-body': 'Send a smaller body, or raise maxBodyBytes in the settings.',
  'send-something': 'Start a relay with `cm-relay listen`, and then send it an event.',
  'start-relay': 'Start one with `cm-relay listen`.',
  'start-to-set-aside':
    'Run `cm-relay listen` with this data directory. The relay sets the damaged history aside and starts a new one.',
  'take-what-waits':
    'Wait until the destinations accept the notifications, discard them with `cm-relay debug discard --waiting`, or raise the history limit.',
  'trust-data-directory':
    'It may come from a repository or an archive. If you trust it, add --trust-data-dir. Otherwise, choose another data directory.',
  'update-program': 'Update this program, or choose another data directory.',
  'update-runtime': 'Use Node.js 22.13 or later for the CLI, and VS Code 1.101 or later for the extension.',
} as const;
export type TerminalAdvice = keyof typeof terminalAdvice;

export const relayAdvice = { ...commonAdvice, ...terminalAdvice };
export type RelayAdvice = keyof typeof relayAdvice;

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
    this.next = told.next ?? (told.advice === undefined ? undefined : relayAdvice[told.advice]);
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
  readonly next = relayAdvice[this.advice];
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay is running for ${dataDir}`, { cause });
  }
}
