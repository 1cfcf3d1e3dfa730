/**
 * Makes a store of so many events with the relay's own writer, and its free-text index: `node bench/million.ts FOLDER
 * EVENTS`. A process of its own, since it needs memory that the benchmark shall not count.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPayload } from '../src/campaign-monitor/payload.ts';
import { documentedListId, sampleDeliveries } from '../src/campaign-monitor/samples.ts';
import { prepareDataDirectory } from '../src/protocol/data-directory.ts';
import { defaultSettings, destinationSchema } from '../src/protocol/settings.ts';
import { openHistory, storeFile } from '../src/relay/history/history.ts';
import { fingerprints, normalizeEvent, partsOf } from '../src/normalizer/normalize.ts';
import { Store } from '../src/relay/log/store.ts';
import type { AttemptRecord, DeliveryRecord, EventRecord } from '../src/relay/log/records.ts';

/** Events in each delivery, in turn: mostly single ones, some small batches, now and then a large one. */
const batches = [...Array.from({ length: 40 }, () => 1), ...Array.from({ length: 9 }, () => 20), 780];
/** One list in this many deliveries is the rare one. */
const rareEvery = 5000;
const lists = Array.from(
  { length: 20 },
  (_, index) => documentedListId.slice(0, 30) + index.toString(16).padStart(2, '0'),
);
export const rareList = 'f'.repeat(32);
/** A name that the first event of one in this many deliveries has. */
export const rareWord = 'zebedee';
const rareWordEvery = 97;
const types = ['Subscribe', 'Subscribe', 'Subscribe', 'Update', 'Update', 'Deactivate'] as const;
const thirtyDays = 30 * 86_400_000;

const { timeZone, mapping, identity, partSize } = defaultSettings();
const settings = { timeZone, mapping, identity };
const headers: [string, string][] = [
  ['Host', '127.0.0.1:8787'],
  ['Content-Type', 'application/json; charset=utf-8'],
  ['User-Agent', 'load'],
  ['Content-Length', '263'],
];

async function make(folder: string, total: number): Promise<void> {
  prepareDataDirectory(folder);
  const store = new Store(storeFile(folder));
  const renderSettingsId = store.destinations.internRenderSettings(settings);
  const destinationId = store.destinations.intern(
    destinationSchema.parse({ url: 'http://127.0.0.1:9/callback' }),
    () => null,
  );
  const end = Date.now();
  const begin = end - thirtyDays;
  let made = 0;
  let lastShown = 0;
  const added: Promise<void>[] = [];
  const attempts: AttemptRecord[] = [];
  for (let turn = 0; made < total; turn++) {
    const batch = Math.min(batches[turn % batches.length]!, total - made);
    const list = turn % rareEvery === 17 ? rareList : lists[turn % lists.length]!;
    const receivedAt = Math.round(begin + (thirtyDays * made) / total);
    const [sample] = sampleDeliveries({
      types: [types[turn % types.length]!, types[(turn * 7 + 1) % types.length]!],
      count: 1,
      batch,
      mixed: true,
      listId: list,
      seed: turn + 1,
      now: new Date(receivedAt),
    });
    const rare = turn % rareWordEvery === 5;
    const body = Buffer.from(rare ? sample!.text.replace('"Name":"', `"Name":"${rareWord} `) : sample!.text);
    const payload = readPayload(body, 'application/json');
    if (payload.kind !== 'events') throw new Error('a sample without events');
    const parts = partsOf(batch, partSize);
    const ids = store.reserve(batch, parts.length);
    const fingerprint = fingerprints(list);
    const events = payload.events.map((event, position): EventRecord => {
      const { object, type, address, warning } = normalizeEvent(event, settings, receivedAt);
      return {
        id: ids.firstEvent + position,
        kind: 'event',
        type,
        address,
        date: object.date,
        warning,
        fingerprint: fingerprint(event),
        notificationId: ids.firstNotification + Math.floor(position / partSize),
        duplicateOf: null,
      };
    });
    const delivery: DeliveryRecord = {
      id: ids.delivery,
      source: 'campaign-monitor',
      status: 'accepted',
      injected: false,
      onPurpose: false,
      receivedAt,
      httpStatus: 200,
      reason: null,
      list,
      signature: null,
      contentType: 'application/json; charset=utf-8',
      headers,
      body,
      bodyBytes: body.byteLength,
      truncated: false,
      json: null,
      events,
      notifications: parts.map((part, index) => ({
        id: ids.firstNotification + index,
        kind: 'normalized',
        part: index,
        parts: parts.length,
        firstEvent: part.first,
        eventCount: part.count,
        eventId: Buffer.from(`event${ids.firstNotification + index}`.padEnd(15, '-')).toString('base64url'),
        createdAt: receivedAt,
        renderSettingsId,
        forwardings: [{ destinationId, released: null, stopped: null }],
      })),
    };
    added.push(store.add(delivery));
    for (const { id } of delivery.notifications) {
      const failed = id % 400 === 0;
      attempts.push({
        notificationId: id,
        destinationId,
        number: 1,
        at: receivedAt + 20,
        durationMs: 12.5,
        status: failed ? 500 : 200,
        error: failed ? 'answered 500' : null,
        outcome: failed ? 'failed' : 'sent',
        nextAt: null,
        headers: [
          ['date', 'Thu, 15 Jan 2026 09:30:00 GMT'],
          ['content-length', '11'],
        ],
        body: Buffer.from('{"ok":true}'),
        truncated: false,
      });
    }
    made += batch;
    // Hundreds of deliveries to a commit, and their attempts to the next.
    if (turn % 400 === 399 || made >= total) {
      await Promise.all(added.splice(0));
      await Promise.all(attempts.splice(0).map((each) => store.forwardings.recordAttempt(each, each.error)));
    }
    if (made - lastShown >= 100_000) {
      lastShown = made;
      process.stderr.write(`  ${made} events stored\n`);
    }
  }
  if (store.totals.waiting > 0) throw new Error('something still waits');
  store.close();
  const history = openHistory(folder);
  const started = performance.now();
  history.follow(Infinity);
  const indexSeconds = (performance.now() - started) / 1000;
  history.close();
  process.stderr.write(`  indexed for free text in ${indexSeconds.toFixed(1)} s\n`);
  writeFileSync(join(folder, 'made.json'), JSON.stringify({ events: total, begin, end, indexSeconds }));
}

const [folder, events] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename) {
  if (folder === undefined || events === undefined) throw new Error('which folder, and how many events?');
  await make(folder, Number(events));
}
