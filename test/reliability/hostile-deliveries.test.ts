import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { processorTime } from '../../bench/processes.ts';
import type { Params } from '../../src/protocol/methods.ts';
import { connectToRelay, type RelayClient } from '../../src/protocol/relay-client.ts';
import type { Status } from '../../src/protocol/status.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { isLong, itLong, readAmount } from '../long.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { highestMemory, readyRelay } from '../relay/processes.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send, type HttpAnswer } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';

/**
 * What the relay’s process may take, whatever it is sent: resident memory, in bytes. In twenty runs
 * it took 319 to 393 MB.
 */
const mostResident = 600_000_000;
/** What one of these deliveries may take of the processor, in milliseconds: an order of magnitude more than it does here. */
const mostMs = 10_000;
const largest = 5_242_880;

/** Generated deliveries. */
const generated = readAmount('MALFORMED_REQUESTS', 500, 100_000) / 50;

interface Hostile {
  readonly what: string;
  readonly place?: 'campaign-monitor' | 'open-connectors';
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** How much may be kept of it, in bytes. */
  readonly kept: number;
  /** Tried in the long form alone: another of its kind is tried in both. */
  readonly inLong?: true;
}

const brotli = (text: string): Buffer => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
const unfolds = { 'Content-Encoding': 'br' };
const filled = (before: string, part: string, after: string): string =>
  before + part.repeat(Math.floor((largest - before.length - after.length) / part.length)) + after;
const withEvents = (count: number, event: string, list = 'l'): string =>
  `{"ListID":"${list}","Events":[${Array.from({ length: count }, () => event).join(',')}]}`;
const onlyHead = 150_000;

const all: readonly Hostile[] = [
  {
    what: 'a few bytes that unfold to 1.7 million events',
    body: brotli(filled('{"Events":[', '{},', '{}]}')),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'a few bytes that unfold to millions of events that are none',
    inLong: true,
    body: brotli(filled('{"Events":[', '1,', '1]}')),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'a few bytes that unfold to millions of values in one event',
    inLong: true,
    body: brotli(filled('{"Events":[{"CustomFields":[', '[],', '[]]}]}')),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'a few bytes that unfold to more than a body may have',
    body: brotli(filled('{"Events":[', ' '.repeat(1000), ']}').repeat(4)),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'one event more than are taken',
    body: withEvents(10_001, '{}'),
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'as many events as are taken',
    body: withEvents(10_000, '{}'),
    status: 200,
    kept: 10_000_000,
  },
  {
    what: 'a list of 500,000 characters with 500 events',
    inLong: true,
    body: brotli(withEvents(500, '{}', 'l'.repeat(500_000))),
    headers: unfolds,
    status: 200,
    kept: 2_000_000,
  },
  {
    what: 'a list of five million characters with 1,000 events',
    body: withEvents(1000, '{}', 'l'.repeat(5_000_000)),
    status: 200,
    kept: 8_000_000,
  },
  {
    what: 'a type and an address of two million characters each',
    inLong: true,
    body: withEvents(2, `{"Type":"${'t'.repeat(1_000_000)}","EmailAddress":"${'a'.repeat(1_000_000)}"}`),
    status: 200,
    kept: 5_000_000,
  },
  {
    what: 'parts that come to gigabytes',
    body: withEvents(10_000, `{"EmailAddress":"${'a'.repeat(450)}"}`),
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'brackets nested 300,000 deep',
    body: `{"Events":[{"CustomFields":${'['.repeat(300_000)}${']'.repeat(300_000)}}]}`,
    status: 200,
    kept: 1_000_000,
  },
  {
    what: 'brackets nested deeper than they are read',
    inLong: true,
    body: '['.repeat(largest),
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'one object with 300,000 keys',
    body: brotli(
      `{"Events":[{}]${Array.from({ length: 300_000 }, (_, index) => `,"${index.toString(36)}":1`).join('')}}`,
    ),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'UTF-16 that holds millions of values',
    body: Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from(filled('{"Events":[', '{},', '{}]}'), 'utf16le'),
    ]).subarray(0, largest),
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'XML of 1.3 million elements',
    body: brotli(filled('<r>', '<a/>', '</r>')),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'XML of 250,000 events',
    inLong: true,
    body: `<r><Events>${'<Event/>'.repeat(250_000)}</Events></r>`,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'XML whose one element has 60,000 attributes',
    inLong: true,
    body: `<r ${Array.from({ length: 60_000 }, (_, index) => `a${index}=""`).join(' ')}><Events><Event/></Events></r>`,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'XML whose one element has half a million attributes',
    inLong: true,
    body: `<r ${Array.from({ length: 400_000 }, (_, index) => `a${index}=""`).join(' ')}><Events><Event/></Events></r>`,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'XML of one text that JSON writes six times as long',
    inLong: true,
    body: `<r><Events><Event><Type>${'"'.repeat(5_000_000)}</Type></Event></Events></r>`,
    status: 200,
    kept: 17_000_000,
  },
  {
    what: 'a notification with one event more than are taken',
    inLong: true,
    place: 'open-connectors',
    body: `{"message":{"events":[${Array.from({ length: 10_001 }, () => '{}').join(',')}]}}`,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'a notification of millions of events that are none',
    inLong: true,
    place: 'open-connectors',
    body: brotli(filled('{"response":{"events":[', '1,', '1]}}')),
    headers: unfolds,
    status: 413,
    kept: onlyHead,
  },
  {
    what: 'a notification whose every text is long',
    place: 'open-connectors',
    body: JSON.stringify({
      message: {
        eventId: 'i'.repeat(1_000_000),
        raw: { ListID: 'l'.repeat(1_000_000) },
        events: Array.from({ length: 10_000 }, () => ({
          eventType: 't'.repeat(200),
          objectId: '',
          date: 'd'.repeat(60),
        })),
      },
    }),
    status: 200,
    kept: 20_000_000,
  },
  {
    what: 'a notification of 10,000 events, whose text is searched for each',
    inLong: true,
    place: 'open-connectors',
    body: JSON.stringify({
      message: { note: 'word '.repeat(800_000), events: Array.from({ length: 10_000 }, () => ({ objectId: 'o' })) },
    }),
    status: 200,
    kept: 20_000_000,
  },
];

