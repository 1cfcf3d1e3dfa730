import type { EventRow } from '../../../protocol/history.ts';
import type { Result } from '../../../protocol/methods.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';

/**
 * The notifications with a forwarding that failed, in groups.
 * @param size the most ids in a group
 */
export async function* failedNotifications(client: RelayClient, size: number): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  const deliveries = new Set<string>();
  let group: string[] = [];
  let before: string | null = null;
  do {
    const page: Result<'events/query'> = await client.request('events/query', {
      filter: 'state:failed',
      limit: 1000,
      ...(before !== null && { before }),
    });
    for (const row of page.events) {
      for (const id of await failedOf(client, row, deliveries)) {
        if (seen.has(id)) continue;
        seen.add(id);
        group.push(id);
        if (group.length < size) continue;
        yield group;
        group = [];
      }
    }
    before = page.next;
  } while (before !== null);
  if (group.length > 0) yield group;
}

/**
 * Which notifications of an event failed. A row names the one that Open Connectors would send; the bytes as they came
 * are a notification of the delivery.
 * @param deliveries those that were asked already
 */
async function failedOf(client: RelayClient, row: EventRow, deliveries: Set<string>): Promise<string[]> {
  const failed = row.forwardings.filter(({ state }) => state === 'failed');
  const own = row.source === 'open-connectors' || failed.every(({ mode }) => mode === 'normalised');
  if (own && row.notificationId !== null) return [row.notificationId];
  if (deliveries.has(row.deliveryId)) return [];
  deliveries.add(row.deliveryId);
  const { notifications } = await client.request('deliveries/get', { id: row.deliveryId });
  return notifications
    .filter(({ forwardings }) => forwardings.some(({ state }) => state === 'failed'))
    .map(({ id }) => id);
}
