import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable, Message, MessageConnection } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import {
  forgetChannel,
  keepChannel,
  prepareChannel,
  proveToClient,
  writeToken,
} from '../../protocol/control-channel.ts';
import type { ControlChannel } from '../../protocol/control-channel.ts';
import type { RelayAdvice } from '../../protocol/advice.ts';
import { relayErrorNumberOf, RelayRequestError } from '../../protocol/errors.ts';
import { endingNotification, methods } from '../../protocol/methods.ts';
import type { Method, ParsedParams, RelayNotificationParams, Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Announcer, Listener } from './announcer.ts';
import type { Caller } from '../sending/time-limit.ts';

export type Handlers = {
  readonly [M in Method]: (params: ParsedParams<M>, caller: Caller) => Promise<Result<M>> | Result<M>;
};

export interface ControlOptions {
  readonly dataDir: string;
  readonly handlers: Handlers;
  readonly announcer: Announcer;
  readonly forClients: boolean;
  onClients(count: number): void;
  log(level: 'warn' | 'debug', message: string): void;
}

const maxConnections = 256;

/** A client that sends a longer message is disconnected. */
const maxMessageBytes = 134_217_728;

/** A client with more unread messages misses notifications, and its further requests wait until it reads. */
const maxUnread = 64;

export class Control {
  readonly #options: ControlOptions;
  #channel: ControlChannel | undefined;
  readonly #server: Server;
  /** Includes connections that are not authenticated yet. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Map<Socket, MessageConnection>();
  #clients = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#server = createServer((socket) => void this.#accept(socket));
    this.#server.maxConnections = maxConnections;
    this.#server.on('drop', () => options.log('warn', `refused a client: ${maxConnections} are connected`));
  }

  get clients(): number {
    return this.#clients;
  }

  /** The caller holds the lock, so an existing socket belongs to a dead relay. @throws the system's error */
  async open(): Promise<void> {
    const { channel, unsafe } = prepareChannel(this.#options.dataDir);
    this.#channel = channel;
    if (unsafe !== null) {
      this.#options.log('warn', `${unsafe.message}. Using ${channel.path} for the control channel. ${unsafe.next}`);
    }
    if (channel.proofNeeded) writeToken(channel);
    else rmSync(channel.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(channel.path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    if (channel.folder !== null) chmodSync(channel.path, 0o600);
    keepChannel(this.#options.dataDir, channel, this.#options.forClients);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    forgetChannel(this.#options.dataDir);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) void this.#end(socket);
    const force = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, 500);
    await closed;
    clearTimeout(force);
    if (this.#channel?.ownFolder === true) rmSync(dirname(this.#channel.path), { recursive: true, force: true });
  }

  /** Ends a connection after its pending writes, such as the response to relay/stop. */
  async #end(socket: Socket): Promise<void> {
    try {
      await this.#connections.get(socket)?.sendNotification(endingNotification);
    } catch {
      // Already closed.
    }
    socket.end();
  }

  async #accept(socket: Socket): Promise<void> {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#channel?.proofNeeded === true) {
      try {
        await proveToClient(socket, this.#channel);
      } catch (error) {
        this.#options.log('warn', `refused a connection to the control channel: ${(error as Error).message}`);
        return;
      }
    }
    if (!socket.destroyed) this.#serve(socket);
  }

  #serve(socket: Socket): void {
    const { announcer, handlers } = this.#options;
    const connection = createMessageConnection(new LimitedReader(socket), new LimitedWriter(socket));
    const ending = new AbortController();
    const caller: Caller = { ended: ending.signal };
    for (const method of Object.keys(methods) as Method[]) {
      // Without params, the library passes only the cancellation token.
      connection.onRequest<unknown, unknown>(method, (...given: unknown[]) =>
        callMethod(handlers, method, given.length > 1 ? given[0] : undefined, caller),
      );
    }
    let unread = 0;
    let missed = false;
    const listener: Listener = (name, params) => {
      if (socket.destroyed) return false;
      if (unread >= maxUnread) {
        missed = true;
        return false;
      }
      unread += 1;
      connection.sendNotification(name, params).then(
        () => {
          unread -= 1;
          catchUp();
        },
        () => socket.destroy(),
      );
      return true;
    };
    const catchUp = (): void => {
      if (unread > 0 || !missed || socket.destroyed) return;
      missed = false;
      announcer.caughtUp(listener);
    };
    const stopListening = announcer.listen(listener);
    this.#clients += 1;
    this.#options.onClients(this.#clients);
    socket.once('close', () => {
      ending.abort();
      stopListening();
      this.#connections.delete(socket);
      connection.dispose();
      this.#clients -= 1;
      this.#options.onClients(this.#clients);
    });
    connection.onError(() => socket.destroy());
    this.#connections.set(socket, connection);
    connection.listen();
  }
}

class LimitedReader extends SocketMessageReader {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
    // The library's timer would keep the process alive if a client left in the middle of a message.
    this.partialMessageTimeout = 0;
  }

  override listen(callback: DataCallback): Disposable {
    let bytes = 0;
    this.#socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > maxMessageBytes) this.#socket.destroy();
    });
    return super.listen((message) => {
      bytes = 0;
      callback(message);
    });
  }
}

class LimitedWriter extends SocketMessageWriter {
  readonly #socket: Socket;
  #unread = 0;

  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
  }

  override async write(message: Message): Promise<void> {
    this.#unread += 1;
    if (this.#unread > maxUnread) this.#socket.pause();
    try {
      await super.write(message);
    } finally {
      this.#unread -= 1;
      if (this.#unread <= maxUnread) this.#socket.resume();
    }
  }
}

/** @throws ResponseError with zod's message for bad params, or with `next` and `advice` in its data */
export async function callMethod<M extends Method>(
  handlers: Handlers,
  method: M,
  params: unknown,
  caller: Caller,
): Promise<Result<M>> {
  const parsed = methods[method].params.safeParse(params ?? {});
  if (!parsed.success) {
    throw new ResponseError(ErrorCodes.InvalidParams, `${method}: ${z.prettifyError(parsed.error)}`);
  }
  try {
    return await handlers[method](parsed.data as ParsedParams<M>, caller);
  } catch (error) {
    throw toResponseError(error);
  }
}

function toResponseError(error: unknown): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  const { message, next, advice } = error as Error & { next?: string; advice?: RelayAdvice };
  return new ResponseError(relayErrorNumberOf(error), message, next === undefined ? undefined : { next, advice });
}

interface InProcessOptions {
  readonly handlers: Handlers;
  readonly announcer: Announcer;
  readonly closed: Promise<void>;
  isStopping(): boolean;
}

export function requestsTo(handlers: Handlers): RelayClient['request'] {
  const caller: Caller = { ended: new AbortController().signal };
  return async (method, params) => {
    try {
      return await callMethod(handlers, method, params, caller);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      throw RelayRequestError.of(error.message, error.code, error.data);
    }
  };
}

export function inProcessClient(options: InProcessOptions): RelayClient {
  const { handlers, announcer, closed } = options;
  const request = requestsTo(handlers);
  return {
    closed,
    request,
    version: async () => (await request('relay/status', {})).version,
    on: (name, listener) =>
      announcer.listen((said, params) => {
        if (said === (name as string)) listener(params as unknown as RelayNotificationParams<typeof name>);
        return true;
      }),
    endsInOrder: () => options.isStopping(),
    close: () => undefined,
  };
}
