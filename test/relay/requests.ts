/** Requests to the webhook endpoint: whole ones, and connections by hand. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Headers } from '../../src/protocol/history.ts';
import { afterward } from './afterward.ts';

/** A message's headers as they came, in order. */
export function pairsOf(message: IncomingMessage): Headers {
  const pairs: Headers = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    pairs.push([message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '']);
  }
  return pairs;
}

/** A header by its name in any case. */
export function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
}

/** One request on a connection of its own. `headers` are sent as given; a body gets a Content-Length unless told. */
export function send(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string | Uint8Array;
  } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', headers = {}, body } = options;
    const request = httpRequest(
      url,
      { method, headers: headers as Record<string, string | string[]>, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function answerOf(response: IncomingMessage, body: Buffer): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    headers: pairsOf(response),
    header: (name) => headerOf(response, name),
    body,
    text: body.toString('utf8'),
  };
}

/** An answer as its bytes came. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and headers, without the empty line. */
  readonly head: string;
  readonly body: string;
}

/** A connection by hand: what is written goes out as it is, and every answer is kept. */
export class RawConnection {
  readonly socket: Socket;
  #bytes = '';
  #error: string | null = null;
  readonly #closed: Promise<void>;
  readonly #watching = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.toString('latin1');
      for (const check of this.#watching) check();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#error = error.code ?? error.message));
    socket.once('close', () => {
      for (const check of this.#watching) check();
    });
    const done = afterward(() => socket.destroy());
    socket.once('close', done);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** All that came. */
  get bytes(): string {
    return this.#bytes;
  }

  /** The first answers, when so many are complete; fewer where the connection ended before. */
  answers(count: number): Promise<RawAnswer[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const answers = rawAnswers(this.#bytes);
        if (answers.length < count && !this.socket.closed) return;
        this.#watching.delete(check);
        resolve(answers.slice(0, count));
      };
      this.#watching.add(check);
      check();
    });
  }

  /** Resolves when the connection has ended, with the error that ended it. */
  async closed(): Promise<string | null> {
    await this.#closed;
    return this.#error;
  }
}

/** The complete answers in a stream of bytes. An interim one (1xx), 204 and 304 have no body. */
export function rawAnswers(bytes: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end === -1) break;
    const head = bytes.slice(at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? NaN);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    const start = end + 4;
    const stop = chunked ? bytes.indexOf('0\r\n\r\n', start) + 5 : start + Number(length ?? 0);
    if (stop > bytes.length || stop < start) break;
    answers.push({ status, head, body: bytes.slice(start, stop) });
    at = stop;
  }
  return answers;
}
