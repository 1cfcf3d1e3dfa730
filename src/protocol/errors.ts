/** Why a relay refuses a request, or cannot be asked. */
import { z } from 'zod';
import { filterAdvice } from './event-filter.ts';

/**
 * What an error of the relay says to do next, by a name for clients that say it in another language. The name goes with
 * the sentence over the connection, so that whoever does not know it has the sentence.
 */
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

/** The same as a terminal has it: the extension has other next actions. */
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
  'choose-safe-place':
    'With --data-dir, choose a folder that only you and the system can replace, such as one in your home folder.',
  'close-data-directory': 'Make it private with `chmod 700`, or choose another data directory.',
  'list-events':
    'The history keeps a limited number of events, so older events may have been removed. To list the events, run `cm-relay events`.',
  'look-at-data-directory': 'Find out who created that file and remove it, or choose another data directory.',
  'migrate-history': 'To update the history, run `cm-relay listen` once with this data directory.',
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

/** All of it, in English. */
export const relayAdvice = { ...commonAdvice, ...terminalAdvice };
export type RelayAdvice = keyof typeof relayAdvice;

/** What goes with an error over the connection: an advice that is not known is left to its sentence. */
const errorDataSchema = z.object({
  next: z.string().optional().catch(undefined),
  advice: z
    .enum(Object.keys(relayAdvice) as [RelayAdvice, ...RelayAdvice[]])
    .optional()
    .catch(undefined),
});

/**
 * Why a request is not answered as asked, and the number that JSON-RPC carries for it. The only list: the relay's errors
 * hold such a code, and clients are given it again.
 */
const relayErrorNumbers = {
  /** Params, or a filter in them, that cannot be read [JSON-RPC 2.0]. */
  'invalid-params': -32602,
  /** A relay of another version [JSON-RPC 2.0]. */
  'unknown-method': -32601,
  /** Whatever has no code of its own [JSON-RPC 2.0]. */
  internal: -32603,
  'not-found': 1001,
  conflict: 1002,
  'store-failed': 1003,
  /** A client's own: the relay is there and says nothing. */
  'no-answer': 1100,
  /** A client's own: the relay has gone before it answered (`PendingResponseRejected` of vscode-jsonrpc). */
  'connection-lost': -32097,
} as const;
export type RelayErrorCode = keyof typeof relayErrorNumbers;

const codesByNumber: ReadonlyMap<number, RelayErrorCode> = new Map(
  Object.entries(relayErrorNumbers).map(([code, number]) => [number, code as RelayErrorCode]),
);

/** The code of an error as JSON-RPC carries it; `internal` for one that is not known. */
export function relayErrorCodeOf(number: number): RelayErrorCode {
  return codesByNumber.get(number) ?? 'internal';
}

/** An error's code; `internal` where it holds none of ours, such as one of the system's. */
export function relayErrorCode(error: unknown): RelayErrorCode {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(relayErrorNumbers, code) ? (code as RelayErrorCode) : 'internal';
}

/** The number of {@link relayErrorCode}. */
export function relayErrorNumberOf(error: unknown): number {
  return relayErrorNumbers[relayErrorCode(error)];
}

/** Whether an error is for this reason: one of the relay's in this process, or what a client was told of it. */
export function hasRelayErrorCode(error: unknown, code: RelayErrorCode): error is Error {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** A request that the relay refused. `message` says why and `next` what to do. */
export class RelayRequestError extends Error {
  override readonly name = 'RelayRequestError';
  readonly code: RelayErrorCode;
  readonly next: string | undefined;
  /** Names what `next` says, where the relay does. */
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

  /**
   * What a JSON-RPC error of the relay's says.
   * @param number its code, as JSON-RPC has it
   * @param data what goes with it
   */
  static of(message: string, number: number, data: unknown): RelayRequestError {
    const { next, advice } = errorDataSchema.safeParse(data).data ?? {};
    return new RelayRequestError(message, relayErrorCodeOf(number), {
      ...(next !== undefined && { next }),
      ...(advice !== undefined && { advice }),
    });
  }
}

/** What was asked for cannot be done as things stand. */
export class ConflictError extends RelayRequestError {
  constructor(message: string, advice?: RelayAdvice) {
    super(message, 'conflict', advice === undefined ? {} : { advice });
  }
}

/** Whether the relay answered a request, and refused it or said something else than what is expected. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RelayRequestError && error.code !== 'no-answer';
}

/** The relay's process is there and does not answer: it is held, or its machine is overloaded. */
export class NoAnswerError extends RelayRequestError {
  /** Its process's id, where that is known. */
  readonly pid: number | undefined;
  constructor(dataDir: string, pid: number | undefined) {
    const process = pid === undefined ? '' : ` (process ${pid})`;
    super(`the relay for ${dataDir}${process} does not answer`, 'no-answer', { advice: 'let-it-go-on' });
    this.pid = pid;
  }
}

/** A relay runs, since one holds the lock, and neither where it should be nor where it says that it is does one answer. */
export class UnreachableRelayError extends RelayRequestError {
  /** @param pid its process's id, where that is known */
  constructor(dataDir: string, pid: number | undefined, why: string) {
    const process = pid === undefined ? '' : ` (process ${pid})`;
    super(`a relay is running for ${dataDir}${process} but cannot be reached: ${why}`, 'no-answer', {
      advice: 'ask-from-its-environment',
    });
  }
}

/** No relay runs for the data directory. */
export class NoRelayError extends Error {
  override readonly name = 'NoRelayError';
  readonly advice = 'start-relay';
  readonly next = relayAdvice[this.advice];
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay is running for ${dataDir}`, { cause });
  }
}
