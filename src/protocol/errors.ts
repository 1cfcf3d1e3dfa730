/** Why a relay refuses a request, or cannot be asked. */
import { z } from 'zod';

/**
 * What an error of the relay says to do next, by a name for clients that say it in another language. The name goes with
 * the sentence over the connection, so that whoever does not know it has the sentence.
 */
export const relayAdvice = {
  'ask-again': 'Ask again.',
  'ask-when-it-runs': 'Ask again when the relay runs.',
  'attach-or-stop': 'Attach to it, or stop it with `cm-relay stop`.',
  'check-data-directory': 'Check the data directory and restart the relay.',
  'check-folder': 'Check that the folder exists, is yours and has room, or choose another data directory.',
  'check-proxy': 'Look at the setting "proxy", or at HTTP_PROXY and HTTPS_PROXY where the relay was started.',
  'choose-again': 'Look at what there is with events/query and choose again.',
  'choose-data-directory': 'Choose an empty folder of your own, or one that does not exist yet, with --data-dir.',
  'choose-port': 'Choose another port, or 0 for any that is free.',
  'choose-safe-place':
    'Choose a folder with --data-dir that only you and the system can replace, such as one in your home folder.',
  'close-data-directory': 'Make it yours alone with `chmod 700`, or choose another data directory.',
  'filter-keys':
    'Keys are type, list, address, state, kind, source, since, until, duplicate and delivery; all else is free text.',
  'let-it-go-on':
    'Where its process was paused, let it go on; else end it, and start the relay again: what it acknowledged is kept.',
  'list-events': 'It may have been removed: only so much history is kept. List what there is with `cm-relay events`.',
  'look-at-data-directory': 'Look who made that file and remove it, or choose another data directory.',
  'make-room': 'Make room on it; deliveries are accepted again by themselves.',
  'migrate-history': 'Start a relay on it once with `cm-relay listen`: that brings it up to date.',
  'own-socket-folder': 'Look who made it, remove it, or point XDG_RUNTIME_DIR at a folder of your own.',
  'restart-for-one-version': 'Restart the relay so that both are of one version.',
  'restart-to-set-aside': 'Restart the relay: it sets the file aside and begins a new one.',
  'send-something': 'Start a relay with `cm-relay listen` and send it something.',
  'start-relay': 'Start one with `cm-relay listen`.',
  'take-what-waits':
    'Let the destinations take it, discard it with `cm-relay discard --waiting`, or raise the limit of the history.',
  'update-program': 'Update this program, or choose another data directory.',
  'update-runtime': 'Use Node.js 22.13 or later for the CLI, VS Code 1.101 or later for the extension.',
} as const;
export type RelayAdvice = keyof typeof relayAdvice;

/** What goes with an error over the connection: an advice that is not known is left to its sentence. */
const errorDataSchema = z.object({
  next: z.string().optional().catch(undefined),
  advice: z
    .enum(Object.keys(relayAdvice) as [RelayAdvice, ...RelayAdvice[]])
    .optional()
    .catch(undefined),
});

/** JSON-RPC error codes of the relay's own; `data.next` says what to do. */
export const relayErrorCodes = { notFound: 1001, conflict: 1002, storeFailed: 1003 } as const;

/** JSON-RPC error code of a client's own: the relay is there and says nothing. */
export const noAnswerCode = 1100;

/** A request that the relay refused. `message` says why and `next` what to do. */
export class RelayRequestError extends Error {
  override readonly name = 'RelayRequestError';
  readonly code: number;
  readonly next: string | undefined;
  /** Names what `next` says, where the relay does. */
  readonly advice: RelayAdvice | undefined;
  constructor(message: string, code: number, told: { readonly next?: string; readonly advice?: RelayAdvice } = {}) {
    super(message);
    this.code = code;
    this.advice = told.advice;
    this.next = told.next ?? (told.advice === undefined ? undefined : relayAdvice[told.advice]);
  }

  /** @param data of a JSON-RPC error of the relay's */
  static of(message: string, code: number, data: unknown): RelayRequestError {
    const { next, advice } = errorDataSchema.safeParse(data).data ?? {};
    return new RelayRequestError(message, code, {
      ...(next !== undefined && { next }),
      ...(advice !== undefined && { advice }),
    });
  }
}

/** Whether the relay answered a request, and refused it or said something else than what is expected. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RelayRequestError && error.code !== noAnswerCode;
}

/** The relay's process is there and does not answer: it is held, or its machine is overloaded. */
export class NoAnswerError extends RelayRequestError {
  constructor(dataDir: string) {
    super(`the relay of ${dataDir} runs and does not answer`, noAnswerCode, { advice: 'let-it-go-on' });
  }
}

/** No relay runs for the data directory. */
export class NoRelayError extends Error {
  override readonly name = 'NoRelayError';
  readonly advice = 'start-relay';
  readonly next = relayAdvice[this.advice];
  constructor(dataDir: string, cause?: unknown) {
    super(`no relay runs for ${dataDir}`, { cause });
  }
}
