/** What the sandbox is still to post has a limit. */
import assert from 'node:assert/strict';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import { PostingQueue, type PostRecord } from '../../src/sandbox/posting-queue.ts';
import { Workplace } from '../cli/harness.ts';
import { call, residentBytes } from './harness.ts';

describe("the sandbox's bounds", () => {
  it('end what waits to be posted, and what is over is discarded', () => {
    const queue = new PostingQueue<PostRecord>(() => []);
    const records = Array.from({ length: 20_010 }, () => queue.newRecord());
    const discarded: PostRecord[] = [];
    for (const record of records) {
      queue.add({
        record,
        lane: 'one',
        isWanted: () => true,
        post: () => new Promise(() => undefined),
        changed: () => discarded.push(record),
      });
    }
    assert.equal(queue.waiting, 20_000);
    assert.deepEqual(discarded, records.slice(20_000));
    assert.ok(discarded.every(({ state }) => state === 'discarded'));
    queue.close();
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
