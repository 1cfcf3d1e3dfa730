import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { keptChannelOf } from '../../src/protocol/control-channel.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { RelayClient } from '../../src/protocol/relay-client.ts';
import { isLong, itLong } from '../long.ts';
import { afterwards, temporaryFolder } from '../relay/afterwards.ts';
import { highestMemory, readyRelay } from '../relay/processes.ts';
import { send } from '../relay/requests.ts';
import { until } from '../relay/until.ts';

/** What the relay's process may take, whatever its clients do: resident memory, in bytes. */
const mostResident = 600_000_000;

describe('Clients of the control channel that have gone wrong, all together', function () {
  this.timeout(300_000);
  let dataDir: string;
  let relay: Awaited<ReturnType<typeof readyRelay>>;
  let path: string;
  let log: string;
  /** One that does nothing wrong. */
  let client: RelayClient;

  beforeEach(async () => {
    dataDir = temporaryFolder();
    log = join(dataDir, 'relay.log');
    relay = await readyRelay(['--data-dir', dataDir, '--log-file', log]);
    path = keptChannelOf(dataDir)!.path;
    client = await connectToRelay(dataDir);
    afterwards(() => client.close());
    await client.request('relay/status', {});
  });

  async function socket(): Promise<Socket> {
    const made = connect(path);
    made.on('error', () => undefined);
    afterwards(() => made.destroy());
    await once(made, 'connect');
    return made;
  }

  /** That the relay has not grown, goes on, and said once what it did. */
  async function assertSound(said: RegExp): Promise<void> {
    const memory = highestMemory(relay.pid);
    assert.ok(memory === null || memory < mostResident, `${memory} bytes`);
    assert.equal((await client.request('relay/status', {})).pid, relay.pid);
    assert.equal((await send(relay.url, { body: '{"Events":[]}' })).status, 200);
    assert.equal(
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => said.test(line)).length,
      1,
      'it is said once',
    );
  }

  itLong('keep no more than a total of messages that never end: 60 of them', async () => {
    const piece = Buffer.alloc(1_048_576, ' ');
    const ends = Array.from({ length: 60 }, async () => {
      const one = await socket();
      const closed = new Promise<'closed'>((resolve) => one.once('close', () => resolve('closed')));
      one.write('Content-Length: 100000000\r\n\r\n');
      for (let sent = 0; sent < 20; sent++) {
        const written = new Promise<string>((resolve) =>
          one.write(piece, (error) => resolve(error ? 'closed' : 'written')),
        );
        if ((await Promise.race([written, closed])) === 'closed') return 'closed';
      }
      return 'written';
    });
    const ended = await Promise.all(ends);
    assert.ok(ended.includes('closed') && ended.includes('written'), ended.join());
    await assertSound(/the slowest to complete a request/);
  });

  it('keep no more than a total of what they do not read: 300 of them', async () => {
    const readers: Socket[] = [];
    const request = (id: number, method: string, params = {}): string => {
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      return `Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    for (let i = 0; i < 300; i++) readers.push(await socket());
    // Nobody listens for what comes: so much is read as the system and Node keep.
    for (const each of readers) each.write(request(1, 'relay/status'));
    const event = { Type: 'Subscribe', EmailAddress: 'a'.repeat(320), State: 'Active', CustomFields: [] };
    const body = JSON.stringify({ ListID: 'l'.repeat(100), Events: Array.from({ length: 1000 }, () => event) });
    const isCut = (): boolean => /slowest to read/.test(readFileSync(log, 'utf8'));
    const isEnough = (): boolean => !isLong && isCut();
    for (let i = 0; i < 20 && !isEnough(); i++) assert.equal((await send(relay.url, { body })).status, 200);
    // Each asks for as much again, and reads none of it.
    for (let i = 0; i < 6 * readers.length && !isEnough(); i++) {
      readers[i % readers.length]!.write(request(2 + i, 'events/query', { limit: 500 }));
      if (i % 20 === 0) await client.request('relay/status', {});
    }
    await until(isCut, 120_000, 'some are cut off');
    await assertSound(/the slowest to read/);
    await assertSound(/more than 256 clients connected/);
  });

  it('keep no more than a total of messages that nobody answers, however fast they come', async () => {
    const one = await socket();
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'no/such', params: { text: 'x'.repeat(400) } });
    const piece = Buffer.from(`Content-Length: ${body.length}\r\n\r\n${body}`.repeat(2000));
    for (let sent = 0; sent < (isLong ? 600 : 60) && !one.destroyed; sent++) {
      await new Promise<unknown>((resolve) => one.write(piece, resolve));
    }
    await assertSound(/listening on/);
  });

  it('keep no more than a total of a message that unfolds to very many values', async () => {
    const one = await socket();
    const closed = once(one.resume(), 'close');
    const body = `{"jsonrpc":"2.0","id":1,"method":"relay/status","params":[${'[],'.repeat(30_000_000)}[]]}`;
    one.end(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await closed;
    await assertSound(/values/);
  });

  it('keep nobody out, however many they are, and cut off nobody who was there before', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'relay/status', params: {} });
    for (let i = 0; i < 300; i++) {
      const one = await socket();
      one.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
      await once(one, 'data');
      one.resume();
    }
    const other = await connectToRelay(dataDir);
    afterwards(() => other.close());
    assert.equal((await other.request('relay/status', {})).pid, relay.pid);
    await assertSound(/more than 256 clients connected/);
  });
});
