import assert from 'node:assert/strict';
import { CampaignMonitorApi } from '../../../src/campaign-monitor/api.ts';
import { cleanUp } from '../../../src/cli/observe/clean-up.ts';
import { ObservationJournal } from '../../../src/cli/observe/journal.ts';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { ownDirectory } from '../../relay/afterwards.ts';
import type { Harness } from '../../sandbox/harness.ts';
import { startHarness } from '../../sandbox/harness.ts';
import { platformOf } from '../../sandbox/open-connectors/platform.ts';

describe('cleaning up an observation', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => harness.close());

  it('keeps what it could not undo, undoes it the next time, and takes nothing of anybody else’s', async () => {
    const { campaignMonitorApi: host, openConnectorsApi, credentials } = harness.sandbox;
    const { apiKey } = credentials.campaignMonitor;
    const api = new CampaignMonitorApi({ baseUrl: host, credential: { kind: 'api-key', apiKey } });
    const platformApi = new OpenConnectorsApi({ baseUrl: openConnectorsApi, ...credentials.openConnectors });
    const { id } = await platformOf(harness).create({ 'events.list.ids': '' });
    const theirs = await harness.webhook(documentedListId, 'https://hooks.example.org/theirs');
    const url = 'https://hooks.example.org/hooks/0123456789abcdef0123456789abcdef/observe-json';
    await harness.webhook(documentedListId, url);
    await api.addSubscriber(documentedListId, { address: 'observed@example.org', name: '' });
    const journal = new ObservationJournal(ownDirectory());
    const before = { callbackUrl: 'https://mine.example.org/', eventsEnabled: false, listIds: [] };
    const changes = {
      ...{ host, listId: documentedListId, urls: [url, `${url}-never-made`] },
      addresses: ['observed@example.org', 'never-added@example.org'],
      instance: { host: openConnectorsApi, id, before },
    };
    journal.write(changes);

    // The first call asks for the webhooks: those stay then, and what comes after it is undone.
    await harness.control('POST', '/failures', { at: 'api', times: 1, status: 500, code: 500 });
    const first = await cleanUp(changes, journal, api, null);
    assert.deepEqual([first.webhooks, first.subscribers, first.instance, first.failures.length], [0, 1, false, 2]);
    const left = journal.read();
    assert.deepEqual([left?.urls, left?.addresses, left?.instance], [changes.urls, [], changes.instance]);
    assert.ok(left !== null);

    const second = await cleanUp(left, journal, api, platformApi);
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
      instance: { host: openConnectorsApi, id: 1, before },
    };
    journal.write(changes);
    const { instance, failures } = await cleanUp(changes, journal, api, platformApi);
    assert.deepEqual([instance, failures, journal.read()], [true, [], null]);
  });
});
