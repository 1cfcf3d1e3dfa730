/** What the relay's history holds of the platform's notifications. */
import type { RelayClient } from '../../../protocol/relay-client.ts';
import { identityOfNotification } from './event-log.ts';
import type { ReceivedNotification } from './event-log.ts';

/** Rows of the history that are looked at. */
const mostRows = 1000;

/** Deliveries whose bodies are read. */
const mostDeliveries = 200;

/**
 * The newest notifications of the platform in the history.
 * @param signal ends it between two requests
 * @returns them, and whether there may be more
 */
export async function receivedNotifications(
  client: RelayClient,
  signal: AbortSignal,
): Promise<{ readonly notifications: readonly ReceivedNotification[]; readonly cut: boolean }> {
  const { events, next } = await client.request('events/query', { filter: 'source:open-connectors', limit: mostRows });
  const ids = [...new Set(events.map(({ deliveryId }) => deliveryId))];
  const notifications: ReceivedNotification[] = [];
  for (const id of ids.slice(0, mostDeliveries)) {
    signal.throwIfAborted();
    const { delivery, body } = await client.request('deliveries/get', { id });
    notifications.push({
      deliveryId: id,
      receivedAt: delivery.receivedAt,
      signature: delivery.signature,
      eventCount: delivery.eventCount,
      ...identityOfNotification(Buffer.from(body, 'base64').toString()),
    });
  }
  return { notifications, cut: next !== null || ids.length > mostDeliveries };
}
