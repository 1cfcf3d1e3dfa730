import assert from 'node:assert/strict';
import { CampaignMonitorApi, type NewWebhook } from '../../src/campaign-monitor/api.ts';
import type { Webhook } from '../../src/campaign-monitor/answers.ts';
import { registerWebhook, type Registration } from '../../src/campaign-monitor/registration.ts';
import { sandboxApiKey, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';

const listId = sandboxLists[0]!.listId;
const wanted: NewWebhook = { events: ['Subscribe', 'Update'], url: 'https://relay.example.org/hook', format: 'json' };

describe('registerWebhook', () => {
  let harness: Harness;
  let api: CampaignMonitorApi;
  beforeEach(async () => {
    harness = await startHarness();
    const credential = { kind: 'api-key', apiKey: sandboxApiKey } as const;
    api = new CampaignMonitorApi({ baseUrl: harness.sandbox.campaignMonitorApi, credential });
  });
  afterEach(() => harness.close());

  const register = (change: Partial<NewWebhook> = {}, mayDelete = true): Promise<Registration> =>
    registerWebhook(api, listId, { ...wanted, ...change }, { mayDelete });
  const ids = async (): Promise<string[]> => (await api.webhooks(listId)).map(({ webhookId }) => webhookId);

  it('makes a webhook once, whatever the order of events and the spelling of the host', async () => {
    const created = await register();
    assert.equal(created.kind, 'created');
    const again = await register({ events: ['Update', 'Subscribe'], url: 'https://RELAY.example.org:443/hook/' });
    assert.deepEqual(again, { ...created, kind: 'kept', deleted: [] });
    assert.equal((await ids()).length, 1);
  });

  it('activates the one that fits, rather than making another', async () => {
    const id = await harness.webhook(listId, wanted.url, wanted.events);
    await api.deactivateWebhook(listId, id);
    assert.deepEqual(await register(), { kind: 'activated', webhookId: id, deleted: [] });
    // Of two that fit, the active one.
    const second = await harness.webhook(listId, wanted.url, wanted.events);
    await api.deactivateWebhook(listId, id);
    assert.deepEqual(await register({}, false), { kind: 'kept', webhookId: second, deleted: [] });
    assert.equal((await ids()).length, 2);
    assert.deepEqual(await register(), { kind: 'kept', webhookId: second, deleted: [id] });
    assert.deepEqual(await ids(), [second]);
  });

  it('replaces one that differs, the new one first, so that there is always one', async () => {
    const old = await harness.webhook(listId, wanted.url, ['Deactivate']);
    const order: string[] = [];
    const watched = Object.assign(Object.create(api) as CampaignMonitorApi, {
      webhooks: (list: string) => api.webhooks(list),
      async createWebhook(list: string, webhook: NewWebhook) {
        order.push('create');
        return api.createWebhook(list, webhook);
      },
      async deleteWebhook(list: string, id: string) {
        order.push('delete');
        return api.deleteWebhook(list, id);
      },
    });
    const result = await registerWebhook(watched, listId, wanted, { mayDelete: true });
    assert.equal(result.kind, 'replaced');
    assert.deepEqual(result.deleted, [old]);
    assert.deepEqual(order, ['create', 'delete']);
    assert.deepEqual(await ids(), [result.webhookId]);
  });

  it('deletes later what could not be deleted when it was replaced, so that events come once', async () => {
    const other = await harness.webhook(listId, 'https://other.example.org/hook');
    const leftovers = [
      await harness.webhook(listId, wanted.url, ['Deactivate']),
      await harness.webhook(listId, wanted.url, wanted.events, 'xml'),
    ];
    const failing = Object.assign(Object.create(api) as CampaignMonitorApi, {
      webhooks: (list: string) => api.webhooks(list),
      deleteWebhook: (list: string, id: string) => api.deleteWebhook(list, id),
      async createWebhook(list: string, webhook: NewWebhook) {
        const id = await api.createWebhook(list, webhook);
        await harness.control('POST', '/failures', { at: 'api', status: 500, code: 500, message: 'Not now' });
        return id;
      },
    });
    await assert.rejects(registerWebhook(failing, listId, wanted, { mayDelete: true }), /Not now/);
    // The other is deleted all the same.
    const [, left, created, ...more] = await ids();
    assert.deepEqual([left, more], [leftovers[0], []]);
    assert.deepEqual(await register({}, false), { kind: 'kept', webhookId: created, deleted: [] });
    assert.deepEqual(await register(), { kind: 'kept', webhookId: created, deleted: [left] });
    assert.deepEqual(await ids(), [other, created]);
  });

  it('touches nothing where one that differs is not ours', async () => {
    await harness.webhook(listId, wanted.url, ['Deactivate'], 'xml');
    const before: Webhook[] = await api.webhooks(listId);
    const result = await register({}, false);
    assert.equal(result.kind, 'occupied');
    assert.deepEqual(result.webhook, before[0]);
    assert.deepEqual(await api.webhooks(listId), before);
  });
});
