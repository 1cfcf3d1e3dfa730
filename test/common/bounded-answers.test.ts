import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Agent, fetch } from 'undici';
import { boundedAnswers } from '../../src/common/bounded-answers.ts';
import { FloodError } from '../../src/common/read-bound.ts';

describe('an agent with bounded answers', () => {
  let server: Server;
  let agent: Agent;
  let url: string;
  /** What the server writes: a beginning, and something again and again. */
  let answer: { readonly begin: string; readonly again: string };
  let poured: number;

  beforeEach(async () => {
    poured = 0;
    agent = new Agent({ ...boundedAnswers(1_000_000), connections: 1 });
    server = createServer((socket) => {
      const { begin, again } = answer;
      const bytes = Buffer.from(again.repeat(Math.ceil(262_144 / Math.max(1, again.length))));
      const pour = (): void => {
        while (bytes.length > 0 && !socket.destroyed && poured < 128_000_000) {
          poured += bytes.length;
          if (!socket.write(bytes)) return void socket.once('drain', pour);
        }
      };
      socket.on('error', () => undefined);
      socket.on('data', () => {
        socket.write(begin);
        pour();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  afterEach(async () => {
    await agent.destroy();
    server.close();
  });

  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (const [what, begin, again] of [
    ['blank lines', '', '\r\n'],
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['zeros of a chunk size', chunked, '0'],
    ['an extension of a chunk', `${chunked}1;`, 'x'],
  ] as const) {
    it(`ends an answer of ${what} without end`, async () => {
      answer = { begin, again };
      const read = async (): Promise<string> => (await fetch(url, { dispatcher: agent })).text();
      await assert.rejects(read(), ({ cause }: Error) => cause instanceof FloodError);
      assert.ok(poured < 64_000_000, `${poured} bytes`);
    });
  }

  it('reads one answer after the other on one connection, each as long as it may be', async () => {
    const connections = new Set<unknown>();
    server.on('connection', (socket) => connections.add(socket));
    answer = { begin: `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(1_000_000)}`, again: '' };
    for (let i = 0; i < 10; i++) {
      assert.equal((await (await fetch(url, { dispatcher: agent })).text()).length, 1_000_000);
    }
    assert.equal(connections.size, 1);
  });
});
