import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { maskedValue } from '../../../src/common/masking.ts';
import { destinationSchema, settingsSchema, type Destination } from '../../../src/protocol/settings.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { Renderer, Buffers, type FreshDelivery, type KnownSecrets } from '../../../src/relay/sending/render.ts';
import { Store } from '../../../src/relay/log/store.ts';
import type { StoredNotification } from '../../../src/relay/log/stored.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { deliveryRecord } from '../records.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import fc from 'fast-check';

const nobody: KnownSecrets = { signatureKeys: new Map(), credentials: new Map() };

function openStore(): Store {
  const store = new Store(join(temporaryFolder(), 'store.sqlite'));
  afterward(() => store.close());
  return store;
}

const { timeZone, mapping, identity } = settingsSchema.parse({});

function stored(deliveryId: number, rest: Partial<StoredNotification> = {}): StoredNotification {
  return {
    id: deliveryId,
    deliveryId,
    kind: 'normalized',
    part: 0,
    parts: 1,
    firstEvent: 0,
    eventCount: 1,
    eventId: 'abc',
    createdAt: 0,
    settings: { timeZone, mapping, identity },
    ...rest,
  };
}

function fresh(body: Buffer, rest: Partial<FreshDelivery> = {}): FreshDelivery {
  return {
    source: 'campaign-monitor',
    receivedAt: 0,
    contentType: 'application/json',
    headers: [['Content-Type', 'application/json']],
    body,
    json: null,
    objects: null,
    ...rest,
  };
}

const to = (rest: object = {}): Destination => destinationSchema.parse({ url: 'http://127.0.0.1/', ...rest });

