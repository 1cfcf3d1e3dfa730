import { webhookEventTypes } from '../campaign-monitor/event-types.ts';
import { parseFilter } from '../protocol/event-filter.ts';
import type { RelayClient } from '../protocol/relay-client.ts';

/**
 * A note for a filter that found nothing, if it asks for types that no event has, and so is probably mistyped.
 * @returns the available types; null if it asks for one of these
 */
export async function unknownTypes(history: Pick<RelayClient, 'request'>, filter: string): Promise<string | null> {
  const { types } = parseFilter(filter, Date.now());
  if (types.length === 0) return null;
  const { groups } = await history.request('events/counts', { groupBy: 'type' });
  const came = groups.flatMap(({ value }) => (value === null ? [] : [value]));
  const known = [...new Set<string>([...webhookEventTypes, ...came])].sort();
  const names = new Set(known.map((type) => type.toLowerCase()));
  const unknown = types.filter((type) => !names.has(type.toLowerCase()));
  if (unknown.length === 0) return null;
  return `No event has the type ${unknown.map((type) => `"${type}"`).join(' or ')}. Available types: ${known.join(', ')}.`;
}
