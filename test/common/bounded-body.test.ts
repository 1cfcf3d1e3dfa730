import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { readBeginning, readText } from '../../src/common/bounded-body.ts';

/** A text in chunks that do not care for characters. */
const chunked = fc.tuple(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 7 })).map(([text, length]) => {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) chunks.push(bytes.subarray(at, at + length));
  return { text, bytes, chunks };
});

describe('a body of which only so much is read', () => {
  it('is its text, whatever the chunks, and refused where it is longer', async () => {
    await fc.assert(
      fc.asyncProperty(chunked, fc.nat({ max: 40 }), async ({ bytes, chunks }, most) => {
        const read = readText(Readable.from(chunks), most);
        if (bytes.length > most) await assert.rejects(read, { message: `its answer is longer than ${most} bytes` });
        else assert.equal(await read, new TextDecoder().decode(bytes));
      }),
    );
  });

  it('is its beginning, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(chunked, fc.nat({ max: 40 }), async ({ bytes, chunks }, most) => {
        const beginning = bytes.subarray(0, most).toString('utf8');
        assert.equal(await readBeginning(Readable.from(chunks), most), beginning);
      }),
    );
  });

  describe('that never ends', () => {
    let server: Server;
    let url: string;
    let closed: Promise<unknown>;
    beforeEach(async () => {
      let say: (response: ServerResponse) => void;
      const answering = new Promise<ServerResponse>((resolve) => (say = resolve));
      closed = answering.then((response) => once(response, 'close'));
      server = createServer((_request, response) => {
        say(response);
        const more = (): void => {
          while (response.write('x'.repeat(10_000)));
        };
        response.on('drain', more);
        more();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('ends the connection, where it is refused', async () => {
      await assert.rejects(readText((await fetch(url)).body, 50_000), /longer than 50000 bytes/);
      await closed;
    });

    it('ends the connection, where its beginning is enough', async () => {
      assert.equal(await readBeginning((await fetch(url)).body, 12_345), 'x'.repeat(12_345));
      await closed;
    });
  });
});