describe('a notification as it is sent', () => {
  it('passes on every header but those of one hop, of the wire, and masked ones', () => {
    const renderer = new Renderer(openStore().stored);
    const kept: [string, string][] = [
      ['X-One', '1'],
      ['x-one', '2'],
      ['Content-Type', 'text/xml'],
      ['User-Agent', 'vendor'],
      ['Authorization', 'Basic abc'],
    ];
    const dropped = [
      ...['Connection', 'Keep-Alive', 'Transfer-Encoding', 'TE', 'Trailer', 'Upgrade', 'Host', 'Content-Length'],
      ...['Content-Encoding', 'Accept-Encoding', 'Expect', 'Proxy-Connection', 'Proxy-Authorization'],
    ].map((name): [string, string] => [name, 'x']);
    const headers = [...dropped.slice(0, 5), ...kept, ...dropped.slice(5), ['Cookie', maskedValue] as [string, string]];
    for (const kind of ['raw', 'platform'] as const) {
      renderer.keep(1, fresh(Buffer.from('anything'), { headers }));
      const outgoing = renderer.renderStored(stored(1, { kind }), to({ mode: 'raw' }), nobody);
      assert.deepEqual(outgoing, { headers: kept, body: Buffer.from('anything'), withheld: ['Cookie'] });
    }
  });

  it('is the vendor’s bytes for a raw destination, whatever it was made for', () => {
    const renderer = new Renderer(openStore().stored);
    const body = Buffer.from(sampleBody());
    renderer.keep(1, fresh(body));
    assert.equal(renderer.renderStored(stored(1), to({ mode: 'raw' }), nobody)?.body, body);
    assert.notEqual(renderer.renderStored(stored(1), to(), nobody)?.body, body);
  });

  for (const objects of [[], null]) {
    it(`keeps in memory no more than its bound, however much comes, ${objects === null ? 'not yet' : ''} made`, () => {
      const renderer = new Renderer(openStore().stored);
      const body = Buffer.from(sampleBody({ events: 1000 }));
      const count = Math.ceil(100_000_000 / body.length);
      for (let id = 1; id <= count; id++) renderer.keep(id, fresh(Buffer.from(body), { objects }));
      const inMemory = Array.from({ length: count }, (_, index) =>
        renderer.renderStored(stored(index + 1, { kind: 'raw' }), to(), nobody),
      ).filter((each) => each !== undefined).length;
      assert.ok(inMemory > 0);
      assert.ok(inMemory * body.length < 34_000_000, `${inMemory * body.length}`);
    });
  }

  it('has its sender’s credentials, of the latest eight million characters of them', async () => {
    const store = openStore();
    const renderer = new Renderer(store.stored);
    for (let id = 1; id <= 20; id++) {
      await store.add(deliveryRecord(store, { headers: [['Authorization', maskedValue]] }));
      renderer.keepCredentials(id, [['Authorization', `Bearer ${id} ${'x'.repeat(1_000_000)}`]]);
    }
    const known = Array.from({ length: 20 }, (_, index) => index + 1).filter((id) => {
      const sent = renderer.renderStored(stored(id, { kind: 'raw' }), to(), nobody);
      return sent?.headers.some(([, value]) => value.startsWith(`Bearer ${id} `)) === true;
    });
    assert.deepEqual(known, [13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('takes the event objects that were made when it was received, and makes them once where there are none', () => {
    const renderer = new Renderer(openStore().stored);
    const body = Buffer.from(sampleBody({ events: 3 }));
    const delivery = fresh(body);
    renderer.keep(1, delivery);
    const parts = [0, 1, 2].map((firstEvent) => stored(1, { firstEvent }));
    const sent = parts.map((part) => renderer.renderStored(part, to(), nobody)?.body.toString());
    const made = delivery.objects;
    assert.equal(made?.length, 3);
    assert.equal(new Set(sent).size, 3);
    assert.deepEqual(
      parts.map((part) => renderer.renderStored(part, to(), nobody)?.body.toString()),
      sent,
    );
    assert.equal(delivery.objects, made);
    renderer.keep(2, fresh(body, { objects: made.map((each) => ({ ...each, objectId: 'made at reception' })) }));
    assert.match(renderer.renderStored(stored(2), to(), nobody)?.body.toString() ?? '', /"made at reception"/);
  });

  it('is the same from memory and from disk', async () => {
    const receiver = await startReceiver({ answer: 'hang' });
    const relay = await startTestRelay({ settings: { partSize: 3, destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody({ events: 8 }));
    const before = await Promise.all(['n1', 'n2', 'n3'].map((id) => relay.rendered(id)));
    await relay.stop();
    const db = new DatabaseSync(storeFile(relay.dataDir), { readOnly: true });
    assert.equal(db.prepare('SELECT count(*) AS n FROM deliveries').get()?.['n'], 1);
    db.close();
    const store = new Store(storeFile(relay.dataDir));
    afterward(() => store.close());
    const renderer = new Renderer(store.stored);
    for (const [index, outgoing] of before.entries())
      assert.deepEqual(renderer.render(index + 1, to(), nobody), { ...outgoing, withheld: [] });
  });
});

describe('memory that is used in turn', () => {
  it('is kept up to a bound, and what is small or very large not at all', () => {
    const buffers = new Buffers();
    const kept = (): number => buffers.kept;
    for (const bytes of [1000, 10_000_000]) buffers.giveBack(buffers.take(bytes));
    assert.equal(kept(), 0);
    const taken = Array.from({ length: 100 }, () => buffers.take(200_000));
    for (const each of taken) buffers.giveBack(each);
    assert.ok(kept() > 3_000_000 && kept() <= 4_194_304, String(kept()));
  });

  it('is never anybody’s who has not given it back, whatever is taken and given back', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({ giveBack: fc.nat({ max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffers = new Buffers();
        const taken: { bytes: Buffer; mark: number }[] = [];
        for (const [mark, each] of steps.entries()) {
          if ('take' in each) {
            const bytes = buffers.take(each.take);
            assert.equal(bytes.byteLength, each.take);
            taken.push({ bytes: bytes.fill(mark), mark });
          } else {
            const [given] = taken.splice(each.giveBack % (taken.length + 1), 1);
            if (given !== undefined) buffers.giveBack(given.bytes);
          }
          for (const { bytes, mark: own } of taken) {
            assert.ok(bytes.every((byte) => byte === own));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
