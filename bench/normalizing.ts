/** (c) Reading, normalizing and rendering a delivery, beside parsing and writing its JSON. In this process. */
import { readPayload } from '../src/campaign-monitor/payload.ts';
import { sampleDeliveries } from '../src/campaign-monitor/samples.ts';
import { defaultSettings } from '../src/protocol/settings.ts';
import { Buffers } from '../src/relay/sending/render.ts';
import { normalizeEvent, partsOf, renderNotification } from '../src/normalizer/normalize.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { rateRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { subscribeSample } from './sample.ts';
import { spread } from './statistics.ts';

const { timeZone, mapping, identity, partSize } = defaultSettings();
const settings = { timeZone, mapping, identity };
const receivedAt = Date.parse('2026-01-15T09:30:00Z');

/** Those of one relay, which come back when they were sent: here when sixteen more are under way, as at concurrency 16. */
const buffers = new Buffers();
const underWay: Buffer[] = [];

function allocate(bytes: number): Buffer {
  const buffer = buffers.take(bytes);
  underWay.push(buffer);
  const [oldest] = underWay.length > 16 ? underWay.splice(0, 1) : [];
  if (oldest !== undefined) buffers.giveBack(oldest);
  return buffer;
}

/** Every byte of every notification of a body; the sum keeps the work from being left out. */
function normalizeAll(bytes: Buffer): number {
  const payload = readPayload(bytes, 'application/json');
  if (payload.kind !== 'events') throw new Error('not a body with events');
  const objects = payload.events.map((event) => normalizeEvent(event, settings, receivedAt).object);
  let written = 0;
  for (const [index, part] of partsOf(objects.length, partSize).entries()) {
    const identified = { id: index + 1, eventId: 'AAAAAAAAAAAAAAAAAAAA', createdAt: receivedAt, settings };
    const events = objects.slice(part.first, part.first + part.count);
    written += renderNotification(identified, events, payload.json, allocate).byteLength;
  }
  return written;
}

function parseAndWrite(bytes: Buffer): number {
  return JSON.stringify(JSON.parse(bytes.toString())).length;
}

const unchanged = () => (): void => undefined;

/** What each digit of `YYYY-MM-DD HH:MM:SS` counts up to, from the last; then days, which go up to 28 in each month. */
const digits = [
  { fromEnd: 1, limit: 10 },
  { fromEnd: 2, limit: 6 },
  { fromEnd: 4, limit: 10 },
  { fromEnd: 5, limit: 6 },
  // The hours from 00 to 09 and the years from 2010 to 2019 are enough, and spare carrying in pairs.
  { fromEnd: 7, limit: 10 },
  { fromEnd: 10, limit: 10 },
  { fromEnd: 16, limit: 10 },
];

/** Sets the date in a body to the next second, in place, which costs next to nothing. */
function nextDate(bytes: Buffer): () => void {
  const end = bytes.indexOf('2010-12-14 11:32:00') + 19;
  bytes.write('2010-12-10 00:00:00', end - 19);
  return () => {
    for (const { fromEnd, limit } of digits) {
      const at = end - fromEnd;
      const digit = bytes[at]! - 48 + 1;
      bytes[at] = 48 + (digit % limit);
      if (digit < limit) return;
    }
  };
}

/** Runs it for about so long and says how often a second. */
function rate(run: () => number, milliseconds: number): number {
  let times = 0;
  let sum = 0;
  const started = performance.now();
  let now = started;
  while (now - started < milliseconds) {
    for (let i = 0; i < 8; i++) sum += run();
    times += 8;
    now = performance.now();
  }
  if (sum === 0) throw new Error('nothing was done');
  return (times * 1000) / (now - started);
}

export async function normalizing(rounds: number): Promise<Result> {
  const bodies = [
    { what: 'the documented sample, 1 event', text: subscribeSample, before: unchanged, aims: [0.5] },
    { what: 'the same, a date not seen before in each', text: subscribeSample, before: nextDate, aims: [] },
    ...[20, 1000].map((batch) => ({
      what: `a mixed batch of ${batch}`,
      text: sampleDeliveries({
        types: ['Subscribe', 'Update', 'Deactivate'],
        count: 1,
        batch,
        mixed: true,
      })[0]!.text,
      before: unchanged,
      aims: [0.5],
    })),
  ];
  const rows: Row[] = [];
  for (const { what, text, before, aims } of bodies) {
    const bytes = Buffer.from(text);
    const prepare = before(bytes);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= 2 * rounds; round++) {
      const { relay, baseline } = await undisturbed(() =>
        Promise.resolve({
          relay: rate(() => {
            prepare();
            return normalizeAll(bytes);
          }, 250),
          baseline: rate(() => {
            prepare();
            return parseAndWrite(bytes);
          }, 250),
        }),
      );
      if (round === 0) continue;
      ours.push(relay);
      theirs.push(baseline);
    }
    rows.push(rateRow(`${what} (${bytes.byteLength} bytes)`, 'bodies/s', spread(ours), spread(theirs), ...aims));
  }
  return {
    letter: 'c',
    title: 'Normalizing: read the body, normalize every event, render every notification',
    rows,
    remarks: [
      'Baseline: `JSON.stringify(JSON.parse(bytes.toString()))` of the same body. A body of 1,000 events becomes 50 notifications, each with the whole body in it, in memory that is used in turn, as when sixteen at a time are sent.',
      'Where the date is the same each time it is read from memory, as in a batch, whose events share their minutes. A date that was not seen before has to be worked out in the account’s time zone: that row is what the first delivery of a minute costs, and every one of (a) and (b).',
      `${2 * rounds} rounds of a quarter of a second each way; ${takeDisturbedRounds()} were disturbed by other programs.`,
    ],
  };
}
