import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { exchange, piecesOf } from '../../src/check/exchange.ts';
import type { Manner, Message } from '../../src/check/messages.ts';
import { SecretMask } from '../../src/common/masking.ts';
import { inGerman } from '../common/in-german.ts';
import { freePort } from '../free-port.ts';
import { Callback } from './callback.ts';

const body = Buffer.from('{"name":"陽子 👩‍💻"}');

function message(manner: Manner = { kind: 'whole' }): Message {
  const headers = [['Content-Type', 'application/json']] as const;
  return { label: 'one', eventId: 'e', events: 1, headers, body, manner, afterMs: 0 };
}

const never = new AbortController().signal;

describe('One request of a check', () => {
  let callback: Callback;

  beforeEach(async () => {
    callback = await Callback.open();
  });

  afterEach(() => callback.close());

  it('has secrets masked in headers and body of the answer, also where the body is cut off within one', async () => {
    const mask = new SecretMask(['planted-secret']);
    callback.answering = () => ({
      body: `planted-secret ${'x'.repeat(65_511)}planted-secret`,
      headers: { 'x-a': 'planted-secret' },
    });
    const answer = await exchange(callback.target({ mask }), message(), 10_000, never);
    assert.ok(answer.kind === 'answer' && answer.truncated);
    assert.deepEqual(
      answer.headers.find(([name]) => name === 'x-a'),
      ['x-a', '********'],
    );
    assert.doesNotMatch(answer.body.toString(), /plant/);
    assert.match(answer.body.toString(), /^\*{8} x+\*{8}$/);
  });

  it('brings body and headers, those of the destination in place of its own', async () => {
    callback.answering = () => ({ status: 201, body: 'made', headers: { 'x-own': 'yes' } });
    const target = callback.target({
      headers: [
        ['content-type', 'application/vnd.own+json'],
        ['Authorization', 'Bearer t'],
      ],
    });
    const answer = await exchange(target, message(), 10_000, never);
    assert.ok(answer.kind === 'answer');
    assert.equal(answer.status, 201);
    assert.equal(answer.body.toString(), 'made');
    assert.deepEqual(
      answer.headers.find(([name]) => name === 'x-own'),
      ['x-own', 'yes'],
    );
    const [taken] = callback.taken;
    assert.deepEqual(taken?.body, body);
    assert.equal(taken.headers['content-type'], 'application/vnd.own+json');
    assert.equal(taken.headers.authorization, 'Bearer t');
  });

  it('follows no redirect', async () => {
    callback.answering = () => ({ status: 307, headers: { location: `${callback.origin}/elsewhere` } });
    const answer = await exchange(callback.target(), message(), 10_000, never);
    assert.equal(answer.kind === 'answer' && answer.status, 307);
    assert.equal(callback.taken.length, 1);
  });

  it('ends each piece of a slow body within a character where there is one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(300), (text, ascii) => {
        const whole = Buffer.from(`${'x'.repeat(ascii)}${text}`);
        const pieces = piecesOf(whole);
        assert.deepEqual(Buffer.concat(pieces), whole);
        assert.ok(pieces.length <= 40);
      }),
    );
    const pieces = piecesOf(Buffer.from(`${'x'.repeat(50)}${'я陽👩'.repeat(20)}`));
    const decoded = pieces.map((piece) => piece.toString()).join('');
    assert.ok((decoded.match(/\ufffd/g) ?? []).length > 20, decoded);
  });

  for (const [what, before, again] of [
    ['blank lines', '', '\r\n'],
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['zeros of a chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '0'],
  ] as const) {
    it(`is ended after so many bytes by an answer of ${what} without end`, async () => {
      const bytes = Buffer.from(again.repeat(Math.ceil(262_144 / again.length)));
      let poured = 0;
      const server = createTcpServer((socket) => {
        const pour = (): void => {
          while (!socket.destroyed && poured < 128_000_000) {
            poured += bytes.length;
            if (!socket.write(bytes)) return void socket.once('drain', pour);
          }
          socket.destroy();
        };
        socket
          .on('error', () => undefined)
          .once('data', () => {
            socket.write(before);
            pour();
          });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const answer = await exchange({ ...callback.target(), url }, message(), 60_000, never);
      server.close();
      assert.equal(answer.kind, 'broken');
      assert.match(answer.error, /bytes that are not an answer/);
      assert.ok(poured < 64_000_000, `${poured} bytes`);
    });
  }

  it('is explained in the user’s language, and in English for conditions', async () => {
    callback.answering = () => ({ afterMs: 10_000 });
    const late = await inGerman(() => exchange(callback.target(), message(), 50, never));
    assert.ok(late.kind === 'broken');
    assert.deepEqual(
      [late.error, late.text],
      ['no complete answer within 50 ms', 'keine vollständige Antwort innerhalb von 50 ms'],
    );
  });

  it('says when no answer comes in time, and when nothing listens', async () => {
    callback.answering = () => null;
    const late = await exchange(callback.target(), message(), 50, never);
    assert.ok(late.kind === 'broken');
    assert.equal(late.error, 'no complete answer within 50 ms');
    const beginning = createServer((_, response) => void response.writeHead(200).write('never ends'));
    await once(beginning.listen(0, '127.0.0.1'), 'listening');
    const { port } = beginning.address() as AddressInfo;
    const half = await exchange(callback.target({ url: new URL(`http://127.0.0.1:${port}/`) }), message(), 50, never);
    beginning.closeAllConnections();
    beginning.close();
    assert.ok(half.kind === 'broken');
    assert.equal(half.error, 'no complete answer within 50 ms');
    const url = new URL(`http://127.0.0.1:${await freePort()}/`);
    for (const kind of ['whole', 'cut', 'unanswered'] as const) {
      const answer = await exchange(callback.target({ url }), message({ kind }), 10_000, never);
      assert.ok(answer.kind === 'unreachable', kind);
      assert.match(answer.error, /ECONNREFUSED/);
    }
  });
});
