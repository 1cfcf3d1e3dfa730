/** How a filter that is being typed may go on. */
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { filterKeys, filterValues } from '../../protocol/event-filter.ts';

/** A list that events here are of. */
export interface KnownList {
  readonly id: string;
  readonly name: string | undefined;
}

export interface FilterSuggestion {
  /** What the last word becomes. */
  readonly word: string;
  /** The whole filter with it. */
  readonly filter: string;
  /** The list's name, where the word is its id. */
  readonly name: string | undefined;
  /** It is to be typed on: a key without its value. */
  readonly open: boolean;
}

export interface FilterSuggestions {
  readonly suggestions: readonly FilterSuggestion[];
  /** What was typed cannot be a filter before it goes on: one of these is meant. */
  readonly needed: boolean;
}

/** Keys whose values are these and no others. */
const closed: Readonly<Record<string, readonly string[]>> = filterValues;

/** Keys of which these values are the usual ones. */
const open: Readonly<Record<string, readonly string[]>> = {
  type: webhookEventTypes,
  since: ['15m', '1h', '24h', '7d'],
  until: ['1h', '24h', '7d'],
};

/**
 * What the last word of a filter may become.
 * @param text as typed so far
 */
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
  // Several values of one key stand behind each other.
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
  // Nothing begins so: any of them may be meant.
  const offered = fitting.length === 0 && !isWhole && key in closed ? values : fitting;
  return {
    suggestions: offered.map((each) => make(whole(each), false)),
    needed: !isWhole && (key in closed || value === ''),
  };
}

/**
 * What of a filter that is being typed can be in force: without its last word, or the last of a word's values, while that
 * has only begun a key or a value.
 * @param text as typed so far, with what {@link suggest} says of it
 */
export function settledPart(text: string, { suggestions }: FilterSuggestions): string {
  if (suggestions.length === 0) return text;
  const [word = ''] = /\S*$/.exec(text) ?? [];
  const kept = word.slice(0, Math.max(0, word.lastIndexOf(',')));
  return (text.slice(0, text.length - word.length) + kept).trim();
}

/**
 * A filter that is meant to be all: where it is none before its last word goes on, with the first way in which it does.
 * @param text as typed, with what {@link suggest} says of it
 */
export function wholePart(text: string, { suggestions, needed }: FilterSuggestions): string {
  const [first] = suggestions;
  const goesOn = needed && first?.filter.toLowerCase().startsWith(text.toLowerCase());
  return goesOn === true && first !== undefined ? first.filter : text;
}
