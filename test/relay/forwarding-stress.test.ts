import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { stateCodes } from '../../src/relay/log/database.ts';
import { temporaryFolder } from './afterward.ts';
import { startReceiver, type Answer, type Receiver } from './receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';

const answers: Answer[] = [
  ...[200, 200, 204, 302, 400, 408, 429, 500, 503].map((status) => ({ status })),
  { delayMs: 5 },
  { status: 503, delayMs: 20 },
  { status: 429, headers: { 'Retry-After': '1' } },
  'reset',
  'rubbish',
  'half',
  'hang',
];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 12 }), events: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      concurrency: fc.integer({ min: 1, max: 6 }),
      strictOrder: fc.boolean(),
      both: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ restart: true as const }) },
  { weight: 1, arbitrary: fc.constant({ away: true as const }) },
  { weight: 1, arbitrary: fc.constant({ replay: true as const }) },
  { weight: 1, arbitrary: fc.constant({ discard: true as const }) },
  { weight: 1, arbitrary: fc.constant({ pause: true as const }) },
);

/** The rows of the file: how many forwardings in each state, and which of each destination were sent. */
function rowsOf(dataDir: string): {
  states: Map<number, number>;
  sent: { eventId: string; url: string }[];
  forwardings: number;
} {
  const db = new DatabaseSync(storeFile(dataDir), { readOnly: true });
  const states = new Map(
    db
      .prepare('SELECT state, count(*) AS n FROM forwardings GROUP BY state')
      .all()
      .map((row) => [Number(row['state']), Number(row['n'])] as const),
  );
  const sent = db
    .prepare(
      `SELECT n.event_id, d.config FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       JOIN destinations d ON d.id = f.destination_id WHERE f.state = ${stateCodes.sent}`,
    )
    .all()
    .map((row) => ({
      eventId: String(row['event_id']),
      url: (JSON.parse(String(row['config'])) as { url: string }).url,
    }));
  const orphans = db
    .prepare(
      'SELECT count(*) AS n FROM attempts a LEFT JOIN forwardings f USING (notification_id, destination_id) WHERE f.state IS NULL',
    )
    .get();
  assert.equal(orphans?.['n'], 0);
  const forwardings = [...states.values()].reduce((sum, each) => sum + each, 0);
  db.close();
  return { states, sent, forwardings };
}

/** The lane stood still for good: under strict order it waited for an attempt to be recorded, and looked no more. */
const stoodStill: [(typeof step extends fc.Arbitrary<infer T> ? T : never)[], (typeof answers)[number][]] = [
  [
    { deliver: 4, events: 8 },
    { away: true },
    { deliver: 11, events: 6 },
    { concurrency: 2, strictOrder: true, both: false },
    { deliver: 11, events: 7 },
    { discard: true },
    { deliver: 12, events: 5 },
    { deliver: 4, events: 6 },
    { deliver: 12, events: 6 },
    { deliver: 1, events: 4 },
  ],
  [
    ...[408, 503, 503, 400, 400, 500, 302].map((status) => ({ status })),
    ...(['reset', { status: 429, headers: { 'Retry-After': '1' } }, 'hang', 'half', { status: 408 }] as const),
    ...([{ status: 204 }, { delayMs: 5 }, { status: 200 }, 'hang'] as const),
  ],
];

describe('whatever the callbacks answer and however often the relay is restarted and reconfigured', () => {
  const runs = countRuns(6);
  it(`every notification ends sent or failed, was seen where it was sent, and the totals are those of the rows (${runs} runs)`, async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 8, maxLength: 20 }),
          fc.array(fc.constantFrom(...answers), { minLength: 5, maxLength: 30 }),
          async (steps, script) => {
            const dataDir = temporaryFolder();
            const seen = new Set<string>();
            let calm = false;
            let asked = 0;
            const answering =
              (name: string) =>
              (request: { header(name: string): string | undefined }): Answer => {
                seen.add(`${request.header('elements-webhook-id')} ${name}`);
                return calm ? {} : (script[asked++ % script.length] ?? {});
              };
            let one = await startReceiver({ answer: answering('one') });
            const two = await startReceiver({ answer: answering('two') });
            const destination = (receiver: Receiver, strictOrder: boolean) => ({
              url: receiver.url,
              timeoutMs: 100,
              strictOrder,
            });
            const start = (): Promise<TestRelay> => startTestRelay({ dataDir, delayScale: 0.002 });
            let relay = await start();
            await relay.client.request('relay/configure', {
              settings: { partSize: 4, destinations: [destination(one, false), destination(two, true)] },
            });
            let discarded = false;
            for (const each of steps) {
              if ('deliver' in each) {
                const bodies = Array.from({ length: each.deliver }, (_, seed) =>
                  sampleBody({ events: each.events, seed }),
                );
                for (const { status } of await Promise.all(bodies.map((body) => relay.deliver(body))))
                  assert.equal(status, 200);
              } else if ('concurrency' in each) {
                await relay.client.request('relay/configure', {
                  settings: {
                    concurrency: each.concurrency,
                    destinations: [destination(one, each.strictOrder), ...(each.both ? [destination(two, false)] : [])],
                  },
                });
              } else if ('restart' in each) {
                await relay.stop();
                relay = await start();
              } else if ('away' in each) {
                await one.stop();
                await relay.deliver(sampleBody());
                one = await startReceiver({ port: one.port, answer: answering('one') });
              } else if ('replay' in each) {
                await relay.client.request('notifications/replay', { filter: 'type:subscribe' });
              } else if ('discard' in each) {
                await relay.client.request('notifications/discard', { waiting: true });
                discarded = true;
              } else {
                await new Promise((resolve) => setImmediate(resolve));
              }
            }
            calm = true;
            await relay.drained(60_000);
            const { counts } = await relay.client.request('relay/status', {});
            await until(async () =>
              (await relay.client.request('relay/status', {})).destinations.every((it) => it.waiting === 0),
            );
            await relay.stop();
            const { states, sent, forwardings } = rowsOf(dataDir);
            assert.deepEqual(
              [counts.waiting + counts.held, counts.sent, counts.failed, counts.discarded],
              (['waiting', 'sent', 'failed', 'discarded'] as const).map((state) => states.get(stateCodes[state]) ?? 0),
            );
            assert.equal(counts.waiting + counts.held, 0);
            assert.equal(counts.sent + counts.failed + counts.discarded, forwardings);
            if (!discarded) assert.equal(counts.discarded, 0);
            for (const { eventId, url } of sent)
              assert.ok(seen.has(`${eventId} ${url === two.url ? 'two' : 'one'}`), `${eventId} was never seen`);
            await one.stop();
            await two.stop();
          },
        ),
        { numRuns: runs, endOnFailure: true, examples: [stoodStill] },
      );
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
    assert.deepEqual(unhandled, []);
  }).timeout(240_000);
});
