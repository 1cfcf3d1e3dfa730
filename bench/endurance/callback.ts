/**
 * A callback as a process of its own, so that it can be killed: `node bench/endurance/callback.ts PORT FAILING SEED`. Tells
 * its parent which events it has, and only then answers 200; of so many in a thousand requests it answers 500 instead. Its
 * parent may say how it is to answer from now on.
 */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

/** How it answers: as it is set up, not at all, or as if it were not there. */
export type Answering = 'ok' | 'hang' | 'missing';

/** Where the number of an event stands in its address. */
export const numbered = /endures-(\d+)@/g;

if (process.send !== undefined && process.argv[2] !== undefined) {
  const [port = 0, failing = 0, seed = 1] = process.argv.slice(2).map(Number);
  let state = seed;
  let answering: Answering = 'ok';
  const failed = new Set<number>();
  const hung = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (answering === 'hang') {
        hung.add(response);
        response.once('close', () => hung.delete(response));
        return;
      }
      // A plain generator: the same seed fails the same requests.
      state = (state * 48_271) % 2_147_483_647;
      const text = Buffer.concat(chunks).toString();
      const numbers = new Set([...text.matchAll(numbered)].map(([, number]) => Number(number)));
      const [first = -1] = numbers;
      if (answering === 'missing' || (state % 1000 < failing && !failed.has(first))) {
        // Tried again it is taken.
        failed.add(first);
        response.writeHead(answering === 'missing' ? 404 : 500).end();
        return;
      }
      process.send?.([...numbers], undefined, undefined, () => response.writeHead(200).end());
    });
  });
  server.listen(port, '127.0.0.1', () => process.send?.('listening'));
  process.on('message', (message: Answering) => {
    answering = message;
    if (answering !== 'hang') for (const response of hung) response.destroy();
  });
  process.on('disconnect', () => process.exit());
}
