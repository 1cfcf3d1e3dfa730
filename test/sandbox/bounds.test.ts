/** What the sandbox keeps has an end. */
import assert from 'node:assert/strict';
import { documentedListId, sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import {
  SubscriberList,
  addSubscriber,
  importSubscribers,
  takeOver,
} from '../../src/sandbox/campaign-monitor/subscribers.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import type { PostRecord } from '../../src/sandbox/posting-queue.ts';
import { PostingQueue } from '../../src/sandbox/posting-queue.ts';
import { Workplace } from '../cli/harness.ts';
import type { Harness } from './harness.ts';
import { call, residentBytes, startHarness } from './harness.ts';
import type { Platform } from './open-connectors/platform.ts';
import { platformOf } from './open-connectors/platform.ts';

describe("the sandbox's bounds", () => {
  let harness: Harness;
  let platform: Platform;
  before(async () => {
    harness = await startHarness({ randomCredentials: true });
    platform = platformOf(harness);
  });
  after(() => harness.close());

  /** Does something until it is refused. @returns how often it was not, and the refusal */
  async function untilRefused(
    most: number,
    attempt: () => Promise<{ status: number; text: string }>,
  ): Promise<{ done: number; status: number; text: string }> {
    for (let done = 0; done <= most; done++) {
      const { status, text } = await attempt();
      if (status >= 400) return { done, status, text };
    }
    throw new Error(`not refused ${most} times`);
  }

  it('end the webhooks that are kept', async () => {
    const webhook = { Events: ['Update'], Url: 'http://127.0.0.1:9/', PayloadFormat: 'json' };
    const path = `/lists/${documentedListId}/webhooks.json`;
    const webhooks = await untilRefused(5000, () => harness.api('POST', path, webhook));
    assert.deepEqual([webhooks.done, webhooks.status], [5000, 400]);
    const long = { ...webhook, Url: `http://127.0.0.1:9/${'a'.repeat(5000)}` };
    assert.match((await harness.api('POST', path, long)).text, /601/);
  }).timeout(60_000);

  it('end the instances', async () => {
    const configuration = { username: harness.sandbox.credentials.campaignMonitor.apiKey };
    const body = { element: { key: 'campaignmonitor' }, configuration, name: 'Many' };
    const refused = await untilRefused(500, () => platform.api('POST', '/instances', body));
    assert.deepEqual([refused.done, refused.status], [500, 400]);
    assert.equal((await platform.control('DELETE', '/instances')).status, 204);
    assert.equal((await platform.api('POST', '/instances', body)).status, 200);
  }).timeout(60_000);

  it('end the subscribers of a list, and say so in an import', () => {
    const list = new SubscriberList();
    for (let i = 0; i < 100_000; i++) addSubscriber(list, { EmailAddress: `a${i}@example.org` }, false);
    assert.throws(() => addSubscriber(list, { EmailAddress: 'b@example.org' }, false), /limit for subscribers/);
    assert.equal(addSubscriber(list, { EmailAddress: 'A7@example.org', Name: 'Ada' }, false)[0]?.Type, 'Update');
    const { result, events } = importSubscribers(list, {
      Subscribers: [{ EmailAddress: 'a8@example.org' }, { EmailAddress: 'b@example.org' }],
      Resubscribe: false,
    });
    assert.deepEqual([events.length, result.TotalNewSubscribers, result.TotalExistingSubscribers], [1, 0, 1]);
    assert.match(result.FailureDetails[0]?.Message ?? '', /limit for subscribers/);

    const [delivery] = sampleDeliveries({ types: ['Subscribe'], count: 1, batch: 5 });
    assert.ok(delivery);
    takeOver(list, delivery.body.Events);
    assert.equal(list.values().length, 100_000);
  });

  it('end what waits to be posted, in number and in bytes, and what is over is discarded', () => {
    for (const [bytes, most] of [
      [1, 20_000],
      [16 * 1024 * 1024, 4],
    ] as const) {
      const queue = new PostingQueue<PostRecord>(() => []);
      const records = Array.from({ length: most + 10 }, () => queue.newRecord());
      for (const record of records) {
        queue.add({
          record,
          bytes,
          lane: 'one',
          isWanted: () => true,
          post: () => new Promise(() => undefined),
          changed: () => undefined,
        });
      }
      assert.ok(queue.isFull);
      assert.deepEqual(
        [queue.waiting, records.filter(({ state }) => state === 'discarded').length, records.at(-1)?.state],
        [most, 10, 'discarded'],
      );
      queue.close();
    }
  });

  it('hold in a process that takes delivery after delivery for a callback that is down', async () => {
    const place = new Workplace();
    try {
      const line = await place.startProcess(['sandbox', '--json', '--random-credentials']).line(() => true);
      const { openConnectorsApi, campaignMonitorApi, credentials, pid } = JSON.parse(line) as {
        openConnectorsApi: string;
        campaignMonitorApi: string;
        credentials: SandboxCredentials;
        pid: number;
      };
      const { apiKey } = credentials.campaignMonitor;
      const { userSecret, organizationSecret } = credentials.openConnectors;
      const headers = {
        authorization: `User ${userSecret}, Organization ${organizationSecret}`,
        'content-type': 'application/json',
      };
      const configuration = {
        username: apiKey,
        'event.notification.enabled': true,
        'event.notification.callback.url': 'http://127.0.0.1:9/',
        'events.list.ids': documentedListId,
      };
      const body = { element: { key: 'campaignmonitor' }, configuration, name: 'Down' };
      const made = await call('POST', `${openConnectorsApi}/instances`, body, headers);
      const { id } = made.body as { id: number };
      const hooks = await call('GET', `${campaignMonitorApi}/lists/${documentedListId}/webhooks.json`, undefined, {
        authorization: `Basic ${Buffer.from(`${apiKey}:x`).toString('base64')}`,
      });
      const [hook] = hooks.body as { Url: string }[];
      const many = JSON.stringify({ ListID: documentedListId, Events: Array.from({ length: 10_001 }, () => ({})) });
      assert.equal((await call('POST', hook?.Url ?? '', many)).status, 413);
      const event = {
        Type: 'Subscribe',
        EmailAddress: 'a@example.org',
        CustomFields: [{ Key: 'k', Value: 'x'.repeat(4000) }],
      };
      const delivery = JSON.stringify({ ListID: documentedListId, Events: Array.from({ length: 1000 }, () => event) });
      const statuses = new Map<number, number>();
      for (let i = 0; i < 60; i++) {
        const { status } = await call('POST', hook?.Url ?? '', delivery);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      assert.ok((statuses.get(200) ?? 0) > 10 && (statuses.get(503) ?? 0) > 20, JSON.stringify([...statuses]));
      const events = await call('GET', `${openConnectorsApi}/instances/${id}/events`, undefined, headers);
      assert.ok(events.status === 200 && events.text.length < 16_000_000);
      assert.ok(residentBytes(pid) < 600_000_000, `${residentBytes(pid)} bytes are held`);
    } finally {
      await place.close();
    }
  }).timeout(120_000);
});
