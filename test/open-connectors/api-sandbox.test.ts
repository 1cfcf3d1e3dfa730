import assert from 'node:assert/strict';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { factsOf } from '../../src/open-connectors/instance-facts.ts';
import type { CreatedInstance } from '../../src/open-connectors/answers.ts';
import { buildInstanceBody, emptyInstanceInput, type InstanceInput } from '../../src/open-connectors/instance-body.ts';
import { signatureHeader, verify } from '../../src/open-connectors/signature.ts';
import { call, startHarness, type Harness } from '../sandbox/harness.ts';
import { callbackUrl as oauthCallbackUrl } from '../sandbox/open-connectors/platform.ts';
import { startReceiver, type Receiver } from '../sandbox/receiver.ts';

const signatureKey = 'a-key-that-signs-for-these-specs';

describe('the Open Connectors API at the sandbox', () => {
  let harness: Harness;
  let receiver: Receiver;
  let api: OpenConnectorsApi;

  beforeEach(async () => {
    harness = await startHarness();
    receiver = await startReceiver();
    api = new OpenConnectorsApi({
      baseUrl: harness.sandbox.openConnectorsApi,
      ...harness.sandbox.credentials.openConnectors,
    });
  });
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  /** Goes the way of the browser: the consent page, its button, back with the code. */
  async function grantCode(): Promise<string> {
    const { oauthClientId: apiKey, oauthClientSecret: apiSecret } = harness.sandbox.credentials.campaignMonitor;
    const page = await call(
      'GET',
      await api.oauthUrl({ apiKey, apiSecret, callbackUrl: oauthCallbackUrl, state: 's 1' }),
    );
    const [, request = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? [];
    const back = await call(
      'POST',
      `${harness.sandbox.campaignMonitorOAuth}/decision`,
      new URLSearchParams({ request, decision: 'allow' }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    const { searchParams } = new URL(back.headers.get('location') ?? '');
    assert.equal(searchParams.get('state'), 's 1');
    return searchParams.get('code') ?? '';
  }

  async function input(): Promise<InstanceInput> {
    const { oauthClientId: apiKey, oauthClientSecret: apiSecret } = harness.sandbox.credentials.campaignMonitor;
    return {
      ...emptyInstanceInput,
      name: 'Mine',
      tags: ['specs'],
      listIds: [documentedListId],
      callbackUrl: receiver.url,
      oauthCallbackUrl,
      apiKey,
      apiSecret,
      code: await grantCode(),
      signatureKey,
      callbackHeaders: { 'X-Mine': 'a-value' },
    };
  }

  const create = async (): Promise<CreatedInstance> => api.createInstance(buildInstanceBody(await input()));

  const refused = async (promise: Promise<unknown>): Promise<OpenConnectorsError> => {
    const error: unknown = await promise.then(
      () => assert.fail('nothing was thrown'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OpenConnectorsError, String(error));
    return error;
  };

  const order = (call: string, rest: Record<string, unknown>): Promise<unknown> =>
    harness.control('POST', '/open-connectors/failures', { call, ...rest });

  it('makes an instance that posts what happens to a list, signed, with the headers that were given', async () => {
    const made = await create();
    assert.deepEqual(factsOf(made), {
      ...factsOf(made),
      name: 'Mine',
      tags: ['specs'],
      eventsEnabled: true,
      callbackUrl: receiver.url,
      listIds: [documentedListId],
      valid: true,
      disabled: false,
    });
    await harness.api('POST', `/subscribers/${documentedListId}.json`, {
      EmailAddress: 'jane@example.org',
      Name: 'Jane',
      ConsentToTrack: 'Yes',
    });
    const [notification] = await receiver.count(1);
    const signature = notification?.headers[signatureHeader.toLowerCase()];
    assert.ok(verify(Buffer.from(notification?.body ?? ''), String(signature), [signatureKey]));
    assert.equal(notification?.headers['x-mine'], 'a-value');
    const [event] = await api.instanceEvents(made.id);
    assert.equal(typeof event?.id, 'string');
  });

  it('changes, disables, enables and deletes an instance', async () => {
    const { id, token } = await create();
    const url = 'https://elsewhere.example.org/open-connectors';
    await api.patchInstance(id, { configuration: { 'event.notification.callback.url': url } });
    assert.equal(factsOf(await api.getInstance(id)).callbackUrl, url);
    await api.patchInstance(id, { name: 'Renamed', configuration: { 'event.notification.enabled': false } });
    const facts = factsOf(await api.getInstance(id));
    assert.deepEqual([facts.name, facts.eventsEnabled, facts.listIds], ['Renamed', false, [documentedListId]]);
    await api.setInstanceEnabled(id, false);
    assert.equal((await refused(api.lists(token))).status, 403);
    assert.equal(factsOf(await api.getInstance(id)).disabled, true);
    await api.setInstanceEnabled(id, true);
    assert.equal(factsOf(await api.getInstance(id)).disabled, false);
    await api.deleteInstance(id);
    assert.equal((await refused(api.getInstance(id))).status, 404);
    assert.equal((await refused(api.lists(token))).status, 401);
  });

  it('authorizes an instance anew with a new code', async () => {
    const { id } = await create();
    const code = await grantCode();
    const { apiKey, apiSecret } = await input();
    const configuration = {
      'oauth.api.key': apiKey,
      'oauth.api.secret': apiSecret,
      'oauth.callback.url': oauthCallbackUrl,
    };
    await api.patchInstance(id, { providerData: { code }, configuration }, { reAuthenticate: true });
    const again = api.patchInstance(id, { providerData: { code }, configuration }, { reAuthenticate: true });
    assert.match((await refused(again)).message, /invalid_grant/);
  });

  it('says what the platform and the vendor said, with the id of the request', async () => {
    const body = buildInstanceBody(await input());
    await api.createInstance(body);
    const error = await refused(api.createInstance(body));
    assert.deepEqual([error.kind, error.status], ['refused', 400]);
    assert.match(error.message, /invalid_grant/);
    assert.ok(error.requestId);
    const stranger = new OpenConnectorsApi({
      baseUrl: api.baseUrl,
      userSecret: 'wrong',
      organizationSecret: 'wrong',
    });
    assert.equal((await refused(stranger.listInstances())).status, 401);
  });

  it('finds after a timeout the instance that was made all the same', async () => {
    const body = buildInstanceBody(await input());
    await order('POST /instances', { silent: true, carriedOut: true });
    const hasty = new OpenConnectorsApi({
      baseUrl: api.baseUrl,
      ...harness.sandbox.credentials.openConnectors,
      timeoutMs: 2000,
    });
    assert.equal((await refused(hasty.createInstance(body))).kind, 'timed-out');
    assert.equal((await api.listInstances({ searchText: 'Mine' })).length, 1);
  });
});
