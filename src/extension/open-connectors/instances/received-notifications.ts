/** The relay's history, to be looked through for notifications of the platform. */
import type { NotificationHistory } from '../../../open-connectors/instance-log.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';

/** What the relay of a client holds. */
export function historyOf(client: RelayClient): NotificationHistory {
  return {
    async deliveries(limit) {
      const { events, next } = await client.request('events/query', { filter: 'source:open-connectors', limit });
      return { ids: events.map(({ deliveryId }) => deliveryId), more: next !== null };
    },
    async delivery(id) {
      const { delivery, body } = await client.request('deliveries/get', { id });
      const { receivedAt, signature, eventCount } = delivery;
      return { receivedAt, signature, eventCount, body: Buffer.from(body, 'base64').toString() };
    },
  };
}
