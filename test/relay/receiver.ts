/** A callback server on loopback that records what comes and answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Headers } from '../../src/protocol/history.ts';
import { waitLimitMs } from './until.ts';
import { afterward } from './afterward.ts';
import { headerOf, pairsOf } from './requests.ts';

/** What a receiver does with a request. */
export type Answer =
  | {
      /** 200 by default; a redirect is a 3xx with a `location` header. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
      readonly delayMs?: number;
    }
  /** Never answers. */
  | 'hang'
  /** Resets the connection. */
  | 'reset'
  /** Answers bytes that are not HTTP. */
  | 'rubbish'
  /** Announces a body, sends half of it and resets the connection. */
  | 'half';

/** Called with the request and its number, from 1. A promise holds the answer back. */
export type Answering = Answer | ((request: ReceivedRequest, number: number) => Answer | Promise<Answer>);

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** As received, in order. */
  readonly headers: Headers;
  /** A header by its name in any case. */
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
  /** The body read as JSON. */
  json(): unknown;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** All that have come. */
  readonly requests: readonly ReceivedRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Answers so from now on. */
  answer(answering: Answering): void;
  /** Resolves when so many requests have come in all, with all that have. */
  received(total: number, deadlineMs?: number): Promise<readonly ReceivedRequest[]>;
  /** Closes the port and every connection; `startReceiver({ port })` comes back at it. */
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly answer?: Answering;
  /** 0, the default: any. */
  readonly port?: number;
  /** Certificate and key, PEM: then it speaks https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A real callback server on loopback that records each request. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const watching = new Set<() => void>();
  let answering: Answering = options.answer ?? {};
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
      const received = receivedOf(request, Buffer.concat(chunks));
      requests.push(received);
      for (const check of watching) check();
      const answer = typeof answering === 'function' ? await answering(received, requests.length) : answering;
      give(answer, request, response);
    })();
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.keepAliveTimeout = 60_000;
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  const receiver: Receiver = {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/callback`,
    port,
    requests,
    get connections() {
      return connections;
    },
    answer: (next) => void (answering = next),
    received: (total, deadlineMs = waitLimitMs()) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          watching.delete(check);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`${requests.length} of ${total} requests came within ${deadlineMs} ms`));
        }, deadlineMs);
        const check = (): void => {
          if (requests.length < total) return;
          done();
          resolve(requests);
        };
        watching.add(check);
        check();
      }),
    stop() {
      stopping ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      return stopping;
    },
  };
  afterward(() => receiver.stop());
  return receiver;
}

function receivedOf(request: IncomingMessage, body: Buffer): ReceivedRequest {
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: pairsOf(request),
    header: (name) => headerOf(request, name),
    body,
    text: body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')) as unknown,
  };
}

function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  switch (answer) {
    case 'hang':
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'rubbish':
      socket.end('This is not HTTP.\r\n\r\n');
      return;
    case 'half':
      response.writeHead(200, { 'Content-Length': '20' });
      response.write('0123456789', () => socket.resetAndDestroy());
      return;
    default: {
      const send = (): void => {
        response.writeHead(answer.status ?? 200, answer.headers);
        response.end(answer.body);
      };
      if (answer.delayMs === undefined) send();
      else setTimeout(send, answer.delayMs).unref();
    }
  }
}
