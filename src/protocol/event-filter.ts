/**
 * The filter language of the history: `type:subscribe list:… address:… state:failed since:2h free text`. Its keys,
 * values, and syntax are defined only here, with the orders, groups, and largest selection of results: for the relay,
 * for completions, and for docs/history.md. It imports nothing, so that the extension can load it at activation.
 */

/** The states of a forwarding, the most common one in filters first. */
export const forwardingStates = ['failed', 'waiting', 'held', 'sent', 'discarded'] as const;
export const eventKinds = ['event', 'test', 'rejected'] as const;
export const sources = ['campaign-monitor', 'open-connectors'] as const;
/**
 * The signature of what Open Connectors posted: `unchecked` without a verify key, `fetched` if it was fetched from the
 * queue of deliveries, which has no bytes to sign.
 */
export const signatureChecks = ['invalid', 'missing', 'valid', 'unchecked', 'fetched'] as const;
/** How a delivery was answered: normally, or with a forced response. */
export const answerings = ['on-purpose', 'as-usual'] as const;

export const maxChosen = 10_000;

export const filterKeys = [
  'type',
  'list',
  'address',
  'state',
  'kind',
  'source',
  'since',
  'until',
  'duplicate',
  'signature',
  'answered',
  'delivery',
] as const;
type Key = (typeof filterKeys)[number];

/** The keys with a fixed set of values. */
export const filterValues = {
  state: forwardingStates,
  kind: eventKinds,
  source: sources,
  duplicate: ['yes', 'no'],
  signature: signatureChecks,
  answered: answerings,
} as const satisfies Partial<Record<Key, readonly string[]>>;
type ClosedKey = keyof typeof filterValues;

/**
 * The state of an event: that of its forwarding that most needs attention, `retrying` if that has been tried; `none`
 * without destinations; for other rows their kind. The most urgent one is first.
 */
export const eventStates = [
  'failed',
  'held',
  'retrying',
  'waiting',
  'discarded',
  'sent',
  'none',
  'rejected',
  'test',
] as const;

export const eventOrders = ['time', 'type', 'state', 'status', 'duration', 'attempts'] as const;
export const eventGroupings = ['type', 'list', 'state', 'delivery'] as const;

/** Values of one key are alternatives; all keys and words must match. */
export interface Filter {
  readonly types: readonly string[];
  readonly lists: readonly string[];
  readonly addresses: readonly string[];
  readonly states: readonly (typeof forwardingStates)[number][];
  readonly kinds: readonly (typeof eventKinds)[number][];
  readonly sources: readonly (typeof sources)[number][];
  /** Milliseconds since the epoch; null if unbounded. */
  readonly since: number | null;
  readonly until: number | null;
  readonly duplicates: boolean | null;
  readonly signatures: readonly (typeof signatureChecks)[number][];
  readonly onPurpose: boolean | null;
  readonly deliveryIds: readonly number[];
  /** Each matches the beginning of a word or phrase. */
  readonly words: readonly string[];
}

export const filterAdvice = `Keys: ${filterKeys.join(', ')}. Put text that contains a colon in quotation marks.`;

export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly code = 'invalid-params';
  readonly advice = 'filter-keys';
  readonly next = filterAdvice;
}

const parts = /(?:([A-Za-z]+):(?!\/\/)(?:"([^"]*)"|(\S*))|"([^"]*)"|(\S+))/g;

export function withoutKey(text: string, key: Key): string {
  return [...text.matchAll(parts)]
    .filter(([, name]) => name?.toLowerCase() !== key)
    .map(([part]) => part)
    .join(' ');
}

/** @param now milliseconds since the epoch, for times such as `since:2h` @throws FilterError */
export function parseFilter(text: string, now: number): Filter {
  const values = Object.fromEntries(filterKeys.map((key) => [key, [] as string[]])) as Record<Key, string[]>;
  const words: string[] = [];
  for (const [, key, quotedValue, value, quoted, word] of text.matchAll(parts)) {
    if (key === undefined) {
      words.push(quoted ?? word ?? '');
      continue;
    }
    const name = filterKeys.find((each) => each === key.toLowerCase());
    if (name === undefined) throw new FilterError(`unknown filter key "${key}"`);
    const given = quotedValue === undefined ? (value ?? '').split(',') : [quotedValue];
    if (given.some((each) => each === '')) throw new FilterError(`"${key}:" needs a value`);
    values[name].push(...given);
  }
  return {
    types: values.type,
    lists: values.list,
    addresses: values.address.map(readAddress),
    states: values.state.map((value) => oneOf('state', value)),
    kinds: values.kind.map((value) => oneOf('kind', value)),
    sources: values.source.map((value) => oneOf('source', value)),
    since: last(values.since.map((value) => readTime('since', value, now))),
    until: last(values.until.map((value) => readTime('until', value, now))),
    duplicates: last(values.duplicate.map((value) => oneOf('duplicate', value) === 'yes')),
    signatures: values.signature.map((value) => oneOf('signature', value)),
    onPurpose: last(values.answered.map((value) => oneOf('answered', value) === 'on-purpose')),
    deliveryIds: values.delivery.map(readDeliveryId),
    words: words.filter((word) => /[\p{L}\p{N}]/u.test(word)),
  };
}

function last<T>(values: readonly T[]): T | null {
  return values.at(-1) ?? null;
}

function oneOf<K extends ClosedKey>(key: K, value: string): (typeof filterValues)[K][number] {
  const allowed: readonly (typeof filterValues)[K][number][] = filterValues[key];
  const found = allowed.find((each) => each === value.toLowerCase());
  if (found === undefined) throw new FilterError(`"${key}:${value}": expected one of ${allowed.join(', ')}`);
  return found;
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readTime(key: Key, value: string, now: number): number {
  const span = /^(\d+)([smhd])$/i.exec(value);
  if (span !== null) return now - Number(span[1]) * units[(span[2] ?? 's').toLowerCase() as keyof typeof units];
  const at = /^\d{4}-\d\d/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at))
    throw new FilterError(`"${key}:${value}": expected a time span such as 2h or 7d, or a date such as 2026-03-01`);
  return at;
}

function readAddress(value: string): string {
  if (!/[\p{L}\p{N}\p{Co}]/u.test(value.normalize('NFC'))) throw new FilterError('"address:" needs a letter or digit');
  return value;
}

function readDeliveryId(value: string): number {
  const match = /^d?(\d+)$/.exec(value);
  if (match === null) throw new FilterError(`"delivery:${value}": expected an ID such as d7`);
  return Number(match[1]);
}
