import type { SQLInputValue } from 'node:sqlite';
import { eventKinds, eventStates, type Filter } from '../../protocol/event-filter.ts';
import { columnLengths, cut } from '../log/columns.ts';
import { isWaiting, stateCodes } from '../log/database.ts';
import { flagBits, signatureBits, stateBit } from '../log/event-states.ts';
import type { LogHoldView } from '../log/held.ts';

export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
  /** The indexed column that precedes `sql`; null if there is none. */
  readonly column: 'type' | 'list' | 'state' | null;
}

export function holdsAnything({ sending, heldDestinations }: LogHoldView): boolean {
  return sending.paused !== null || heldDestinations.length > 0;
}

/** `held` is an SQL function that calls `holdOf`. */
const isHeld = forwardingsThat('held(f.notification_id, f.destination_id, f.released, f.stopped)');
const isFree = forwardingsThat('NOT held(f.notification_id, f.destination_id, f.released, f.stopped)');

export const heldOverState = `iif(e.state IN (${eventStates.indexOf('retrying')}, ${stateCodes.waiting}) AND ${isHeld}, ${eventStates.indexOf('held')}, e.state)`;

function forwardingsThat(condition: string): string {
  return `EXISTS (SELECT 1 FROM forwardings f WHERE f.notification_id IN (e.notification_id, e.raw_id) AND f.${isWaiting} AND ${condition})`;
}

export function conditionsOf(filter: Filter): Condition[] {
  const { kinds, sources, duplicates, onPurpose, signatures, deliveryIds, types, lists, since, until } = filter;
  const conditions: Condition[] = [];
  const add = (sql: string, values: readonly SQLInputValue[] = [], column: Condition['column'] = null): void => {
    conditions.push({ sql, values, column });
  };
  // A row that is no event has the state of its kind.
  const others = eventKinds.filter((kind) => kind !== 'event');
  const codesOf = (named: readonly (typeof others)[number][]): number[] =>
    named.map((kind) => eventStates.indexOf(kind));
  const missing = others.filter((kind) => !kinds.includes(kind));
  if (kinds.includes('event')) add(`+e.state NOT IN (${marks(missing)})`, codesOf(missing));
  else if (kinds.length > 0) {
    const asked = others.filter((kind) => kinds.includes(kind));
    add(among(asked), codesOf(asked), 'state');
  }
  if (new Set(sources).size === 1) {
    add(sources[0] === 'open-connectors' ? `e.flags & ${flagBits.platform}` : `NOT e.flags & ${flagBits.platform}`);
  }
  if (duplicates !== null) add(`e.duplicate_of IS ${duplicates ? 'NOT ' : ''}NULL`);
  if (onPurpose !== null) add(`${onPurpose ? '' : 'NOT '}e.flags & ${flagBits.onPurpose}`);
  if (signatures.length > 0) add(`e.flags & ${signatures.reduce((sum, each) => sum | signatureBits[each], 0)}`);
  if (deliveryIds.length > 0) {
    add(
      `e.id IN (SELECT o.id FROM deliveries d JOIN events o ON o.id BETWEEN d.first_event AND d.first_event + d.row_count - 1
        WHERE d.id IN (${marks(deliveryIds)}))`,
      deliveryIds,
    );
  }
  if (types.length > 0) add(among(types), cutAll(types, columnLengths.type), 'type');
  if (lists.length > 0) add(among(lists), cutAll(lists, columnLengths.list), 'list');
  if (since !== null) add('e.received_at >= ?', [since]);
  if (until !== null) add('e.received_at < ?', [until]);
  return conditions;
}

export function stateConditionsOf({ states }: Pick<Filter, 'states'>, view: LogHoldView): Condition[] {
  if (states.length === 0) return [];
  const stored = states.map((each) => (each === 'held' ? 'waiting' : each));
  const least = Math.max(...stored.map((each) => stateCodes[each]));
  // An event's state is its most urgent one: one of these, or a more urgent one.
  const urgent = eventStates.flatMap((_, code) => (code <= least ? [code] : []));
  const settled = stored.reduce((bits, each) => (each === 'waiting' ? bits : bits | stateBit(each)), 0);
  const alternatives = settled === 0 ? [] : [`e.states & ${settled}`];
  const waits = `e.states & ${stateBit('waiting')}`;
  const [wantsHeld, wantsWaiting] = [states.includes('held'), states.includes('waiting')];
  if (wantsWaiting && (wantsHeld || !holdsAnything(view))) alternatives.push(waits);
  else if (wantsWaiting) alternatives.push(`(${waits} AND ${isFree})`);
  else if (wantsHeld && holdsAnything(view)) alternatives.push(`(${waits} AND ${isHeld})`);
  const isIt: Condition = { sql: among(urgent), values: urgent, column: 'state' };
  if (least === stateCodes.failed) return [isIt];
  return [
    isIt,
    { sql: alternatives.length === 0 ? 'FALSE' : `(${alternatives.join(' OR ')})`, values: [], column: null },
  ];
}

function cutAll(texts: readonly string[], length: number): string[] {
  return texts.map((text) => cut(text, length));
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

function among(values: readonly unknown[]): string {
  return values.length === 1 ? '= ?' : `IN (${marks(values)})`;
}
