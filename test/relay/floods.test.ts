import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { isLong, itLong } from '../long.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { highestMemory, readyRelay } from './processes.ts';
import { rawAnswers, send } from './requests.ts';
import { sampleBody } from './stage.ts';
import { until } from './until.ts';

/** Issue and threat model: no flood takes more resident memory than this, in bytes. */
const mostMemory = 600_000_000;

/** A connection of a flood: keeps the status that it was answered with. */
interface Flooding {
  readonly socket: Socket;
  status: number | undefined;
  closed: boolean;
}

function flood(port: number, begin: (socket: Socket) => void): Flooding {
  const socket = connect(port, '127.0.0.1', () => begin(socket));
  const flooding: Flooding = { socket, status: undefined, closed: false };
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    flooding.status ??= rawAnswers(text)[0]?.status;
  });
  socket.on('error', () => undefined);
  socket.once('close', () => (flooding.closed = true));
  afterward(() => socket.destroy());
  return flooding;
}

async function delivered(url: string): Promise<void> {
  assert.equal((await send(url, { body: sampleBody() })).status, 200);
}

function assertMemory(pid: number): void {
  const highest = highestMemory(pid);
  if (highest !== null) assert.ok(highest < mostMemory, `resident memory was ${Math.round(highest / 1e6)} MB`);
}

describe("A flood at the relay's own process", function () {
  this.timeout(400_000);

  const size = 5_242_880;
  const floods: readonly (readonly [string, (body: Buffer) => readonly Buffer[], string])[] = [
    ['announced', (body) => [body], `Content-Length: ${size}`],
    [
      'in chunks of 16 KiB',
      (body) => {
        const pieces: Buffer[] = [];
        for (let at = 0; at < body.length; at += 16_384) {
          const piece = body.subarray(at, at + 16_384);
          pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
        }
        return [Buffer.concat(pieces)];
      },
      'Transfer-Encoding: chunked',
    ],
  ];
  for (const [index, [how, bytesOf, header]] of floods.entries()) {
    const define = index === 0 ? it : itLong;
    define(`of 500 bodies that lack their last byte, ${how}, keeps its memory and ordinary deliveries`, async () => {
      const relay = await readyRelay(['--data-dir', temporaryFolder()]);
      const { port, pathname } = new URL(relay.url);
      const body = Buffer.alloc(size - 1, 'a');
      body.write('{"x":"');
      const bytes = bytesOf(body);
      let sent = 0;
      const senders = Array.from({ length: 500 }, () =>
        flood(Number(port), (socket) => {
          socket.write(`POST ${pathname} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
          for (const piece of bytes) socket.write(piece, (error) => (sent += error ? 0 : 1));
        }),
      );
      // Each is held, or was refused at once.
      await until(
        () =>
          senders.every(({ socket, closed, status }) => closed || status === 503 || socket.writableLength === 0) &&
          senders.every(({ socket }) => !socket.connecting),
        120_000,
      );
      await delivered(relay.url);
      const refused = senders.filter(({ status, closed }) => closed || status === 503).length;
      assert.ok(refused > 300 && refused < 500, `${refused} of 500 were refused`);
      // Those that have brought nothing for seconds may have given way.
      assert.deepEqual(
        senders.filter(({ status }) => status !== undefined && status !== 503 && status !== 408),
        [],
      );
      assertMemory(relay.pid);
      // Those that are held are still good.
      const held = senders.filter(({ status, closed }) => !closed && status === undefined);
      const end = header.startsWith('T') ? '2\r\n"}\r\n0\r\n\r\n' : '}';
      if (header.startsWith('T')) for (const { socket } of held) socket.write(end);
      else for (const { socket } of held) socket.destroy();
      if (header.startsWith('T')) await until(() => held.every(({ status }) => status !== undefined), 60_000);
      await delivered(relay.url);
      assertMemory(relay.pid);
    });
  }

  itLong('of bodies in chunks of one byte is cut off before it costs much', async () => {
    const relay = await readyRelay(['--data-dir', temporaryFolder()]);
    const { port, pathname } = new URL(relay.url);
    const before = highestMemory(relay.pid) ?? 0;
    const bytes = Buffer.from('1\r\na\r\n'.repeat(2_000_000));
    const senders = ['/hooks/else', pathname].flatMap((path) =>
      Array.from({ length: 20 }, () =>
        flood(Number(port), (socket) => {
          socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
          socket.write(bytes);
        }),
      ),
    );
    await until(() => senders.every(({ closed }) => closed));
    await delivered(relay.url);
    const grown = (highestMemory(relay.pid) ?? 0) - before;
    assert.ok(grown < 100_000_000, `memory has grown by ${Math.round(grown / 1e6)} MB`);
  });

  it('of compressed bodies that unfold to the limit keeps its memory', async () => {
    const relay = await readyRelay(['--data-dir', temporaryFolder()]);
    const { port, pathname } = new URL(relay.url);
    const bomb = gzipSync(`{"x":"${'a'.repeat(size - 8)}"}`);
    // More than the 50 that may be held at once.
    const senders = Array.from({ length: isLong ? 100 : 60 }, () =>
      flood(Number(port), (socket) => {
        socket.write(
          `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
        );
        socket.write(bomb);
      }),
    );
    await until(() => senders.every(({ status, closed }) => status !== undefined || closed), 300_000);
    // A sender that is cut off while it still writes may lose its answer.
    const statuses = [...new Set(senders.map(({ status, closed }) => status ?? (closed ? 'closed' : 'none')))];
    assert.deepEqual(
      statuses.filter((status) => ![200, 503, 'closed'].includes(status)),
      [],
    );
    assert.ok(statuses.includes(200));
    await delivered(relay.url);
    assertMemory(relay.pid);
  });

  it('of 1,000 strangers that say nothing and 1,000 that say it slowly, who come again, keeps no delivery out', async () => {
    const deliveries = isLong ? 20 : 5;
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir]);
    const port = Number(new URL(relay.url).port);
    let over = false;
    let came = 0;
    const slow = new Set<Socket>();
    const stranger = (begin: (socket: Socket) => void): void => {
      const { socket } = flood(port, (each) => {
        came += 1;
        begin(each);
      });
      socket.once('close', () => {
        slow.delete(socket);
        if (!over) stranger(begin);
      });
    };
    afterward(() => (over = true));
    for (let i = 0; i < 1000; i++) {
      stranger(() => undefined);
      stranger((socket) => {
        socket.write('POST /hooks/x HTTP/1.1\r\nX-Slow: ');
        slow.add(socket);
      });
    }
    const drip = setInterval(() => {
      for (const socket of slow) socket.write('a');
    }, 300);
    afterward(() => clearInterval(drip));
    await until(() => came >= 1000);
    // On a busy machine the half second that a new connection is given can be over before its request is read.
    let cut = 0;
    for (let got = 0; got < deliveries;) {
      await delivered(relay.url).then(
        () => (got += 1),
        (error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET' || (cut += 1) > 100) throw error;
        },
      );
    }
    assert.equal((await send(relay.url.replace(/campaign-monitor$/, 'health'), { method: 'GET' })).status, 204);
    assertMemory(relay.pid);
    assert.equal(relay.errors().match(/warn|error/g), null, 'nobody is logged');
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    assert.equal((await client.request('relay/status', {})).counts.deliveries, deliveries);
  });
});
