import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { openHistory } from '../../src/relay/history/history.ts';
import { readAmount } from '../long.ts';
import { readyRelay } from '../relay/processes.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { startReceiver } from '../relay/receiver.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';

/** How often the relay is killed. */
const rounds = readAmount('KILL_ROUNDS', 3, 100);
const connections = 16;

/** Posts without pause, each with an address of its own, until the relay is gone. Adds what was answered 200. */
async function load(url: string, round: number, acknowledged: Set<string>, onAnswer: () => void): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let number = 0;
  const one = (): Promise<boolean> =>
    new Promise((resolve) => {
      number += 1;
      const email = `kill-${round}-${number}@example.org`;
      const post = request(url, { method: 'POST', agent }, (response) => {
        response.resume();
        response.on('error', () => resolve(false));
        if (response.statusCode === 200) {
          acknowledged.add(email);
          onAnswer();
        }
        response.on('end', () => resolve(true));
        response.on('close', () => resolve(false));
      });
      post.on('error', () => resolve(false));
      post.end(sampleBody({ email, seed: number }));
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (await one());
    }),
  );
  agent.destroy();
}

describe('kill -9 under load', () => {
  it(`loses nothing that was answered 200, in ${rounds} rounds at random moments`, async function () {
    this.timeout(60_000 + rounds * 10_000);
    const dataDir = temporaryFolder();
    const addressesAt = new Map<string, number>();
    const callback = await startReceiver({
      answer: ({ text }) => {
        const address = /kill-\d+-\d+@example\.org/.exec(text)?.[0];
        if (address !== undefined) addressesAt.set(address, (addressesAt.get(address) ?? 0) + 1);
        return {};
      },
    });
    const acknowledged = new Set<string>();
    const start = async (): Promise<Awaited<ReturnType<typeof readyRelay>>> => {
      const relay = await readyRelay(['--data-dir', dataDir]);
      const client = await connectToRelay(dataDir);
      await client.request('relay/configure', { settings: { destinations: [{ url: callback.url }], concurrency: 4 } });
      client.close();
      return relay;
    };
    for (let round = 1; round <= rounds; round++) {
      const relay = await start();
      // A moment that no clock decides: after so many answers.
      const answers = 1 + Math.floor(Math.random() * 400);
      let left = answers;
      await load(relay.url, round, acknowledged, () => {
        left -= 1;
        if (left === 0) relay.child.kill('SIGKILL');
      });
      assert.equal(await relay.ended, 'SIGKILL');
      const reader = openHistory(dataDir);
      try {
        const stored = new Set<string | null>();
        for (let before: string | undefined; ;) {
          const page = reader.query({ filter: '', limit: 1000, ...(before !== undefined && { before }) });
          for (const row of page.events) stored.add(row.address);
          if (page.next === null) break;
          before = page.next;
        }
        const lost = [...acknowledged].filter((address) => !stored.has(address));
        assert.deepEqual(lost, [], `round ${round}, killed after ${answers} answers: in the store`);
      } finally {
        reader.close();
      }
    }
    const last = await start();
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    await until(
      async () => (await client.request('relay/status', {})).counts.waiting === 0,
      30_000,
      'all that waited has been sent',
    );
    const missing = [...acknowledged].filter((address) => !addressesAt.has(address));
    assert.deepEqual(missing, [], 'each has reached the callback');
    assert.ok(acknowledged.size >= rounds, `${acknowledged.size} were answered 200`);
    const { counts } = await client.request('relay/status', {});
    assert.equal(counts.sent, counts.deliveries, 'all that is stored was sent, answered or not');
    await client.request('relay/stop', {});
    assert.equal(await last.ended, 0);
    const db = new DatabaseSync(join(dataDir, 'relay.sqlite'), { readOnly: true });
    assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    assert.equal(
      db.prepare('SELECT count(*) AS n FROM deliveries').get()?.['n'],
      counts.deliveries,
      'totals are exact',
    );
    assert.equal(db.prepare('SELECT count(DISTINCT id) AS n FROM events').get()?.['n'], counts.events);
    db.close();
  });
});

describe('A callback that is down', () => {
  it('gets everything in order when it is back, a kill and a restart in between, and no attempt is charged', async function () {
    this.timeout(180_000);
    const dataDir = temporaryFolder();
    const first = await startReceiver();
    const { port, url } = first;
    await first.stop();
    let relay = await readyRelay(['--data-dir', dataDir]);
    let client = await connectToRelay(dataDir);
    await client.request('relay/configure', { settings: { destinations: [{ url }] } });
    const emails: string[] = [];
    const post = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const email = `down-${emails.length}@example.org`;
        emails.push(email);
        await client.request('deliveries/inject', { body: { text: sampleBody({ email }) } });
      }
    };
    await post(30);
    await until(async () => (await client.request('relay/status', {})).destinations[0]?.state === 'down');
    client.close();
    await relay.kill();
    relay = await readyRelay(['--data-dir', dataDir]);
    client = await connectToRelay(dataDir);
    afterward(() => client.close());
    await post(30);
    const waiting = await client.request('relay/status', {});
    assert.equal(waiting.counts.waiting, 60);
    const back = await startReceiver({ port });
    const received = await back.received(60, 40_000);
    assert.deepEqual(
      received.map((each) => /down-\d+@example\.org/.exec(each.text)?.[0]),
      emails,
    );
    await until(async () => (await client.request('relay/status', {})).counts.sent === 60);
    const { events } = await client.request('events/query', { limit: 100 });
    assert.deepEqual(
      events.map((row) => row.forwardings.map(({ state, attempts }) => [state, attempts])),
      emails.map(() => [['sent', 1]]),
    );
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
  });

  it('gets what was under way again when the relay is killed before the answer', async function () {
    this.timeout(180_000);
    const dataDir = temporaryFolder();
    const callback = await startReceiver({ answer: 'hang' });
    const relay = await readyRelay(['--data-dir', dataDir]);
    const client = await connectToRelay(dataDir);
    await client.request('relay/configure', { settings: { destinations: [{ url: callback.url }] } });
    await client.request('deliveries/inject', { body: { text: sampleBody({ email: 'under-way@example.org' }) } });
    const [before] = await callback.received(1);
    client.close();
    await relay.kill();
    callback.answer({ status: 200 });
    await readyRelay(['--data-dir', dataDir]);
    const [, after] = await callback.received(2);
    assert.equal(after!.text, before!.text, 'the same bytes');
    assert.equal(after!.header('elements-webhook-id'), before!.header('elements-webhook-id'));
  });
});
