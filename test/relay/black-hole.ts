/** A callback to which no connection can be made, since its listener's backlog is full, until it is opened. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterward } from './afterward.ts';

/** Of how many connections a listener's backlog is on Linux, and that it takes one more. */
const backlog = 1;

/** It listens, says its port, and then accepts nothing until the gate opens. Each body that it gets is told. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:http').createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text));
  request.once('end', () => {
    parentPort.postMessage(body);
    response.end();
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: ${backlog} }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(workerData, 0, 0);
});
`;

export interface BlackHole {
  readonly url: string;
  /** The bodies that it got, in order. */
  readonly bodies: readonly string[];
  /** Accepts and answers from now on. */
  open(): void;
}

/** Whether a full backlog drops what more would connect: elsewhere it is refused, or the backlog is longer. */
export const hasBlackHoles = process.platform === 'linux';

/** Starts it, on loopback. */
export async function startBlackHole(): Promise<BlackHole> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { eval: true, workerData: gate });
  afterward(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const bodies: string[] = [];
  worker.on('message', (body: string) => void bodies.push(body));
  const fillers: Socket[] = [];
  afterward(() => fillers.forEach((each) => each.destroy()));
  while (fillers.length <= backlog) {
    const filler = connect(port, '127.0.0.1').on('error', () => undefined);
    fillers.push(filler);
    await once(filler, 'connect');
  }
  return {
    url: `http://127.0.0.1:${port}/`,
    bodies,
    open() {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    },
  };
}
