import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { sendSamples, type SampleChoice } from '../../../src/extension/event-actions/sample-posts.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { startTestRelay } from '../../relay/stage.ts';

const oneOfEach: SampleChoice = {
  types: ['Subscribe', 'Update', 'Deactivate'],
  mixed: false,
  count: 3,
  batch: 1,
  listId: documentedListId,
};
const when = { seed: 1, now: new Date('2026-01-15T09:30:00Z') };

describe('Sample events', () => {
  it('arrive through the webhook endpoint, in order', async () => {
    const { client, campaignMonitorUrl } = await startTestRelay();
    const result = await sendSamples(campaignMonitorUrl, oneOfEach, when);
    assert.deepEqual(result, { sent: 3, refused: 0, firstRefusal: null, canceled: false });
    const { events } = await client.request('events/query', {});
    assert.deepEqual(events.map(({ type }) => type).reverse(), ['Subscribe', 'Update', 'Deactivate']);
    assert.ok(events.every(({ injected, list }) => !injected && list === documentedListId));
  });

  it('are all sent, each once, where there are many', async () => {
    const { client, campaignMonitorUrl } = await startTestRelay();
    const counted: number[] = [];
    const result = await sendSamples(
      campaignMonitorUrl,
      { ...oneOfEach, count: 200, batch: 3 },
      { ...when, onSent: (sent) => counted.push(sent) },
    );
    assert.equal(result.sent, 200);
    assert.deepEqual(
      counted,
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    const { counts } = await client.request('relay/status', {});
    assert.deepEqual([counts.deliveries, counts.events], [200, 600]);
  });

  it('end with the relay: whoever has its port then is not told the secret in its URL', async () => {
    for (const count of [3, 1000]) {
      let isRelay = true;
      let stolen = 0;
      const server = createServer((request, response) => {
        if (!isRelay) stolen += 1;
        isRelay &&= ++received < 2;
        if (isRelay) request.resume().on('end', () => response.end());
        else request.socket.destroy();
      });
      let received = 0;
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/secret/campaign-monitor`;
      const result = await sendSamples(url, { ...oneOfEach, count }, when);
      server.close();
      assert.ok(result.refused > 0 && !result.canceled && result.sent < count, JSON.stringify(result));
      // Those that were under way.
      assert.ok(stolen < 8, String(stolen));
      assert.ok(count > 3 || stolen === 0, String(stolen));
    }
  });

  it('that are not taken are counted, and the first refusal is told', async () => {
    const receiver = await startReceiver({ answer: { status: 503, body: 'full\n' } });
    assert.deepEqual(await sendSamples(receiver.url, oneOfEach, when), {
      sent: 3,
      refused: 3,
      firstRefusal: '503 full',
      canceled: false,
    });
    await receiver.stop();
    const { refused, firstRefusal } = await sendSamples(receiver.url, oneOfEach, when);
    assert.equal(refused, 1);
    assert.match(firstRefusal ?? '', /ECONNREFUSED/);
  });
});
