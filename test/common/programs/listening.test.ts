import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { untilListening } from '../../../src/common/programs/listening.ts';
import { freePort } from '../../free-port.ts';
import { afterward } from '../../relay/afterward.ts';

const never = new AbortController().signal;

describe('Waiting for a handler that starts', () => {
  it('ends when something listens at its port', async () => {
    const port = await freePort();
    let ended = false as boolean;
    const waiting = untilListening(new URL(`http://127.0.0.1:${port}/callback`), never).then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, false);
    const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    afterward(() => server.close());
    await once(server, 'listening');
    await waiting;
  });

  it('is given up', async () => {
    const giveUp = new AbortController();
    const waiting = untilListening(new URL(`http://127.0.0.1:${await freePort()}/`), giveUp.signal);
    giveUp.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await assert.rejects(untilListening(new URL('http://127.0.0.1:1/'), giveUp.signal), { name: 'AbortError' });
  });
});
