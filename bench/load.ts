/**
 * The load: a process of its own that posts over plain sockets, which costs it little, so that what is measured is the
 * server. Told what to do by its parent's messages.
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** As many requests as fast as the connections take them. `MARK` in the body becomes another text in each. */
export interface BurstOrder {
  readonly kind: 'burst';
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly requests: number;
}

export interface BurstAnswer {
  readonly seconds: number;
}

/** So many a second, whatever the answers take. `MARK` in the body becomes another text in each. */
export interface PacedOrder {
  readonly kind: 'paced';
  readonly url: string;
  readonly body: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** Whether each is awaited at the callback of this process, too. */
  readonly atCallback: boolean;
}

/** Milliseconds from sending each request. */
export interface PacedAnswer {
  readonly toAnswer: readonly number[];
  readonly toCallback: readonly number[];
}

/** Opens a callback in this process, so that one clock times both ends. */
export interface CallbackOrder {
  readonly kind: 'callback';
}

export interface CallbackAnswer {
  readonly url: string;
}

/** One keep-alive connection: a request at a time. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #done: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(url: URL) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('the connection was closed')));
  }

  /** Sends a request and resolves when its answer, a 200, has come whole. */
  send(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    if (!head.startsWith('HTTP/1.1 200')) {
      this.#failed?.(new Error(`answered ${head.slice(0, 100)}`));
      return;
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const whole =
      length === undefined
        ? this.#received.endsWith('0\r\n\r\n')
        : this.#received.length >= headEnd + 4 + Number(length);
    if (!whole) return;
    this.#received = '';
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

function requestOf(url: URL, body: string): Buffer {
  return Buffer.from(
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: load\r\nAccept: */*\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

let mark = 0;

/** Makes a request each time: the same where nothing in the body is to differ. */
function requestsOf(url: URL, body: string): () => Buffer {
  if (!body.includes('MARK')) {
    const request = requestOf(url, body);
    return () => request;
  }
  return () => requestOf(url, body.replace('MARK', `mark-${++mark}-end`));
}

async function burst(order: BurstOrder): Promise<BurstAnswer> {
  const url = new URL(order.url);
  const next = requestsOf(url, order.body);
  const connections = Array.from({ length: order.connections }, () => new Connection(url));
  let left = order.requests;
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (left > 0) {
        left -= 1;
        await connection.send(next());
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  return { seconds };
}

let callbackUrl: string | undefined;
const awaited = new Map<string, (at: number) => void>();
const markPattern = /mark-(\d+)-end/;

async function openCallback(): Promise<CallbackAnswer> {
  if (callbackUrl === undefined) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const now = performance.now();
        const mark = markPattern.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
        if (mark !== undefined) awaited.get(mark)?.(now);
        response.writeHead(200, { 'Content-Length': '0' }).end();
      });
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  }
  return { url: callbackUrl };
}

async function paced(order: PacedOrder): Promise<PacedAnswer> {
  const url = new URL(order.url);
  const idle: Connection[] = [];
  const toAnswer: number[] = [];
  const toCallback: number[] = [];
  const under: Promise<void>[] = [];
  const total = order.perSecond * order.seconds;
  const start = performance.now();
  const send = async (): Promise<void> => {
    mark += 1;
    const own = String(mark);
    const request = requestOf(url, order.body.replace('MARK', `mark-${own}-end`));
    const connection = idle.pop() ?? new Connection(url);
    const sent = performance.now();
    const arrived = order.atCallback
      ? new Promise<void>((resolve) => {
          awaited.set(own, (at) => {
            awaited.delete(own);
            toCallback.push(at - sent);
            resolve();
          });
        })
      : undefined;
    await connection.send(request);
    toAnswer.push(performance.now() - sent);
    idle.push(connection);
    await arrived;
  };
  await new Promise<void>((resolve) => {
    let sent = 0;
    const tick = setInterval(() => {
      const due = Math.min(total, ((performance.now() - start) / 1000) * order.perSecond);
      while (sent < due) {
        under.push(send());
        sent += 1;
      }
      if (sent >= total) {
        clearInterval(tick);
        resolve();
      }
    }, 1);
  });
  await Promise.all(under);
  for (const connection of idle) connection.close();
  return { toAnswer, toCallback };
}

function carryOut(order: BurstOrder | PacedOrder | CallbackOrder): Promise<BurstAnswer | PacedAnswer | CallbackAnswer> {
  switch (order.kind) {
    case 'burst':
      return burst(order);
    case 'paced':
      return paced(order);
    case 'callback':
      return openCallback();
  }
}

process.on('message', (order: BurstOrder | PacedOrder | CallbackOrder) => {
  carryOut(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: (error as Error).message }),
  );
});
process.on('disconnect', () => process.exit());
