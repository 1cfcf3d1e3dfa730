/** (c) Reading, normalising and rendering a delivery, beside parsing and writing its JSON. In this process. */
import { readPayload } from '../src/campaign-monitor/payload.ts';
import { sampleDeliveries } from '../src/campaign-monitor/samples.ts';
import { defaultSettings } from '../src/protocol/settings.ts';
import { normaliseEvent, partsOf, renderNotification } from '../src/relay/normalise.ts';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { rateRow } from './report.ts';
import type { Result, Row } from './report.ts';
import { subscribeSample } from './sample.ts';
import { spread } from './statistics.ts';

const { timeZone, mapping, identity, partSize } = defaultSettings();
const settings = { timeZone, mapping, identity };
const receivedAt = Date.parse('2026-01-15T09:30:00Z');

/** Every byte of every notification of a body; the sum keeps the work from being left out. */
function normaliseAll(bytes: Buffer): number {
  const payload = readPayload(bytes, 'application/json');
  if (payload.kind !== 'events') throw new Error('not a body with events');
  const objects = payload.events.map((event) => normaliseEvent(event, settings, receivedAt).object);
  let written = 0;
  for (const [index, part] of partsOf(objects.length, partSize).entries()) {
    const identified = { id: index + 1, eventId: 'AAAAAAAAAAAAAAAAAAAA', createdAt: receivedAt, settings };
    const events = objects.slice(part.first, part.first + part.count);
    written += renderNotification(identified, events, payload.json).byteLength;
  }
  return written;
}

function parseAndWrite(bytes: Buffer): number {
  return JSON.stringify(JSON.parse(bytes.toString())).length;
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

export async function normalising(rounds: number): Promise<Result> {
  const bodies = [
    { what: 'the documented sample, 1 event', text: subscribeSample },
    ...[20, 1000].map((batch) => ({
      what: `a mixed batch of ${batch}`,
      text: sampleDeliveries({
        types: ['Subscribe', 'Update', 'Deactivate'],
        count: 1,
        batch,
        mixed: true,
      })[0]!.text,
    })),
  ];
  const rows: Row[] = [];
  for (const { what, text } of bodies) {
    const bytes = Buffer.from(text);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= 2 * rounds; round++) {
      const { relay, baseline } = await undisturbed(() =>
        Promise.resolve({
          relay: rate(() => normaliseAll(bytes), 250),
          baseline: rate(() => parseAndWrite(bytes), 250),
        }),
      );
      if (round === 0) continue;
      ours.push(relay);
      theirs.push(baseline);
    }
    rows.push(rateRow(`${what} (${bytes.byteLength} bytes)`, 'bodies/s', spread(ours), spread(theirs), 0.5));
  }
  return {
    letter: 'c',
    title: 'Normalising: read the body, normalise every event, render every notification',
    rows,
    remarks: [
      'Baseline: `JSON.stringify(JSON.parse(bytes.toString()))` of the same body. A body of 1,000 events becomes 50 notifications, each with the whole body in it.',
      `${2 * rounds} rounds of a quarter of a second each way; ${takeDisturbedRounds()} were disturbed by other programs.`,
    ],
  };
}
