import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to whoever asks for any port, so that no other process comes by one by chance. */
const lowest = 20_000;
const count = 12_000;

/** Specs run in several processes: each begins elsewhere, and none gives a port twice. */
let next = (process.pid * 101) % count;

/** A port of loopback that nothing listens on, nor will, but for whoever asked. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    const port = lowest + (next++ % count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`Every port from ${lowest} to ${lowest + count - 1} is in use.`);
}
