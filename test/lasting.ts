/** Programs that run until they are ended, and what tells that they run and that they have gone. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterward } from './relay/afterward.ts';

export interface Lasting {
  /** What runs it, as words of a POSIX shell. */
  readonly words: string;
  /** Resolves when it runs. */
  readonly runs: Promise<Socket>;
  /** Resolves when it has run and has gone. */
  readonly gone: Promise<unknown>;
}

/** @param program what it does beside lasting, in JavaScript without double quotes and dollars; `life` is its socket */
export async function lasting(program = ''): Promise<Lasting> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterward(() => server.close());
  const runs = once(server, 'connection').then(([accepted]) => {
    const socket = accepted as Socket;
    // With its socket ends whatever is left of it.
    afterward(() => socket.destroy());
    return socket.on('error', () => undefined).resume();
  });
  const { port } = server.address() as AddressInfo;
  const source = `${program}; const life = require('node:net').connect(${port}, '127.0.0.1').on('error', () => 0)`;
  return {
    words: `"${process.execPath}" -e "${source}"`,
    runs,
    gone: runs.then((socket) => (socket.closed ? undefined : once(socket, 'close'))),
  };
}
