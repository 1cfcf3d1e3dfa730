import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sign } from '../../src/open-connectors/signature.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { SampleReceiver } from '../../src/relay/sample-receiver.ts';
import { failReading } from './failing-statements.ts';
import { startReceiver } from './receiver.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';

const remembered = ({ dataDir }: TestRelay): string => readFileSync(join(dataDir, 'relay.json'), 'utf8');

/** What the store says of the destinations of the settings. */
function destinationsIn({ dataDir }: TestRelay): unknown[] {
  const db = new DatabaseSync(storeFile(dataDir), { readOnly: true });
  try {
    return db.prepare('SELECT * FROM destinations WHERE position IS NOT NULL ORDER BY id').all();
  } finally {
    db.close();
  }
}

describe('Settings that cannot all be kept', () => {
  /** Each change of these is told from what was before by a delivery, the status or the data directory. */
  async function assertNothingChanged(
    relay: TestRelay,
    change: (other: string) => object,
    error: RegExp,
    spoil: () => void = () => undefined,
    fix: () => void = () => undefined,
  ): Promise<void> {
    const [one, two] = [await startReceiver(), await startReceiver()];
    await relay.client.request('relay/configure', {
      settings: { partSize: 2, destinations: [{ url: one.url, signatureKeyName: 'k' }] },
      secrets: { signatureKeys: { k: 'right' } },
    });
    const before = await relay.client.request('relay/status', {});
    const kept = [remembered(relay), destinationsIn(relay)];
    spoil();
    await assert.rejects(
      relay.client.request('relay/configure', {
        settings: {
          partSize: 1,
          maxBodyBytes: 1024,
          tunnel: { kind: 'fixed', url: 'http://127.0.0.1:9/' },
          ...change(two.url),
        },
        secrets: { signatureKeys: { k: 'wrong' }, verifyKeys: { v: 'unknown' } },
      }),
      (thrown: Error & { next?: string }) => {
        assert.match(thrown.message, /^the settings were not changed: /);
        assert.match(thrown.message, error);
        assert.ok((thrown.next ?? '').length > 10, 'it says what to do next');
        return true;
      },
    );
    fix();
    const after = await relay.client.request('relay/status', {});
    assert.deepEqual(after.settings, before.settings);
    assert.deepEqual(after.destinations, before.destinations);
    assert.deepEqual(after.missingKeys, before.missingKeys);
    assert.equal(after.tunnel.kind, 'none');
    assert.deepEqual([remembered(relay), destinationsIn(relay)], kept);
    const answer = await send(relay.openConnectorsUrl, {
      body: '{"message":{"events":[]}}',
      headers: { 'Elements-Webhook-Signature': 'sha256=any' },
    });
    assert.equal(answer.status, 200);
    const [passed] = await one.received(1);
    assert.equal(passed?.text, '{"message":{"events":[]}}');
    assert.equal((await relay.client.request('events/get', { id: 'e1' })).delivery.signature, 'unchecked');
    assert.equal((await relay.deliver(sampleBody({ events: 4 }))).status, 200, 'larger than it would have been');
    await one.received(3);
    assert.equal(two.requests.length, 0);
    for (const request of one.requests.slice(1)) {
      assert.equal(request.header('elements-webhook-signature'), sign(request.body, 'right'));
    }
  }

  it('leave everything as it was where the disk is full', async () => {
    const relay = await startTestRelay({ maxStorePages: 60 });
    const headers = { 'X-Large': 'x'.repeat(1_000_000) };
    await assertNothingChanged(
      relay,
      (url) => ({ destinations: [{ url }, { url, headers, mode: 'raw' }] }),
      /disk .* is full/,
    );
  });

  it('leave everything as it was where what is remembered cannot be written', async () => {
    const relay = await startTestRelay();
    const inTheWay = join(relay.dataDir, `relay.json.${process.pid}`);
    await assertNothingChanged(
      relay,
      (url) => ({ destinations: [{ url }] }),
      /relay\.json/,
      () => mkdirSync(inTheWay),
    );
    rmdirSync(inTheWay);
    const { settings } = await relay.client.request('relay/configure', { settings: { partSize: 7 } });
    assert.equal(settings.partSize, 7, 'and are taken when they can be');
  });

  it('leave everything as it was where what is remembered cannot be put in its place', async () => {
    const relay = await startTestRelay();
    const place = join(relay.dataDir, 'relay.json');
    const aside = join(relay.dataDir, 'aside');
    await assertNothingChanged(
      relay,
      (url) => ({ destinations: [{ url }] }),
      /cannot write relay\.json/,
      () => {
        renameSync(place, aside);
        mkdirSync(place);
      },
      () => {
        rmdirSync(place);
        renameSync(aside, place);
      },
    );
  });

  it('leave everything as it was where a proxy does not work', async () => {
    const relay = await startTestRelay();
    const { HTTP_PROXY: before } = process.env;
    try {
      await assertNothingChanged(
        relay,
        () => ({ destinations: [{ url: 'http://callback.example/' }] }),
        /proxy does not work/,
        () => (process.env['HTTP_PROXY'] = 'http://user:%zz@127.0.0.1:9/'),
      );
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = before;
    }
  });
});

describe('Settings that are changed while what waits cannot be read', () => {
  it('are in force, and what waits is sent by them when it can be', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ delayScale: 0.01 });
    const configure = (secrets: object) =>
      relay.client.request('relay/configure', {
        settings: { destinations: [{ url: receiver.url, signatureKeyName: 'k' }] },
        secrets,
      });
    await configure({});
    await relay.deliver(sampleBody());
    const fault = failReading(/FROM forwardings/);
    await configure({ signatureKeys: { k: 'right' } });
    const { missingKeys } = await relay.client.request('relay/status', {});
    assert.deepEqual(missingKeys, []);
    assert.ok(fault.met > 0);
    assert.equal(receiver.requests.length, 0);
    fault.fix();
    const [request] = await receiver.received(1);
    assert.equal(request?.header('elements-webhook-signature'), sign(request!.body, 'right'));
  });
});

describe('Settings that a relay starts with', () => {
  it('are in force before anything can come, also where their receiver takes long to be there', async () => {
    const settings = { destinations: [{ id: 'sample-receiver', url: 'http://127.0.0.1/', sample: 'ok' as const }] };
    const first = await startTestRelay({ settings });
    const { dataDir, port, campaignMonitorUrl } = first;
    await first.stop();
    const receiver: { placed: (this: SampleReceiver, asked: Settings) => Promise<Settings> } = SampleReceiver.prototype;
    const { placed } = receiver;
    const meanwhile: unknown[] = [];
    receiver.placed = async function (asked) {
      const made = await placed.call(this, asked);
      meanwhile.push(await send(campaignMonitorUrl, { body: sampleBody() }).catch((error: unknown) => error));
      return made;
    };
    try {
      const relay = await startTestRelay({ dataDir, port });
      assert.match(String(meanwhile[0]), /ECONNREFUSED/);
      await relay.deliver(sampleBody());
      const { events } = await relay.client.request('events/query', {});
      assert.deepEqual(
        events.map(({ forwardings }) => forwardings.length),
        [1],
      );
    } finally {
      receiver.placed = placed;
    }
  });
});
