import { connect as connectSocket, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  ConnectionError,
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import {
  checkKeptSocket,
  controlChannelOf,
  keptChannelOf,
  prepareFolder,
  proveToServer,
  UnsafeSocketFolderError,
} from './control-channel.ts';
import type { ControlChannel, KeptChannel } from './control-channel.ts';
import { checkDataDirectory } from './data-directory.ts';
import { NoAnswerError, NoRelayError, RelayRequestError, UnreachableRelayError } from './errors.ts';
import { endingNotification, methods, notifications } from './methods.ts';
import type { Method, Params, RelayNotification, RelayNotificationParams, Result } from './methods.ts';
import { isLocked } from './relay-lock.ts';

export interface RelayClient {
  /** Even if its status has another shape. */
  version(): Promise<string>;
  request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** @returns a function that stops it */
  on<N extends RelayNotification>(name: N, listener: (params: RelayNotificationParams<N>) => void): () => void;
  readonly closed: Promise<void>;
  /** False after `closed` if the connection broke off, such as after a kill. */
  endsInOrder(): boolean;
  close(): void;
}

/** Without the library's timer for incomplete messages, which would keep the process alive. */
export function messagesOf(stream: Readable): StreamMessageReader {
  const reader = new StreamMessageReader(stream);
  reader.partialMessageTimeout = 0;
  return reader;
}

/** Turns of the event loop without a message, after which all that was read before the end has been handled. */
const mostIdleTurns = 8;

const defaultAnswerTimeoutMs = 15_000;

/**
 * @param answerTimeoutMs a request fails if the relay is silent for twice as long
 * @throws NoRelayError; UnreachableRelayError; NoAnswerError; DataDirectoryError
 */
export async function connectToRelay(dataDir: string, answerTimeoutMs = defaultAnswerTimeoutMs): Promise<RelayClient> {
  const real = checkDataDirectory(dataDir);
  const channel = controlChannelOf(real);
  const socket = await reach(real, channel);
  socket.setNoDelay(true);
  if (channel.proofNeeded) await proveToServer(socket, channel);
  return clientOverStream(socket, dataDir, answerTimeoutMs);
}

/** A relay opens its channel after it took the lock, and closes it before it releases the lock. */
const betweenMs = 5000;
const lookAgainMs = 50;

/** The lock decides whether there is a relay. */
async function reach(dataDir: string, channel: ControlChannel): Promise<Socket> {
  const unsafe = unsafeFolder(channel);
  const { path } = channel;
  const end = performance.now() + betweenMs;
  let before: KeptChannel | null = null;
  for (;;) {
    try {
      if (unsafe !== null) throw new NoRelayError(dataDir, unsafe);
      return await connectTo(path, dataDir);
    } catch (error) {
      if (!(error instanceof NoRelayError) || !isLocked(dataDir)) throw error;
    }
    const kept = keptChannelOf(dataDir);
    let why = unsafe?.message ?? `nothing answers at ${path}`;
    if (kept !== null && kept.path !== path) {
      try {
        checkKeptSocket(kept.path);
        return await connectTo(kept.path, dataDir);
      } catch (error) {
        why = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
      }
    }
    // If it is recorded twice, the relay is neither starting nor ending.
    const isRunning = kept !== null && isDeepStrictEqual(kept, before);
    if (isRunning || performance.now() >= end) throw new UnreachableRelayError(dataDir, kept?.pid, why);
    before = kept;
    await delay(lookAgainMs);
  }
}

function unsafeFolder(channel: ControlChannel): UnsafeSocketFolderError | null {
  try {
    // Create it if it is missing: otherwise another user could do so before it is used.
    prepareFolder(channel);
    return null;
  } catch (error) {
    if (error instanceof UnsafeSocketFolderError) return error;
    throw error;
  }
}

function connectTo(path: string, dataDir: string): Promise<Socket> {
  const socket = connectSocket(path);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => reject(unconnected(dataDir, path, error)));
  });
}

