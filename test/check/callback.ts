/** A callback that answers as it is told, and counts what it has taken. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretMask } from '../../src/common/masking.ts';
import type { Target } from '../../src/check/target.ts';

/** One request that came. */
export interface Taken {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether all of the body came. */
  readonly isWhole: boolean;
}

/** What it answers; null never answers. */
export type Answering = (
  taken: Taken,
  index: number,
) => {
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  afterMs?: number;
  /** It answers no sooner. */
  after?: Promise<unknown>;
} | null;

export class Callback {
  readonly taken: Taken[] = [];
  readonly pages = new Map<string, () => { type: string; body: string; status?: number }>();
  answering: Answering = () => ({});
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  #left = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const page = request.method === 'GET' ? this.pages.get(request.url ?? '') : undefined;
      if (page !== undefined) {
        const { type, body, status = 200 } = page();
        response.writeHead(status, { 'content-type': type }).end(body);
        return;
      }
      request.socket.once('close', () => {
        this.#left += 1;
        this.#wake();
      });
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.once('close', () => {
        if (!request.complete) this.#take({ headers: request.headers, body: Buffer.concat(chunks), isWhole: false });
      });
      request.once('end', () => {
        const taken: Taken = { headers: request.headers, body: Buffer.concat(chunks), isWhole: true };
        const answer = this.answering(taken, this.taken.length);
        this.#take(taken);
        if (answer === null) return;
        const { status = 200, body = '', headers = {}, afterMs = 0, after } = answer;
        const respond = (): void => void response.writeHead(status, headers).end(body);
        if (after === undefined) setTimeout(respond, afterMs);
        else void after.then(respond);
      });
    });
  }

  static async open(): Promise<Callback> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Callback(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  target(more: Partial<Target> = {}): Target {
    return {
      url: new URL(`${this.origin}/callback`),
      headers: [],
      signatureKey: undefined,
      timeoutMs: 10_000,
      insecureTls: false,
      mask: new SecretMask([]),
      ...more,
    };
  }

  /** Resolves once so many have come. */
  async received(count: number): Promise<Taken[]> {
    await this.#until(() => this.taken.length >= count);
    return this.taken;
  }

  /** Resolves once so many have their answer, and have ended their connection. */
  left(count: number): Promise<void> {
    return this.#until(() => this.#left >= count);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(taken: Taken): void {
    this.taken.push(taken);
    this.#wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
