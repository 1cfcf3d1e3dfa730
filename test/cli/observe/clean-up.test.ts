import assert from 'node:assert/strict';
import { CampaignMonitorApi } from '../../../src/campaign-monitor/api.ts';
import { cleanUp } from '../../../src/cli/observe/clean-up.ts';
import { ObservationJournal } from '../../../src/cli/observe/journal.ts';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { ownDirectory } from '../../relay/afterwards.ts';
import type { Harness } from '../../sandbox/harness.ts';
import { startHarness } from '../../sandbox/harness.ts';
import { startReceiver } from '../../sandbox/receiver.ts';
import { until } from '../../relay/until.ts';
import { platformOf } from '../../sandbox/open-connectors/platform.ts';

const url = 'https://hooks.example.org/hooks/0123456789abcdef0123456789abcdef/observe-json';
const own = 'http://127.0.0.1:9/hooks/0123456789abcdef0123456789abcdef/observe-open-connectors';
const made = (name: string): string => `cm-relay-observe-0123456789-${name}@example.org`;
/** Nothing is under way in these specs but what is awaited. */
const ended = { isListening: false, settled: () => Promise.resolve() };

describe('cleaning up an observation', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness({ notificationRetryDelaysMs: [30] });
  });
  afterEach(() => harness.close());

  it('keeps what it could not undo, undoes it the next time, and takes nothing of anybody else’s', async () => {
    const { campaignMonitorApi: host, openConnectorsApi, credentials } = harness.sandbox;
    const { apiKey } = credentials.campaignMonitor;
    const api = new CampaignMonitorApi({ baseUrl: host, credential: { kind: 'api-key', apiKey } });
    const platformApi = new OpenConnectorsApi({ baseUrl: openConnectorsApi, ...credentials.openConnectors });
    const { id } = await platformOf(harness).create({
      ...{ 'events.list.ids': '', 'event.notification.callback.url': own },
    });
    const theirs = await harness.webhook(documentedListId, 'https://hooks.example.org/theirs');
    await harness.webhook(documentedListId, url);
    await api.addSubscriber(documentedListId, { address: made('steady'), name: '' });
    const journal = new ObservationJournal(ownDirectory());
    const before = { callbackUrl: 'https://mine.example.org/', eventsEnabled: false, listIds: [] };
    const changes = {
      ...{ host, listId: documentedListId, urls: [url, `${url}-never-made`] },
      addresses: [made('steady'), made('never-added')],
      instance: { host: openConnectorsApi, id, own, before },
    };
    journal.write(changes);

    // The first call asks for the webhooks: those stay then, and what comes after it is undone.
    await harness.control('POST', '/failures', { at: 'api', times: 1, status: 500, code: 500 });
    const first = await cleanUp(changes, journal, api, null, ended);
    assert.deepEqual([first.webhooks, first.subscribers, first.instance, first.failures.length], [0, 1, false, 2]);
    const left = journal.read();
    assert.deepEqual([left?.urls, left?.addresses, left?.instance], [changes.urls, [], changes.instance]);
    assert.ok(left !== null);

    const second = await cleanUp(left, journal, api, platformApi, ended);
    assert.deepEqual([second.webhooks, second.instance, second.failures], [1, true, []]);
    assert.equal(journal.read(), null);
    assert.deepEqual(
      (await api.webhooks(documentedListId)).map(({ webhookId }) => webhookId),
      [theirs],
    );
    const { configuration } = await platformApi.getInstance(id);
    assert.equal(configuration?.['event.notification.callback.url'], before.callbackUrl);
    assert.equal(configuration['event.notification.enabled'], 'false');
  });

  it('takes an instance that is gone for restored', async () => {
    const { campaignMonitorApi: host, openConnectorsApi, credentials } = harness.sandbox;
    const { apiKey } = credentials.campaignMonitor;
    const api = new CampaignMonitorApi({ baseUrl: host, credential: { kind: 'api-key', apiKey } });
    const platformApi = new OpenConnectorsApi({ baseUrl: openConnectorsApi, ...credentials.openConnectors });
    const journal = new ObservationJournal(ownDirectory());
    const before = { callbackUrl: '', eventsEnabled: false, listIds: [] };
    const changes = {
      ...{ host, listId: documentedListId, urls: [], addresses: [] },
      instance: { host: openConnectorsApi, id: 1, own, before },
    };
    journal.write(changes);
    const { instance, failures } = await cleanUp(changes, journal, api, platformApi, ended);
    assert.deepEqual([instance, failures, journal.read()], [true, [], null]);
  });

  it('tells nobody else’s callback of the subscribers that it removes, and leaves one that was set since', async () => {
    const theirs = await startReceiver();
    try {
      const { campaignMonitorApi: host, openConnectorsApi, credentials } = harness.sandbox;
      const { apiKey } = credentials.campaignMonitor;
      const api = new CampaignMonitorApi({ baseUrl: host, credential: { kind: 'api-key', apiKey } });
      const platformApi = new OpenConnectorsApi({ baseUrl: openConnectorsApi, ...credentials.openConnectors });
      const platform = platformOf(harness);
      const { id } = await platform.create({ 'event.notification.callback.url': own });
      const journal = new ObservationJournal(ownDirectory());
      const before = { callbackUrl: theirs.url, eventsEnabled: true, listIds: [documentedListId] };
      const address = made('batch-1');
      const changes = {
        ...{ host, listId: documentedListId, urls: [], addresses: [address] },
        instance: { host: openConnectorsApi, id, own, before },
      };
      await api.addSubscriber(documentedListId, { address, name: '' });
      const settled = async (): Promise<void> => {
        await until(async () => !(await platform.control('GET', '/notifications')).text.includes('waiting'), 10_000);
      };
      const { subscribers, instance, failures } = await cleanUp(changes, journal, api, platformApi, {
        ...{ isListening: false, settled },
      });
      assert.deepEqual([subscribers, instance, failures], [1, true, []]);
      await api.addSubscriber(documentedListId, { address: 'real@example.org', name: '' });
      await theirs.count(1);
      assert.deepEqual(
        theirs.received.map(({ body }) => [body.includes('real@'), body.includes(address)]),
        [[true, false]],
      );

      // Somebody has set another callback, and another list, while the note of an observation was there.
      const other =
        harness.sandbox.lists.find(({ listId }) => listId !== documentedListId)?.listId ?? assert.fail('no other list');
      const listIds = [documentedListId, other];
      await platformApi.patchInstance(id, { configuration: { 'events.list.ids': listIds.join(',') } });
      const stale = {
        ...changes.instance,
        before: { callbackUrl: 'https://old.example.org/', eventsEnabled: false, listIds: [] },
      };
      await cleanUp({ ...changes, addresses: [], instance: stale }, journal, api, platformApi, ended);
      const { configuration } = await platformApi.getInstance(id);
      assert.deepEqual(
        ['event.notification.callback.url', 'event.notification.enabled', 'events.list.ids'].map(
          (key) => configuration?.[key],
        ),
        [theirs.url, 'true', other],
      );
    } finally {
      await theirs.close();
    }
  });

  it('takes a list that is gone for cleaned up, and only with a key that works', async () => {
    const { campaignMonitorApi: host, credentials } = harness.sandbox;
    const journal = new ObservationJournal(ownDirectory());
    const changes = { host, listId: 'f'.repeat(32), urls: [url], addresses: [made('steady')], instance: null };
    journal.write(changes);
    const withKey = (apiKey: string): CampaignMonitorApi =>
      new CampaignMonitorApi({ baseUrl: host, credential: { kind: 'api-key', apiKey } });
    const { failures } = await cleanUp(changes, journal, withKey('wrong'), null, ended);
    assert.ok(failures.length > 0);
    assert.deepEqual(journal.read()?.urls, [url]);
    const { apiKey } = credentials.campaignMonitor;
    const gone = await cleanUp(changes, journal, withKey(apiKey), null, ended);
    assert.deepEqual([gone.isListGone, gone.failures, journal.read()], [true, [], null]);
  });
});