/** If one may be running, starting another wouldn't help. @param path the socket or named pipe that was tried */
export function unconnected(dataDir: string, path: string, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    // Its backlog is full.
    case 'EAGAIN':
      return new NoAnswerError(dataDir, keptChannelOf(dataDir)?.pid);
    case 'EACCES':
    case 'EPERM': {
      const said = `cannot connect to the relay for ${dataDir}: `;
      // A named pipe is in no folder.
      if (path.startsWith('\\\\')) return new RelayRequestError(said + error.message, 'no-answer');
      return new RelayRequestError(
        `${said}no access to the socket in the folder ${dirname(path)}: ${error.message}`,
        'no-answer',
        { advice: 'own-socket-folder' },
      );
    }
    case 'EMFILE':
    case 'ENFILE':
      return error;
    default:
      return new NoRelayError(dataDir, error);
  }
}

export function clientOverStream(
  stream: Duplex,
  dataDir: string,
  answerTimeoutMs = defaultAnswerTimeoutMs,
): RelayClient {
  let handled = 0;
  const connection: MessageConnection = createMessageConnection(
    messagesOf(stream),
    new StreamMessageWriter(stream),
    undefined,
    {
      messageStrategy: {
        handleMessage(message, next) {
          handled += 1;
          return next(message);
        },
      },
    },
  );
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      // The library handles what was read in later turns of the event loop; the last message is worth waiting for.
      const drain = (seen: number, idleTurns: number): void => {
        if (idleTurns === mostIdleTurns) {
          connection.dispose();
          resolve();
        } else setImmediate(() => drain(handled, handled === seen ? idleTurns + 1 : 0));
      };
      drain(handled, 0);
    });
  });
  stream.on('error', () => stream.destroy());
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      const watch = (seen: number, asked: boolean): void => {
        timer = setTimeout(() => {
          if (handled !== seen) watch(handled, false);
          else if (asked) reject(new NoAnswerError(dataDir, keptChannelOf(dataDir)?.pid));
          else {
            connection.sendRequest('relay/status', {}).catch(() => undefined);
            watch(handled, true);
          }
        }, answerTimeoutMs);
      };
      watch(handled, false);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  };
  let inOrder = false;
  connection.onNotification(endingNotification, () => void (inOrder = true));
  connection.listen();
  const listeners = new Map<RelayNotification, Set<(params: never) => void>>();
  const ask = async <T>(method: Method, params: unknown, result: z.ZodType<T>): Promise<T> => {
    try {
      return result.parse(await answered(connection.sendRequest<unknown>(method, params)));
    } catch (error) {
      if (error instanceof ResponseError) {
        throw RelayRequestError.of(error.message, error.code, error.data);
      }
      if (error instanceof ConnectionError) throw new RelayRequestError(error.message, 'connection-lost');
      if (error instanceof z.ZodError) {
        throw new RelayRequestError(
          `the relay's answer to ${method} is not what this version expects: ${z.prettifyError(error)}`,
          'internal',
          { advice: 'restart-for-one-version' },
        );
      }
      throw error;
    }
  };
  return {
    closed,
    version: async () => (await ask('relay/status', {}, z.object({ version: z.string() }))).version,
    request: (method, params) => ask(method, params, methods[method].result as z.ZodType) as never,
    on(name, listener) {
      let group = listeners.get(name);
      if (group === undefined) {
        const all = (group = new Set<(params: never) => void>());
        listeners.set(name, all);
        connection.onNotification(name, (params: unknown) => {
          const parsed = notifications[name].safeParse(params);
          if (!parsed.success) return;
          for (const each of all) each(parsed.data as never);
        });
      }
      const own = (params: RelayNotificationParams<typeof name>): void => listener(params);
      group.add(own);
      return () => void group.delete(own);
    },
    endsInOrder: () => inOrder,
    close: () => void stream.destroy(),
  };
}
