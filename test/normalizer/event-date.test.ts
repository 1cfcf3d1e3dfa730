import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { readDate } from '../../src/normalizer/event-date.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** The clock of a zone at a moment, as milliseconds of a UTC clock that shows the same. */
function clockOf(at: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']);
}

/** The rule `compatible` by Intl alone: the earlier of two moments, and across a gap the offset before it. */
function momentOf(clock: number, timeZone: string): number {
  const day = 86_400_000;
  const offsets = [clock - day, clock + day].map((at) => clockOf(at, timeZone) - at);
  const fitting = offsets.map((offset) => clock - offset).filter((at) => clockOf(at, timeZone) === clock);
  return fitting.length > 0 ? Math.min(...fitting) : clock - offsets[0]!;
}

const zones = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Pacific/Auckland',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Asia/Tehran',
  'America/Caracas',
];
const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
const vendorForm = (clock: number): string => new Date(clock).toISOString().slice(0, 19).replace('T', ' ');

describe("an event's date", () => {
  it('is read in the account time zone as Intl reckons it, for any time and many zones', () => {
    fc.assert(
      fc.property(fc.integer({ min: -631_152_000, max: 4_102_444_800 }), fc.constantFrom(...zones), (seconds, zone) => {
        assert.equal(readDate(vendorForm(seconds * 1000), zone), iso(momentOf(seconds * 1000, zone)));
      }),
      { numRuns: countRuns(2000) },
    );
  });

  it('is so too around every change of the clock', () => {
    const hour = 3_600_000;
    let changes = 0;
    for (const zone of zones) {
      for (let at = Date.UTC(2010, 0, 1); at < Date.UTC(2027, 0, 1); at += 24 * hour) {
        const offset = clockOf(at, zone) - at;
        if (clockOf(at + 24 * hour, zone) - at - 24 * hour === offset) continue;
        changes += 1;
        for (let clock = at + offset - 26 * hour; clock < at + offset + 26 * hour; clock += hour / 2) {
          assert.equal(readDate(vendorForm(clock), zone), iso(momentOf(clock, zone)), `${vendorForm(clock)} ${zone}`);
        }
      }
    }
    assert.ok(changes > 200, `${changes} changes of the clock`);
  });

  it('is midnight in the zone where there is no time, and the first moment of a day without midnight', () => {
    assert.equal(readDate('2026-01-15', 'UTC'), '2026-01-15T00:00:00Z');
    assert.equal(readDate('2026-07-15', 'Europe/Berlin'), '2026-07-14T22:00:00Z');
    assert.equal(readDate('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00Z');
  });

  it('keeps a zone of its own', () => {
    for (const text of [
      '2026-01-15T09:30:00Z',
      '2026-01-15T11:30:00+02:00',
      '2026-01-15T04:30:00.5-0500',
      '2026-01-15T09:30Z',
    ]) {
      assert.equal(readDate(text, 'Asia/Tokyo'), '2026-01-15T09:30:00Z', text);
    }
  });

  it('is none where the day or time does not exist, or the year would need more than four digits', () => {
    for (const text of [
      '',
      'yesterday',
      '2026-02-29',
      '2026-02-30 00:00:00',
      '2026-13-01 00:00:00',
      '2026-01-15 24:00:00',
      '2026-01-15 09:60:00',
      '2026-02-30T00:00:00Z',
      '2026-01-15T24:00:00Z',
      '15/01/2026',
      '2026-1-5',
      '1768469400',
      '2026-01-15 09',
      `2026-01-15${' '.repeat(50)}`,
    ]) {
      assert.equal(readDate(text, 'UTC'), null, text);
    }
    assert.equal(readDate('9999-12-31 23:00:00', 'America/New_York'), null);
    assert.equal(readDate('0000-01-01 00:00:00', 'Asia/Tokyo'), null);
  });

  it('is of the form YYYY-MM-DDTHH:MM:SSZ or none, whatever the text, and the same when asked again', () => {
    const piece = fc.constantFrom('2026', '-', '01', ':', ' ', 'T', 'Z', '+', '99', '.', '0000', '31');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
        ),
        fc.constantFrom(...zones),
        (text, zone) => {
          const date = readDate(text, zone);
          if (date !== null) assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
          assert.equal(readDate(text, zone), date);
        },
      ),
      { numRuns: countRuns(2000) },
    );
  });
});

describe("an event's date in UTC", () => {
  it('is the same by arithmetic as by the calendar of a zone that has UTC’s clock, whatever the digits', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.oneof(two, fc.constantFrom('01', '02', '12')),
        fc.oneof(two, fc.constantFrom('28', '29', '30', '31')),
        fc.oneof(two, fc.constantFrom('00', '23', '24')),
        fc.oneof(two, fc.constantFrom('00', '59', '60')),
        (year, month, day, hour, minute) => {
          const text = `${String(year).padStart(4, '0')}-${month}-${day} ${hour}:${minute}:07`;
          assert.equal(readDate(text, 'UTC'), readDate(text, 'Etc/GMT'), text);
        },
      ),
      { numRuns: countRuns(3000) },
    );
  });
});
