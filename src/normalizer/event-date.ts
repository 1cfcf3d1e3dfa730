import { Temporal } from 'temporal-polyfill';

const datePattern = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** The events of a batch share few dates. */
const known = new Map<string, string | null>();
const knownLimit = 4096;

/**
 * Reads an event's `Date` in the account's time zone: `YYYY-MM-DD HH:MM:SS` without a zone [2nd: the account's]; a date
 * only means midnight there. A time that the clock skips or repeats is read by ECMAScript Temporal's `compatible` rule.
 * @param timeZone an IANA name
 * @returns `YYYY-MM-DDTHH:MM:SSZ`, or null if it is not a date
 */
export function readDate(text: string, timeZone: string): string | null {
  if (text.length > 40) return null;
  const key = `${timeZone} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const date = parseDate(text.trim(), timeZone);
  if (known.size >= knownLimit) known.clear();
  known.set(key, date);
  return date;
}

function parseDate(text: string, timeZone: string): string | null {
  try {
    return fourDigitYear(
      instantPattern.test(text) ? Temporal.Instant.from(text).epochMilliseconds : local(text, timeZone),
    );
  } catch {
    return null;
  }
}

function local(text: string, timeZone: string): number | null {
  const match = datePattern.exec(text);
  if (match === null) return null;
  // A missing field is 0.
  const parts = match.slice(1).map((part) => Number(part) || 0);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (minute > 59 || second > 59) return null;
  if (timeZone === 'UTC' && year >= 100) return utcMoment({ year, month, day, hour }) + (minute * 60 + second) * 1000;
  const start = hourStart(`${timeZone} ${text.slice(0, 10)} ${hour}`, { year, month, day, hour }, timeZone);
  if (start !== null) return start + (minute * 60 + second) * 1000;
  return moment({ year, month, day, hour, minute, second }, timeZone);
}

/** When hours of a zone's clock begin, milliseconds since the epoch; null if the clock changes within the hour. */
const hours = new Map<string, number | null>();
const hoursLimit = 4096;

/** Temporal is slow with zones, and most dates of a batch share their hour. */
function hourStart(
  key: string,
  hour: { year: number; month: number; day: number; hour: number },
  timeZone: string,
): number | null {
  const before = hours.get(key);
  if (before !== undefined) return before;
  const first = moment({ ...hour, minute: 0, second: 0 }, timeZone);
  const last = moment({ ...hour, minute: 59, second: 59 }, timeZone);
  const start = last - first === 3_599_000 ? first : null;
  if (hours.size >= hoursLimit) hours.clear();
  hours.set(key, start);
  return start;
}

/** Like {@link moment}, by arithmetic alone: most accounts' dates are in UTC. @throws RangeError likewise */
function utcMoment({ year, month, day, hour }: { year: number; month: number; day: number; hour: number }): number {
  const at = Date.UTC(year, month - 1, day, hour);
  // Date.UTC would roll over a day that does not exist.
  if (month < 1 || month > 12 || day < 1 || hour > 23 || new Date(at).getUTCDate() !== day) {
    throw new RangeError('no such day or hour');
  }
  return at;
}

function moment(fields: Temporal.PlainDateTimeLike, timeZone: string): number {
  return Temporal.PlainDateTime.from(fields, { overflow: 'reject' }).toZonedDateTime(timeZone, {
    disambiguation: 'compatible',
  }).epochMilliseconds;
}

/** The format has four digits for the year; a zone can move a date out of them at either end. */
function fourDigitYear(at: number | null): string | null {
  if (at === null) return null;
  const year = new Date(at).getUTCFullYear();
  return year >= 0 && year <= 9999 ? isoSeconds(at) : null;
}

export function isoSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, -5)}Z`;
}
