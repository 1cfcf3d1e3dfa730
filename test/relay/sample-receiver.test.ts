import assert from 'node:assert/strict';
import { settingsSchema, type Destination } from '../../src/protocol/settings.ts';
import { SampleReceiver } from '../../src/relay/sample-receiver.ts';
import { startReceiver } from './receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';
import { afterward } from './afterward.ts';

const sample = (answer: Destination['sample']): Destination => ({
  ...{ id: 'sample-receiver', url: 'http://127.0.0.1/', mode: 'normalized', timeoutMs: 10_000 },
  ...(answer !== undefined && { sample: answer }),
});

const urlOf = async ({ client }: TestRelay): Promise<string> =>
  (await client.request('relay/status', {})).destinations[0]?.url ?? '';

describe('The relay’s own receiver', () => {
  it('takes what goes to it, or fails, as the destination says, and says where it is', async () => {
    const relay = await startTestRelay({ settings: { retry: 'none', destinations: [sample('ok')] } });
    const { settings } = await relay.client.request('relay/status', {});
    assert.match(settings.destinations[0]?.url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/sample-receiver$/);
    await relay.deliver(sampleBody());
    await relay.drained();
    await relay.client.request('relay/configure', { settings: { destinations: [sample('error')] } });
    await relay.deliver(sampleBody({ seed: 2 }));
    await until(async () => (await relay.client.request('relay/status', {})).counts.failed === 1);
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ forwardings }) => [forwardings[0]?.destinationId, forwardings[0]?.status]),
      [
        ['sample-receiver', 500],
        ['sample-receiver', 200],
      ],
    );
  });

  it('is there again with the relay, wherever it listens then: what waited for it is sent before anybody comes', async () => {
    const relay = await startTestRelay({ settings: { retry: 'none', destinations: [sample('ok')] } });
    const before = await urlOf(relay);
    await relay.client.request('debug/pause', { by: { kind: 'other' } });
    await relay.deliver(sampleBody());
    await relay.stop();
    const other = await startReceiver({ port: Number(new URL(before).port) });
    const again = await startTestRelay({ dataDir: relay.dataDir });
    assert.notEqual(await urlOf(again), before);
    await again.client.request('debug/continue', {});
    await again.drained();
    assert.equal((await again.client.request('relay/status', {})).counts.sent, 1);
    assert.equal(other.requests.length, 0);
  });

  it('reads bodies to their end and answers slowly where it is told to', async () => {
    const receiver = new SampleReceiver();
    afterward(() => receiver.close());
    const { destinations } = await receiver.placed(settingsSchema.parse({ destinations: [sample('slow')] }));
    const asked = fetch(destinations[0]?.url ?? '', { method: 'POST', body: 'x'.repeat(1_000_000) });
    const quick = fetch((destinations[0]?.url ?? '').replace(/\?.*$/, ''), { method: 'POST', body: 'x' });
    assert.equal(await Promise.race([asked.then(() => 'slow'), quick.then(() => 'quick')]), 'quick');
    assert.equal((await asked).status, 200);
  });
});