const hostile = all.filter(({ inLong }) => isLong || inLong !== true);

/** How many as large as may be come one after the other. */
const largeBodies = 60;

/** Resident memory of a process at its most since it was last asked, in bytes; null where the system does not tell. */
function peakMemory(pid: number): number | null {
  const peak = highestMemory(pid);
  if (peak !== null) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return peak;
}

function bytesIn(folder: string): number {
  return readdirSync(folder)
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

/** What the log holds, as its file says: the pages that are not free. */
function bytesOfLog(dataDir: string): number {
  const db = new DatabaseSync(storeFile(dataDir), { readOnly: true });
  try {
    const pages = db.prepare(
      'SELECT page_count - freelist_count AS n FROM pragma_page_count(), pragma_freelist_count()',
    );
    return Number(pages.get()?.['n']) * 4096;
  } finally {
    db.close();
  }
}

class Attacked {
  readonly #dataDir: string;
  readonly #pid: number;
  readonly #url: string;
  readonly client: RelayClient;

  private constructor(dataDir: string, pid: number, url: string, client: RelayClient) {
    this.#dataDir = dataDir;
    this.#pid = pid;
    this.#url = url;
    this.client = client;
  }

  /** @param receiver where it forwards to */
  static async start(receiver: Receiver, settings: Params<'relay/configure'>['settings'] = {}): Promise<Attacked> {
    const dataDir = temporaryFolder();
    const { pid, url } = await readyRelay(['--data-dir', dataDir]);
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    // It is told everything, as the extension is.
    client.on('event/added', () => undefined);
    await client.request('relay/configure', { settings: { destinations: [{ url: receiver.url }], ...settings } });
    return new Attacked(dataDir, pid, url, client);
  }

  /** Sends one, and holds what it cost against what it may. */
  async take({ what, place = 'campaign-monitor', body, headers, status, kept }: Hostile): Promise<void> {
    // What came before is sent and recorded, so that it does not count as this one's.
    await until(async () => (await this.status()).counts.waiting === 0, 60_000);
    const before = await this.status();
    const logBefore = bytesOfLog(this.#dataDir);
    const began = processorTime(this.#pid) ?? 0;
    const answer = await this.post(place, body, headers?.['Content-Encoding'] ?? 'identity');
    const took = (processorTime(this.#pid) ?? 0) - began;
    assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 200)}`);
    if (status !== 200) assert.match(answer.text, /^[^\n]{10,200}\n$/, what);
    assert.ok(took < mostMs, `${what} took ${took} ms`);
    const after = await this.status();
    assert.equal(after.counts.deliveries, before.counts.deliveries + 1, `${what} is recorded`);
    const grown = bytesOfLog(this.#dataDir) - logBefore;
    assert.ok(grown < kept, `of ${what} ${grown} bytes are kept`);
    this.assertSmall(what);
  }

  post(
    place: string,
    body: string | Buffer,
    coding: string,
    headers: Readonly<Record<string, string | string[]>> = {},
  ): Promise<HttpAnswer> {
    return send(this.#url.replace(/[^/]+$/, place), {
      body,
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': coding, ...headers },
    });
  }

  async status(): Promise<Status> {
    return this.client.request('relay/status', {});
  }

  assertSmall(what: string): void {
    const peak = peakMemory(this.#pid);
    if (peak !== null) assert.ok(peak < mostResident, `${what}: ${peak} bytes of memory`);
  }

  /** It takes, shows and finds a delivery as ever. */
  async assertWell(): Promise<void> {
    const genuine = await send(this.#url, { body: sampleBody({ events: 1000 }) });
    assert.equal(genuine.status, 200, genuine.text);
    for (const filter of ['', 'example', 'kind:rejected', `list:${'l'.repeat(900)}`]) {
      let before: string | undefined;
      do {
        const page = await this.client.request('events/query', { filter, limit: 1000, ...(before && { before }) });
        before = page.next ?? undefined;
      } while (before !== undefined);
    }
    this.assertSmall('looking at all of it');
  }

  /** The disk that its files take, in bytes. */
  get disk(): number {
    return bytesIn(this.#dataDir);
  }
}

describe('Hostile deliveries to the relay’s own process', function () {
  this.timeout(300_000 + generated * 5000);

  it('are taken or refused at once, each within its bounds of memory, disk and time', async () => {
    const receiver = await startReceiver();
    const relay = await Attacked.start(receiver);
    const told: number[] = [];
    relay.client.on('event/added', ({ deliveries }) => told.push(JSON.stringify(deliveries).length));
    for (const each of hostile) await relay.take(each);
    await relay.assertWell();
    assert.ok(relay.disk < 400_000_000, `${relay.disk} bytes of disk`);
    // Reading them loses no connection either.
    const { events } = await relay.client.request('events/query', { limit: 1000 });
    for (const id of new Set(events.map((event) => event.deliveryId))) {
      await relay.client.request('deliveries/get', { id });
      await relay.client.request('events/get', { id });
    }
    assert.ok(told.length > 0 && Math.max(...told) < 8_000_000, `a message of ${Math.max(...told)} characters`);
    relay.assertSmall('showing them');
  });

  itLong(
    'that are as large as they may be, one after the other, are indexed and forwarded within the same memory',
    async () => {
      const relay = await Attacked.start(await startReceiver());
      for (let index = 0; index < largeBodies; index++) {
        await relay.take({
          what: 'a large body',
          body: `{"ListID":"l","Events":[${Array.from({ length: 25 }, () => `{"Name":"${'x y '.repeat(50_000)}"}`).join(',')}]}`,
          status: 200,
          kept: 5_100_000,
        });
      }
      // With the index, which comes a moment later: a tenth more.
      const whole = await until(async () => {
        const { counts, index } = await relay.status();
        return index.of > 0 && index.events === index.of && counts;
      });
      assert.ok(whole.storedBytes < largeBodies * 5_600_000, `${whole.storedBytes} bytes are kept`);
      await relay.assertWell();
    },
  );

  it('of any shape do no harm', async () => {
    const relay = await Attacked.start(await startReceiver());
    const text = fc.constantFrom('', 'x', '"', '\u0000', '💥', '\ud800', '<a b="c">', ',[{', 'a@b.c');
    const long = fc
      .tuple(text, fc.constantFrom(1, 10, 1000, 100_000, 400_000))
      .map(([part, count]) => part.repeat(count));
    const leaf = fc.oneof(long, fc.integer(), fc.constant(null), fc.boolean());
    const nested = fc.tuple(fc.constantFrom(1, 100, 100_000), leaf).map(([depth, value]) => {
      const inside = JSON.stringify(value);
      return `${'[{"a":'.repeat(depth)}${inside}${'}]'.repeat(depth)}`;
    });
    const field = fc.oneof(
      leaf.map((value) => JSON.stringify(value)),
      nested,
    );
    const event = fc
      .dictionary(
        fc.constantFrom('Type', 'Date', 'EmailAddress', 'CustomFields', '__proto__', 'State', 'events'),
        field,
      )
      .map(
        (fields) =>
          `{${Object.entries(fields)
            .map(([name, value]) => `"${name}":${value}`)
            .join(',')}}`,
      );
    const delivery = fc.record({
      list: fc.oneof(field, fc.constant('"l"')),
      event,
      count: fc.constantFrom(0, 1, 20, 1000, 10_000, 200_000),
      place: fc.constantFrom('campaign-monitor' as const, 'open-connectors' as const),
      coding: fc.constantFrom('identity', 'gzip', 'br'),
    });
    await fc.assert(
      fc.asyncProperty(delivery, async ({ list, event: one, count, place, coding }) => {
        const most = Math.max(1, Math.min(count, Math.floor(20_000_000 / (one.length + 1))));
        const events = `[${Array.from({ length: count === 0 ? 0 : most }, () => one).join(',')}]`;
        const plain =
          place === 'campaign-monitor'
            ? `{"ListID":${list},"Events":${events}}`
            : `{"message":{"raw":{"ListID":${list}},"events":${events}}}`;
        const body = coding === 'br' ? brotli(plain) : coding === 'gzip' ? gzipSync(plain) : Buffer.from(plain);
        const answer = await relay.post(place, body, coding);
        assert.ok([200, 400, 413].includes(answer.status), `${answer.status}: ${answer.text}`);
        relay.assertSmall(`${plain.slice(0, 100)} … ${plain.length}`);
      }),
      { numRuns: generated, endOnFailure: true },
    );
    await relay.assertWell();
    assert.ok(relay.disk < 1_500_000_000, `${relay.disk} bytes of disk`);
  });

  it('with headers of any kind are taken, or refused in one line, and kept within a bound', async () => {
    const relay = await Attacked.start(await startReceiver());
    const known = [
      'Content-Type',
      'Content-Encoding',
      'Expect',
      'Authorization',
      'Cookie',
      'Elements-Webhook-Signature',
      'X-Forwarded-For',
      'Upgrade',
      'Connection',
      'TE',
      '__proto__',
      'constructor',
    ];
    const name = fc.oneof(fc.constantFrom(...known), fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/));
    const value = fc
      .tuple(
        fc.oneof(
          fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff\t]{0,60}[\x21-\x7e\x80-\xff])?$/),
          fc.constant(''),
        ),
        fc.constantFrom(1, 1, 1, 20, 100),
      )
      .map(([text, count]) => text.repeat(count));
    const headers = fc.array(fc.tuple(name, value), { maxLength: 60 });
    const taken = new Set(['content-length', 'transfer-encoding', 'host']);
    let posted = 0;
    const before = await relay.status();
    await fc.assert(
      fc.asyncProperty(headers, async (pairs) => {
        const sent: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
        for (const [each, text] of pairs) if (!taken.has(each.toLowerCase())) (sent[each] ??= []).push(text);
        // Where Node refuses them itself, or the sender's client does, nothing is recorded.
        const answer = await relay.post('campaign-monitor', sampleBody(), 'identity', sent).catch(() => null);
        if (answer !== null) assert.ok([200, 400, 413, 431].includes(answer.status), `${answer.status} ${answer.text}`);
        assert.match(answer?.text ?? '', /^[^\n]{0,300}\n?$/);
        posted += 1;
        relay.assertSmall('headers');
      }),
      { numRuns: generated * 3, endOnFailure: true },
    );
    // On average: the index grows in steps, when it joins what it has.
    const { counts } = await relay.status();
    assert.ok(counts.storedBytes - before.counts.storedBytes < posted * 100_000);
    await relay.assertWell();
  });
});
