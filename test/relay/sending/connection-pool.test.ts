import assert from 'node:assert/strict';
import { defaultSettings, destinationSchema } from '../../../src/protocol/settings.ts';
import { ConnectionPool } from '../../../src/relay/sending/connection-pool.ts';
import { afterward } from '../afterward.ts';
import { startReceiver } from '../receiver.ts';
import { until } from '../until.ts';

const outgoing = { headers: [], body: Buffer.from('{}'), withheld: [] };
const settings = defaultSettings();

describe('the connections of a destination', () => {
  it('stay under settings that need no others, and are replaced by those that do', async () => {
    const receiver = await startReceiver();
    const destination = destinationSchema.parse({ url: receiver.url });
    const pool = new ConnectionPool(destination, settings);
    afterward(() => pool.close());
    const url = new URL(receiver.url);
    await pool.post(url, outgoing, 5000);
    pool.use({ ...destination, headers: { 'X-A': '1' } }, { ...settings, retry: 'none' });
    await pool.post(url, outgoing, 5000);
    assert.equal(receiver.connections, 1);
    pool.use(destination, { ...settings, concurrency: 4 });
    await pool.post(url, outgoing, 5000);
    assert.equal(receiver.connections, 2);
  });

  it('that were replaced last until what is under way on them is answered', async () => {
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const receiver = await startReceiver({ answer: (_, number) => (number === 1 ? held.then(() => ({})) : {}) });
    const destination = destinationSchema.parse({ url: receiver.url });
    const pool = new ConnectionPool(destination, settings);
    afterward(() => pool.close());
    const first = pool.post(new URL(receiver.url), outgoing, 60_000);
    await receiver.received(1);
    pool.use(destination, { ...settings, concurrency: 4 });
    assert.equal((await pool.post(new URL(receiver.url), outgoing, 5000)).kind, 'answer');
    answer();
    assert.equal((await first).kind, 'answer');
  });

  it('are no more than may be at once: what is more waits for one of them', async () => {
    let atOnce = 0;
    let most = 0;
    const receiver = await startReceiver({
      answer: async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        return {};
      },
    });
    const destination = destinationSchema.parse({ url: receiver.url });
    const pool = new ConnectionPool(destination, { ...settings, concurrency: 3 });
    afterward(() => pool.close());
    const results = await Promise.all(
      Array.from({ length: 20 }, () => pool.post(new URL(receiver.url), outgoing, 5000)),
    );
    assert.deepEqual(new Set(results.map((each) => each.kind)), new Set(['answer']));
    assert.ok(most <= 3, String(most));
    await until(() => receiver.connections === 3);
  });
});
