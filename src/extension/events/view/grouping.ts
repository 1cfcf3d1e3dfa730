/** Groups of the events that are loaded. */
import type { EventRow } from '../../../protocol/history.ts';
import { rowState } from '../forwarding-state.ts';
import type { RowState } from '../forwarding-state.ts';
import type { ListedEvent } from './event-list.ts';
import { printable } from '../../ui/printable.ts';
import type { Localiser } from '../../ui/localiser.ts';
import type { Surroundings } from '../event-words.ts';

export const groupings = ['time', 'list', 'type', 'state'] as const;
export type Grouping = (typeof groupings)[number];

/** A group and the events in it, newest first. */
export interface Group {
  readonly kind: 'group';
  readonly id: string;
  readonly label: string;
  readonly events: readonly ListedEvent[];
}

/**
 * Puts events into groups, the group with the newest event first.
 * @param events newest first
 */
export function group(
  events: readonly ListedEvent[],
  grouping: Grouping,
  { now, nameOfList }: Pick<Surroundings, 'now' | 'nameOfList'>,
  l10n: Localiser,
): Group[] {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const groups = new Map<string, ListedEvent[]>();
  for (const event of events) {
    const key = keyOf(event.row, grouping, now, midnight);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [event]);
    else members.push(event);
  }
  return [...groups].map(([key, members]) => ({
    kind: 'group',
    id: `${grouping}:${key}`,
    label: labelOf(grouping, key, nameOfList, l10n),
    events: members,
  }));
}

function keyOf(row: EventRow, grouping: Grouping, now: number, midnight: number): string {
  switch (grouping) {
    case 'time':
      return timeKey(Date.parse(row.receivedAt), now, midnight);
    case 'list':
      return row.list === null ? '' : `=${row.list}`;
    case 'type':
      return row.kind === 'event' ? (row.type === null ? '' : `=${row.type}`) : row.kind;
    case 'state':
      return rowState(row);
  }
}

function timeKey(at: number, now: number, midnight: number): string {
  if (at > now - 60_000) return 'minute';
  if (at > now - 3_600_000) return 'hour';
  if (at >= midnight) return 'today';
  const day = new Date(at);
  // Noon of the day before: midnight less 24 hours is another day where the clock is changed.
  const yesterday = new Date(midnight - 12 * 3_600_000);
  if (day.toDateString() === yesterday.toDateString()) return 'yesterday';
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

function labelOf(grouping: Grouping, key: string, nameOfList: Surroundings['nameOfList'], l10n: Localiser): string {
  if (key.startsWith('=')) {
    const value = key.slice(1);
    return printable((grouping === 'list' ? nameOfList(value) : undefined) ?? value);
  }
  switch (grouping) {
    case 'time':
      return timeLabel(key, l10n);
    case 'list':
      return l10n.t('No list');
    case 'type':
      if (key === 'test') return l10n.t('Test calls');
      return key === 'rejected' ? l10n.t('Rejected') : l10n.t('No type');
    case 'state':
      return stateLabel(key as RowState, l10n);
  }
}

function timeLabel(key: string, l10n: Localiser): string {
  switch (key) {
    case 'minute':
      return l10n.t('Last minute');
    case 'hour':
      return l10n.t('Last hour');
    case 'today':
      return l10n.t('Today');
    case 'yesterday':
      return l10n.t('Yesterday');
    default:
      return key;
  }
}

function stateLabel(state: RowState, l10n: Localiser): string {
  switch (state) {
    case 'failed':
      return l10n.t('Failed');
    case 'held':
      return l10n.t('Held');
    case 'retrying':
      return l10n.t('Retrying');
    case 'waiting':
      return l10n.t('Waiting');
    case 'discarded':
      return l10n.t('Discarded');
    case 'sent':
      return l10n.t('Sent');
    case 'rejected':
      return l10n.t('Rejected');
    case 'test':
      return l10n.t('Test calls');
    case 'none':
      return l10n.t('Not forwarded');
  }
}
