import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chooseGenerator, connections, sustain, type Generator } from '../../bench/generator.ts';
import { sustainedBody } from '../../bench/sample.ts';

const first = 86_390;

async function withServer(answer: number, run: (url: string, bodies: string[]) => Promise<void>): Promise<void> {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(answer, { 'Content-Length': '0' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('the sustained load of the benchmarks', () => {
  for (const generator of ['wrk', 'autocannon'] satisfies Generator[]) {
    describe(`by ${generator}`, () => {
      before(function () {
        if (generator === 'wrk' && chooseGenerator() !== 'wrk') this.skip();
      });

      it('sends bodies of 300 bytes, each with an address and a date of its own, across midnight too', () =>
        withServer(200, async (url, bodies) => {
          const load = await sustain(generator, url, first, 1);
          assert.ok(bodies.length > 100, `${bodies.length} came`);
          assert.ok(load.requests <= bodies.length && load.requests >= bodies.length - connections);
          assert.ok(load.processorMs > 0 && load.seconds > 0 && load.p99Ms >= 0);
          // Both generators make what sustainedBody makes, from its first number on.
          const expected = new Set(bodies.map((_, index) => sustainedBody(first + index)));
          assert.equal(new Set(bodies).size, bodies.length);
          // autocannon prepares a body for each connection that is cut off before it is sent.
          const other = bodies.filter((body) => !expected.has(body));
          assert.ok(other.length <= connections, `${other.length} are others, such as ${other[0] ?? ''}`);
          assert.ok(bodies.every((body) => Buffer.byteLength(body) === 300));
          const events = bodies.map(
            (body) => (JSON.parse(body) as { Events: [{ Date: string; EmailAddress: string }] }).Events[0],
          );
          assert.equal(new Set(events.map((event) => event.Date)).size, bodies.length);
          assert.equal(new Set(events.map((event) => event.EmailAddress)).size, bodies.length);
        }));

      it('does not take a refused request for an answered one', () =>
        withServer(503, async (url) => {
          await assert.rejects(sustain(generator, url, first, 1), /requests to .* failed/);
        }));
    });
  }
});
