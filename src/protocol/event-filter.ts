/** The filter language of the history: `type:subscribe list:… address:… state:failed since:2h free text`. */
import { relayAdvice } from './errors.ts';
import type { RelayErrorCode } from './errors.ts';
import type { ForwardingState, Source } from './history.ts';
import { forwardingStates } from './history.ts';

/** What a filter asks for. Several values of one key mean any of them; keys and words mean all of them. */
export interface Filter {
  readonly types: readonly string[];
  readonly lists: readonly string[];
  readonly addresses: readonly string[];
  readonly states: readonly ForwardingState[];
  readonly kinds: readonly ('event' | 'test' | 'rejected')[];
  readonly sources: readonly Source[];
  /** Milliseconds since the epoch; null where unbounded. */
  readonly since: number | null;
  readonly until: number | null;
  readonly duplicates: boolean | null;
  readonly deliveryIds: readonly number[];
  /** Words or phrases, each the beginning of one. */
  readonly words: readonly string[];
}

/** A filter that cannot be read. The message names the part and what it may be. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly code = 'invalid-params' satisfies RelayErrorCode;
  readonly advice = 'filter-keys';
  readonly next = relayAdvice[this.advice];
}

const keys = ['type', 'list', 'address', 'state', 'kind', 'source', 'since', 'until', 'duplicate', 'delivery'] as const;
type Key = (typeof keys)[number];

const kinds = ['event', 'test', 'rejected'] as const;
const sources = ['campaign-monitor', 'open-connectors'] as const;

/**
 * Reads a filter.
 * @param text the filter; empty for everything
 * @param now milliseconds since the epoch, for times such as `since:2h`
 * @throws FilterError
 */
export function parseFilter(text: string, now: number): Filter {
  const values: Record<Key, string[]> = {
    type: [],
    list: [],
    address: [],
    state: [],
    kind: [],
    source: [],
    since: [],
    until: [],
    duplicate: [],
    delivery: [],
  };
  const words: string[] = [];
  for (const [, key, quotedValue, value, quoted, word] of text.matchAll(
    /(?:([A-Za-z]+):(?!\/\/)(?:"([^"]*)"|(\S*))|"([^"]*)"|(\S+))/g,
  )) {
    if (key === undefined) {
      words.push(quoted ?? word ?? '');
      continue;
    }
    const name = keys.find((each) => each === key.toLowerCase());
    if (name === undefined) throw new FilterError(`the filter has no key "${key}"`);
    const given = quotedValue === undefined ? (value ?? '').split(',') : [quotedValue];
    if (given.some((each) => each === '')) throw new FilterError(`"${key}:" needs a value`);
    values[name].push(...given);
  }
  return {
    types: values.type,
    lists: values.list,
    addresses: values.address,
    states: values.state.map((value) => oneOf('state', value, forwardingStates)),
    kinds: values.kind.map((value) => oneOf('kind', value, kinds)),
    sources: values.source.map((value) => oneOf('source', value, sources)),
    since: last(values.since.map((value) => readTime('since', value, now))),
    until: last(values.until.map((value) => readTime('until', value, now))),
    duplicates: last(values.duplicate.map((value) => oneOf('duplicate', value, ['yes', 'no'] as const) === 'yes')),
    deliveryIds: values.delivery.map(readDeliveryId),
    words: words.filter((word) => /[\p{L}\p{N}]/u.test(word)),
  };
}

function last<T>(values: readonly T[]): T | null {
  return values.at(-1) ?? null;
}

function oneOf<T extends string>(key: Key, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value.toLowerCase());
  if (found === undefined) throw new FilterError(`"${key}:${value}": expected one of ${allowed.join(', ')}`);
  return found;
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span before now (`30m`, `2h`, `7d`), or a date or time in ISO 8601. */
function readTime(key: Key, value: string, now: number): number {
  const span = /^(\d+)([smhd])$/i.exec(value);
  if (span !== null) return now - Number(span[1]) * units[(span[2] ?? 's').toLowerCase() as keyof typeof units];
  const at = /^\d{4}-\d\d/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at))
    throw new FilterError(`"${key}:${value}": expected a span such as 2h or 7d, or a date such as 2026-03-01`);
  return at;
}

function readDeliveryId(value: string): number {
  const match = /^d?(\d+)$/.exec(value);
  if (match === null) throw new FilterError(`"delivery:${value}": expected an id such as d7`);
  return Number(match[1]);
}
