import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/**
 * The notifications with a failed forwarding, in groups.
 * @param size maximum number of IDs in a group
 */
export async function* failedNotifications(client: RelayClient, size: number): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  let group: string[] = [];
  let before: string | null = null;
  do {
    const page: Result<'events/query'> = await client.request('events/query', {
      filter: 'state:failed',
      limit: 1000,
      ...(before !== null && { before }),
    });
    for (const { state, notificationId } of page.events.flatMap(({ forwardings }) => forwardings)) {
      if (state !== 'failed' || seen.has(notificationId)) continue;
      seen.add(notificationId);
      group.push(notificationId);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
    before = page.next;
  } while (before !== null);
  if (group.length > 0) yield group;
}
