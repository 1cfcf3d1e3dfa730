/** The control channel: JSON-RPC on an owner-only socket or pipe, for the CLI and the extension. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import { createMessageConnection, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import {
  forgetChannel,
  keepChannel,
  prepareChannel,
  proveToClient,
  writeToken,
} from '../../protocol/control-channel.ts';
import type { ControlChannel } from '../../protocol/control-channel.ts';
import { relayErrorNumberOf } from '../../protocol/errors.ts';
import type { RelayAdvice } from '../../protocol/errors.ts';
import { endingNotification, methods } from '../../protocol/methods.ts';
import type { Method, ParsedParams, Result } from '../../protocol/methods.ts';
import type { Announcer, Listener } from './announcer.ts';
import { ChannelMemory, CountedReader, CountedWriter } from './channel-memory.ts';
import type { ConnectionMemory } from './channel-memory.ts';
import type { Caller } from '../gate/timeout-suspension.ts';

/** What answers each method; params are checked before. */
export type Handlers = {
  readonly [M in Method]: (params: ParsedParams<M>, caller: Caller) => Promise<Result<M>> | Result<M>;
};

export interface ControlOptions {
  readonly dataDir: string;
  readonly handlers: Handlers;
  readonly announcer: Announcer;
  /** Whether the relay was started for its clients. */
  readonly forClients: boolean;
  /** Called when the number of clients changes. */
  onClients(count: number): void;
  log(level: 'warn' | 'debug', message: string): void;
}

/** A client to which so many notifications are on their way misses further ones until it has read on. */
const mostUnread = 64;

/** The control channel of a data directory: takes connections and answers their requests. */
export class Control {
  readonly #options: ControlOptions;
  #channel: ControlChannel | undefined;
  readonly #server: Server;
  /** Every connection; a client is one that has proved itself where that is needed. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Map<Socket, MessageConnection>();
  readonly #memory: ChannelMemory;
  #clients = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#memory = new ChannelMemory((message) => options.log('warn', message));
    this.#server = createServer((socket) => void this.#accept(socket));
  }

  /** How many are connected. */
  get clients(): number {
    return this.#clients;
  }

  /**
   * Opens the channel. The caller holds the data directory's lock, so a socket that is there is a dead relay's.
   * @throws the system's error
   */
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

  /** Closes the channel and takes the socket away. */
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

  /** Ends a connection behind what it has still to write, such as the answer to relay/stop. */
  async #end(socket: Socket): Promise<void> {
    try {
      await this.#connections.get(socket)?.sendNotification(endingNotification);
    } catch {
      // It has ended already.
    }
    socket.end();
  }

  async #accept(socket: Socket): Promise<void> {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    const memory = this.#memory.enter(socket);
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
    if (!socket.destroyed) this.#serve(socket, memory);
  }

  #serve(socket: Socket, memory: ConnectionMemory): void {
    const { announcer, handlers } = this.#options;
    const connection = createMessageConnection(new CountedReader(memory), new CountedWriter(memory));
    const ending = new AbortController();
    const caller: Caller = { ended: ending.signal };
    for (const method of Object.keys(methods) as Method[]) {
      // Without params the library gives the cancellation token alone.
      connection.onRequest<unknown, unknown>(method, (...given: unknown[]) =>
        callMethod(handlers, method, given.length > 1 ? given[0] : undefined, caller),
      );
    }
    // What the socket does not take is queued, so it is counted here, too.
    let unread = 0;
    let missed = false;
    const listener: Listener = (name, params) => {
      if (socket.destroyed) return false;
      if (unread >= mostUnread || memory.isBehind) {
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
      if (unread > 0 || !missed || memory.isBehind || socket.destroyed) return;
      missed = false;
      announcer.caughtUp(listener);
    };
    // Also where what it was behind with are answers.
    memory.onRead = catchUp;
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

/**
 * Checks a request's params and answers it.
 * @throws ResponseError with zod's message for bad params, or with `next` and `advice` in its data for what else went wrong
 */
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
