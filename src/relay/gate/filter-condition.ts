/** A filter of the history as a condition: people type `type:update` where they know it from the list of events. */
import { filterKeys, FilterError, parseFilter } from '../../protocol/event-filter.ts';
import type { Filter } from '../../protocol/event-filter.ts';

const begins = /^\s*[A-Za-z]+:/;
const hasKey = new RegExp(`(?:^|\\s)(?:${filterKeys.join('|')}):`, 'i');
/** What expressions have and filters need not. */
const ofExpressions = /[=<>!&|()]/;

/** Whether a text is meant as a filter: no expression begins with a name and a colon. */
export function isFilter(text: string): boolean {
  return begins.test(text) || (hasKey.test(text) && !ofExpressions.test(text));
}

/**
 * What a filter asks of an event, in CEL. Spans such as `since:2h` are before now.
 * @param now milliseconds since the epoch
 * @throws FilterError where it cannot be read, or asks what is not known of an event on its way
 */
export function conditionOfFilter(text: string, now: number): string {
  // The history passes over signs alone: here they would be taken for what they mean in an expression.
  if (/(?:^|\s)(?:&&|\|\||!)(?=\s|$)/.test(text))
    throw new FilterError(
      'a filter cannot contain &&, ||, or !: all words must match; separate values of one key with commas',
    );
  const asked = Object.values(parts(parseFilter(text, now))).flatMap((part) => (part === '' ? [] : [`(${part})`]));
  if (asked.length === 0) throw new FilterError('the filter is empty');
  return asked.join(' && ');
}

/** What each part of a filter asks for; empty where it asks for nothing. */
function parts(filter: Filter): Readonly<Record<keyof Filter, string>> {
  const { since, until, duplicates, onPurpose, states, words } = filter;
  const [word] = words;
  if (word !== undefined)
    throw new FilterError(`"${word}": a condition cannot search text; use a key, such as address:${word}`);
  if (states.length > 0)
    throw new FilterError(
      '"state:" does not work in a condition, which is checked before the final state of the event is known',
    );
  return {
    types: isAmong('event.type.lowerAscii()', filter.types.map(lowered)),
    lists: isAmong('event.list.lowerAscii()', filter.lists.map(lowered)),
    addresses: filter.addresses.map(hasBeginning).join(' || '),
    states: '',
    kinds: isAmong('event.kind', filter.kinds),
    sources: isAmong('delivery.source', filter.sources),
    since: since === null ? '' : `${receivedAt} >= ${timeOf(since)}`,
    until: until === null ? '' : `${receivedAt} < ${timeOf(until)}`,
    duplicates: duplicates === null ? '' : `event.duplicate == ${duplicates}`,
    signatures: isAmong('delivery.signature', filter.signatures),
    onPurpose: onPurpose === null ? '' : `delivery.onPurpose == ${onPurpose}`,
    deliveryIds: isAmong(
      'delivery.id',
      filter.deliveryIds.map((id) => `d${id}`),
    ),
    words: '',
  };
}

const receivedAt = 'timestamp(delivery.receivedAt)';

/** The end of the year 9999, the last that a timestamp can say, in milliseconds since the epoch. */
const lastTime = 253_402_300_799_999;

/** Nothing was received before the epoch, whatever a span says. */
function timeOf(milliseconds: number): string {
  const time = new Date(Math.min(Math.max(milliseconds, 0), lastTime));
  return `timestamp(${quoted(time.toISOString())})`;
}

function isAmong(asked: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${asked} in [${values.map(quoted).join(', ')}]`;
}

/** That an address, or a part of it, begins so. */
function hasBeginning(value: string): string {
  const wanted = quoted(lowered(value));
  const address = 'event.address.lowerAscii()';
  // Of itself it begins with what parts the parts.
  if (!/^[\p{L}\p{N}]/u.test(value)) return `${address}.contains(${wanted})`;
  return `["@", ".", "-", "_", "+"].exists(parts, ("@" + ${address}).contains(parts + ${wanted}))`;
}

/** As `lowerAscii` does. */
function lowered(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
