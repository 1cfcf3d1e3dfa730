/** A real HTTP server that takes deliveries, and the means to await each. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedRequest[];
  /** Resolves when this many requests have come in all. */
  count(total: number): Promise<readonly ReceivedRequest[]>;
  close(): Promise<void>;
}

/** Answers 200, or what `answer` writes. */
export async function startReceiver(
  answer: (response: ServerResponse, number: number) => void = (response) => response.end(),
): Promise<Receiver> {
  const received: ReceivedRequest[] = [];
  const waiting: { total: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body: Buffer.concat(chunks).toString('utf8') });
      answer(response, received.length);
      for (const { total, resolve } of waiting) if (received.length >= total) resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    async count(total) {
      if (received.length < total) await new Promise<void>((resolve) => waiting.push({ total, resolve }));
      return received;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
