/** The loop of the product on one machine: subscriber → webhook → platform → relay → callback. */
import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { startReceiver, type ReceivedRequest } from '../../relay/receiver.ts';
import { startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { startHarness } from '../harness.ts';
import { platformOf } from './platform.ts';

interface Message {
  readonly message: { readonly raw: unknown; readonly events: unknown };
}

describe('the sandbox with the relay', () => {
  const key = 'the key of both sides';
  const subscriber = { EmailAddress: 'ada@example.org', Name: 'Ada', ConsentToTrack: 'Yes' };
  const message = (request: ReceivedRequest | undefined): Message['message'] => (request!.json() as Message).message;

  it('brings what happens to a list to the callback, signed by the platform and checked by the relay', async () => {
    const callback = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: callback.url }] },
      secrets: { verifyKeys: { platform: key } },
    });
    const harness = await startHarness();
    try {
      const platform = platformOf(harness);
      const instance = await platform.create({
        'event.notification.callback.url': relay.openConnectorsUrl,
        'event.notification.signature.key': key,
      });
      await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
      const [request] = await callback.received(1);
      const { delivery } = await relay.delivery();
      assert.deepEqual([delivery.source, delivery.signature], ['open-connectors', 'valid']);
      assert.ok(request?.header('elements-webhook-signature'));

      // The platform's own log and the relay's history speak of the same event.
      const events = (await platform.api('GET', `/instances/${instance.id}/events`)).body as { id: string }[];
      const { eventId } = message(request) as { eventId?: string };
      assert.deepEqual(
        events.map(({ id }) => id),
        [eventId],
      );
    } finally {
      await harness.close();
    }
  });

  it('holds what the relay cannot take yet, and brings it to the relay that came back elsewhere', async () => {
    const callback = await startReceiver();
    const away = await startReceiver();
    await away.stop();
    const harness = await startHarness({ notificationRetryDelaysMs: Array.from({ length: 10_000 }, () => 20) });
    try {
      const platform = platformOf(harness);
      const { id } = await platform.create({ 'event.notification.callback.url': away.url });
      await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
      const attempts = async (): Promise<number> => {
        const answer = await platform.control('GET', '/notifications');
        return (answer.body as { attempts: unknown[] }[])[0]?.attempts.length ?? 0;
      };
      await until(async () => (await attempts()) >= 2);
      const relay = await startTestRelay({ settings: { destinations: [{ url: callback.url }] } });
      const moved = { configuration: { 'event.notification.callback.url': relay.openConnectorsUrl } };
      assert.equal((await platform.api('PATCH', `/instances/${id}`, moved)).status, 200);
      assert.equal((await callback.received(1)).length, 1);
    } finally {
      await harness.close();
    }
  });
});
