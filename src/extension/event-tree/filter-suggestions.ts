import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { filterKeys, filterValues } from '../../protocol/event-filter.ts';

export interface KnownList {
  readonly id: string;
  readonly name: string | undefined;
}

export interface FilterSuggestion {
  readonly word: string;
  readonly filter: string;
  readonly name: string | undefined;
  /** A key without its value, to continue typing. */
  readonly open: boolean;
}

export interface FilterSuggestions {
  readonly suggestions: readonly FilterSuggestion[];
  /** The input isn't a valid filter until one of these completes it. */
  readonly needed: boolean;
}

const closed: Readonly<Record<string, readonly string[]>> = filterValues;

const open: Readonly<Record<string, readonly string[]>> = {
  type: webhookEventTypes,
  since: ['15m', '1h', '24h', '7d'],
  until: ['1h', '24h', '7d'],
};

export function suggest(text: string, lists: readonly KnownList[]): FilterSuggestions {
  const [word = ''] = /\S*$/.exec(text) ?? [];
  const head = text.slice(0, text.length - word.length);
  const make = (full: string, isOpen: boolean, name?: string): FilterSuggestion => {
    return { word: full, filter: head + full, name, open: isOpen };
  };
  const colon = word.indexOf(':');
  if (colon === -1) {
    const begun = word === '' ? [] : filterKeys.filter((key) => key.startsWith(word.toLowerCase()));
    return { suggestions: begun.map((key) => make(`${key}:`, true)), needed: false };
  }
  const key = word.slice(0, colon).toLowerCase();
  const given = word.slice(colon + 1);
  const before = given.slice(0, given.lastIndexOf(',') + 1);
  const value = given.slice(before.length).toLowerCase();
  const whole = (each: string): string => `${key}:${before}${each}`;
  if (key === 'list') {
    const fitting = lists.filter(
      ({ id, name }) =>
        id.toLowerCase() !== value && (id.toLowerCase().startsWith(value) || name?.toLowerCase().includes(value)),
    );
    return { suggestions: fitting.map(({ id, name }) => make(whole(id), false, name)), needed: value === '' };
  }
  const values = closed[key] ?? open[key] ?? [];
  const isWhole = values.some((each) => each.toLowerCase() === value);
  const fitting = isWhole ? [] : values.filter((each) => each.toLowerCase().startsWith(value));
  // If no value starts like this, offer all of them.
  const offered = fitting.length === 0 && !isWhole && key in closed ? values : fitting;
  return {
    suggestions: offered.map((each) => make(whole(each), false)),
    needed: !isWhole && (key in closed || value === ''),
  };
}

/** Leaves out the last word, or its last value, if that is only the beginning of a key or value. */
export function settledPart(text: string, { suggestions }: FilterSuggestions): string {
  if (suggestions.length === 0) return text;
  const [word = ''] = /\S*$/.exec(text) ?? [];
  const kept = word.slice(0, Math.max(0, word.lastIndexOf(',')));
  return (text.slice(0, text.length - word.length) + kept).trim();
}

/** If the input isn't valid until completed, uses its first completion. */
export function wholePart(text: string, { suggestions, needed }: FilterSuggestions): string {
  const [first] = suggestions;
  const goesOn = needed && first?.filter.toLowerCase().startsWith(text.toLowerCase());
  return goesOn === true && first !== undefined ? first.filter : text;
}
