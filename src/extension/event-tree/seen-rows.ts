/** The events that rows of the view stand for. VS Code says of its selection also what is folded away: that is not meant. */
import type { EventRow } from '../../protocol/history.ts';
import type { EventsNode } from '../events/event-node.ts';

/** A group, as far as it is drawn. */
export interface DrawnGroup {
  readonly id: string;
  readonly events: readonly { readonly row: EventRow }[];
}

/**
 * The events that rows of the view stand for, each once: a group for all that are loaded of it, an event for itself where
 * it is seen.
 * @param groups those that are drawn
 * @param isFolded whether a group's events are folded away, by its id
 */
export function seenRows(
  nodes: readonly EventsNode[],
  groups: Iterable<DrawnGroup>,
  isFolded: (groupId: string) => boolean,
): EventRow[] {
  const all = [...groups];
  const hidden = new Set(all.filter(({ id }) => isFolded(id)).flatMap(({ events }) => events.map(({ row }) => row.id)));
  const rows = new Map<string, EventRow>();
  for (const node of nodes) {
    if (node.kind === 'event' && (node.isElsewhere === true || !hidden.has(node.row.id)))
      rows.set(node.row.id, node.row);
    if (node.kind !== 'group') continue;
    for (const { row } of all.find(({ id }) => id === node.id)?.events ?? []) rows.set(row.id, row);
  }
  return [...rows.values()];
}
