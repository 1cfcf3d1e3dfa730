/** Groups of the events that are loaded. */
import type { EventRow } from '../../protocol/history.ts';
import { rowState } from '../events/forwarding-state.ts';
import type { RowState } from '../events/forwarding-state.ts';
import type { ListedEvent } from './event-list.ts';
import { printable } from '../ui/printable.ts';
import type { Localiser } from '../ui/localiser.ts';
import { stateWord } from '../events/event-words.ts';
import type { RowContext } from '../events/event-words.ts';

export const groupings = ['time', 'list', 'type', 'state'] as const;
export type Grouping = (typeof groupings)[number];

/** A group and the events of it that are loaded, newest first. */
export interface Group {
  readonly kind: 'group';
  readonly id: string;
  readonly label: string;
  readonly events: readonly ListedEvent[];
}

/** A group of which the history has events, loaded or not, by the key that {@link keyOf} gives. */
export interface CountedGroup {
  readonly key: string;
  /** The list or the type by which it is grouped, as written. */
  readonly value: string | null;
  readonly count: number;
}

/** What is known where events are grouped. */
export interface GroupingContext extends Pick<RowContext, 'now' | 'nameOfList'> {
  /** Those that stay in their groups whatever becomes of them, while the view is paused. */
  readonly placed?: ReadonlyMap<string, string>;
}

/**
 * Puts events into groups. Their order does not change with what comes: times go from the newest, states from what most
 * needs a look, types and lists by the alphabet.
 * @param events newest first
 * @param counted what the history has: groups of which nothing is loaded come from it
 */
export function group(
  events: readonly ListedEvent[],
  grouping: Grouping,
  around: GroupingContext,
  l10n: Localiser,
  counted: readonly CountedGroup[] = [],
): Group[] {
  const groups = new Map<string, { readonly label: string; readonly events: ListedEvent[] }>();
  const open = (key: string, value: string | null): ListedEvent[] => {
    let found = groups.get(key);
    if (found === undefined) {
      found = { label: labelOf(grouping, key, value, around.nameOfList, l10n), events: [] };
      groups.set(key, found);
    }
    return found.events;
  };
  const midnight = midnightOf(around.now);
  for (const event of events) {
    const { row } = event;
    open(around.placed?.get(row.id) ?? keyOf(row, grouping, around.now, midnight), valueOf(row, grouping)).push(event);
  }
  for (const { key, value, count } of counted) if (count > 0) open(key, value);
  const made = [...groups].map(([key, { label, events: members }]) => ({
    key,
    group: { kind: 'group' as const, id: `${grouping}:${key}`, label, events: members },
  }));
  if (grouping === 'state') made.sort((one, other) => stateOrder.indexOf(one.key) - stateOrder.indexOf(other.key));
  // What has no type or list comes last.
  if (grouping === 'list' || grouping === 'type') {
    const named = ({ key }: { readonly key: string }): number => (key.startsWith('=') ? 0 : 1);
    made.sort((one, other) => named(one) - named(other) || one.group.label.localeCompare(other.group.label));
  }
  return made.map((each) => each.group);
}

const stateOrder: readonly string[] = [
  ...(['failed', 'held', 'retrying', 'waiting', 'rejected', 'discarded', 'sent', 'none', 'test'] satisfies RowState[]),
];

/** The last midnight. @param now milliseconds since the epoch, as the result */
export function midnightOf(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}

/** The group of an event. Types and lists are told apart as filters do, without regard to capitals. */
export function keyOf(row: EventRow, grouping: Grouping, now: number, midnight: number): string {
  switch (grouping) {
    case 'time':
      return timeKey(Date.parse(row.receivedAt), now, midnight);
    case 'list':
      return keyOfValue(row.list);
    case 'type':
      return row.kind === 'event' ? keyOfValue(row.type) : row.kind;
    case 'state':
      return rowState(row);
  }
}

/** The key of what has this type or list. */
export function keyOfValue(value: string | null): string {
  return value === null ? '' : `=${value.toLowerCase()}`;
}

function valueOf(row: EventRow, grouping: Grouping): string | null {
  return grouping === 'list' ? row.list : grouping === 'type' ? row.type : null;
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

function labelOf(
  grouping: Grouping,
  key: string,
  value: string | null,
  nameOfList: RowContext['nameOfList'],
  l10n: Localiser,
): string {
  if (key.startsWith('=') && value !== null) {
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
      return key === 'test' ? l10n.t('Test calls') : stateWord(key as RowState, l10n);
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
