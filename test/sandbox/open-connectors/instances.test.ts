import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { call, startHarness, type Harness } from '../harness.ts';
import { callbackUrl, platformOf, type Platform, type PlatformInstanceAnswer } from './platform.ts';

const otherList = 'a1000000000000000000000000000001';

interface ErrorBody {
  readonly requestId: string;
  readonly message: string;
  readonly providerMessage?: string;
}

describe('the sandbox, Open Connectors: instances', () => {
  let harness: Harness;
  let platform: Platform;
  const instance = (body: unknown): PlatformInstanceAnswer => body as PlatformInstanceAnswer;

  beforeEach(async () => {
    harness = await startHarness();
    platform = platformOf(harness);
  });
  afterEach(() => harness.close());

  it('answers 401 without both secrets, and never parts a secret at its "="', async () => {
    const url = `${harness.sandbox.openConnectorsApi}/instances`;
    const { userSecret, organizationSecret } = harness.sandbox.credentials.openConnectors;
    for (const authorization of [
      '',
      `User ${userSecret}`,
      `User ${userSecret}, Organization wrong`,
      `User ${userSecret.replace(/=$/, '')}, Organization ${organizationSecret}`,
    ]) {
      const { status, body } = await call('GET', url, undefined, { authorization });
      assert.equal(status, 401, authorization);
      assert.match((body as ErrorBody).requestId, /^[0-9a-f]{24}$/);
    }
    // The secrets are right, and there is no instance: 404.
    assert.equal((await platform.api('GET', '/instances')).status, 404);
  });

  for (const method of ['GET', 'POST']) {
    it(`gives the OAuth URL by ${method}, and consent there gives a code that makes an instance`, async () => {
      const { oauthClientId: apiKey, oauthClientSecret: apiSecret } = harness.sandbox.credentials.campaignMonitor;
      const asked = { apiKey, apiSecret, callbackUrl, state: 'my state' };
      const path = '/elements/campaignmonitor/oauth/url';
      const answer =
        method === 'POST'
          ? await platform.api('POST', path, asked)
          : await platform.api('GET', `${path}?${new URLSearchParams(asked).toString()}`);
      const { element, oauthUrl } = answer.body as { element: string; oauthUrl: string };
      assert.equal(element, 'campaignmonitor');

      const page = await call('GET', oauthUrl);
      const [, request = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? [];
      const decision = new URLSearchParams({ request, decision: 'allow' }).toString();
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const back = await call('POST', `${harness.sandbox.campaignMonitorOAuth}/decision`, decision, form);
      const redirect = new URL(back.headers.get('location') ?? '');
      assert.equal(redirect.origin + redirect.pathname, callbackUrl);
      assert.equal(redirect.searchParams.get('state'), 'my state');

      const code = redirect.searchParams.get('code');
      const made = await platform.api('POST', '/instances', { ...(await platform.body()), providerData: { code } });
      assert.equal(made.status, 200);
    });
  }

  it('makes an instance of the body of the documents, and masks its secrets', async () => {
    const { status, body, text } = await platform.api('POST', '/instances', await platform.body());
    assert.equal(status, 200);
    const made = instance(body);
    assert.equal(typeof made.id, 'number');
    assert.deepEqual(
      [made.name, made.tags, made.valid, made.disabled, made.eventsEnabled],
      ['API Instance', ['Docs'], true, false, true],
    );
    assert.equal(made.configuration['oauth.api.secret'], '********');
    assert.equal(made.configuration['event.notification.enabled'], 'true');
    assert.ok(made.configuration['oauth.user.token'], 'oauth.user.token is in clear');
    assert.ok(!text.includes(harness.sandbox.credentials.campaignMonitor.oauthClientSecret));
    assert.deepEqual(instance((await platform.api('GET', `/instances/${made.id}`)).body), made);
  });

  it('registers a webhook for each list on itself, and no others', async () => {
    const theirs = await harness.webhook(documentedListId, 'http://127.0.0.1:9/theirs');
    const { id } = await platform.create({ 'events.list.ids': `${documentedListId},${otherList}` });
    const own = `${harness.sandbox.openConnectorsApi}/events/campaignmonitor/${encodeURIComponent(btoa(String(id)))}`;
    assert.deepEqual(await platform.webhooks(), ['http://127.0.0.1:9/theirs', own]);
    assert.deepEqual(await platform.webhooks(otherList), [own]);

    const patch = (configuration: unknown): Promise<unknown> =>
      platform.api('PATCH', `/instances/${id}`, { configuration });
    await patch({ 'events.list.ids': otherList });
    assert.deepEqual(await platform.webhooks(), ['http://127.0.0.1:9/theirs']);
    await patch({ 'event.notification.enabled': false });
    assert.deepEqual(await platform.webhooks(otherList), []);
    await patch({ 'event.notification.enabled': 'true' });
    await platform.api('DELETE', `/instances/${id}/enabled`);
    assert.deepEqual(await platform.webhooks(otherList), []);
    await platform.api('PUT', `/instances/${id}/enabled`);
    assert.deepEqual(await platform.webhooks(otherList), [own]);
    await platform.api('DELETE', `/instances/${id}`);
    assert.deepEqual(await platform.webhooks(otherList), []);
    assert.deepEqual(await platform.webhooks(), ['http://127.0.0.1:9/theirs']);
    assert.ok(theirs);
  });

  it('takes a grant code once, and says what the vendor said', async () => {
    const body = await platform.body();
    assert.equal((await platform.api('POST', '/instances', body)).status, 200);
    const again = await platform.api('POST', '/instances', body);
    assert.equal(again.status, 400);
    assert.match((again.body as ErrorBody).providerMessage ?? '', /invalid_grant/);
    const wrongSecret = await platform.api('POST', '/instances', await platform.body({ 'oauth.api.secret': 'wrong' }));
    assert.equal(wrongSecret.status, 400);
    assert.match((wrongSecret.body as ErrorBody).providerMessage ?? '', /invalid_client/);
    const elsewhere = await platform.api(
      'POST',
      '/instances',
      await platform.body({ 'oauth.callback.url': 'http://localhost:4001/' }),
    );
    assert.equal(elsewhere.status, 400);
  });

  it('refuses what is missing or wrong with 400, other content types with 415, other methods with 405', async () => {
    const body = await platform.body();
    for (const [wrong, about] of [
      [{ ...body, name: '' }, /name/],
      [{ ...body, providerData: { code: '' } }, /providerData\.code/],
      [await platform.body({ 'event.notification.callback.url': '' }), /callback\.url/],
      [await platform.body({ 'event.notification.callback.url': 'nowhere' }), /callback\.url/],
      [await platform.body({ 'event.notification.callback.headers': 'x' }), /callback\.headers/],
      ['{"oauth.api.secret": ""\n"event.notification.enabled": true}', /JSON/],
    ] as const) {
      const answer = await platform.api('POST', '/instances', wrong);
      assert.equal(answer.status, 400, answer.text);
      assert.match((answer.body as ErrorBody).message, about);
    }
    const unknownList = await platform.api(
      'POST',
      '/instances',
      await platform.body({ 'events.list.ids': 'f'.repeat(32) }),
    );
    assert.match((unknownList.body as ErrorBody).providerMessage ?? '', /Invalid ListID/);
    assert.equal((await platform.api('POST', '/instances', { ...body, element: { key: 'other' } })).status, 404);
    const { userSecret, organizationSecret } = harness.sandbox.credentials.openConnectors;
    const authorization = `User ${userSecret}, Organization ${organizationSecret}`;
    const url = `${harness.sandbox.openConnectorsApi}/instances`;
    assert.equal((await call('POST', url, '{}', { authorization, 'content-type': 'text/plain' })).status, 415);
    assert.equal((await call('GET', url, undefined, { authorization, accept: 'text/html' })).status, 406);
    assert.equal((await platform.api('DELETE', '/instances')).status, 405);
    assert.equal((await platform.api('GET', '/nothing')).status, 404);
    assert.equal((await platform.api('GET', '/instances')).status, 404, 'nothing was made');
  });

  it('finds instances by tag and text, in pages, and answers 404 where none is', async () => {
    for (const name of ['One', 'Two', 'Three']) await platform.create({}, name);
    const names = (body: unknown): string[] => (body as PlatformInstanceAnswer[]).map(({ name }) => name);
    assert.deepEqual(names((await platform.api('GET', '/instances?searchText=t')).body), ['Two', 'Three']);
    assert.deepEqual(names((await platform.api('GET', '/instances?tags[]=Docs')).body), ['One', 'Two', 'Three']);
    assert.equal((await platform.api('GET', '/instances?tags[]=Docs&tags[]=None')).status, 404);
    const first = await platform.api('GET', '/instances?pageSize=2');
    assert.deepEqual(names(first.body), ['One', 'Two']);
    const nextPage = first.headers.get('elements-next-page-token') ?? '';
    const second = await platform.api('GET', `/instances?pageSize=2&nextPage=${encodeURIComponent(nextPage)}`);
    assert.deepEqual(names(second.body), ['Three']);
    assert.equal(second.headers.get('elements-next-page-token'), null);
    const bare = (await platform.api('GET', '/instances?hydrate=false')).body as PlatformInstanceAnswer[];
    assert.equal(bare[0]?.configuration, undefined);
  });

  it('changes a part by PATCH, all by PUT, and leaves everything as it was where it refuses', async () => {
    const { id } = await platform.create({ 'event.notification.signature.key': 'a key' });
    const changed = await platform.api('PATCH', `/instances/${id}`, {
      name: 'Renamed',
      configuration: { 'event.notification.callback.url': 'http://127.0.0.1:9/other' },
    });
    assert.equal(instance(changed.body).name, 'Renamed');
    assert.equal(instance(changed.body).configuration['event.notification.callback.url'], 'http://127.0.0.1:9/other');
    assert.equal(instance(changed.body).configuration['events.list.ids'], documentedListId);
    const refused = await platform.api('PATCH', `/instances/${id}`, {
      name: 'Not this',
      configuration: { 'events.list.ids': 'f'.repeat(32) },
    });
    assert.equal(refused.status, 400);
    assert.deepEqual(instance((await platform.api('GET', `/instances/${id}`)).body), instance(changed.body));
    const replaced = await platform.api('PUT', `/instances/${id}`, { name: 'New', configuration: {} });
    assert.deepEqual([instance(replaced.body).eventsEnabled, await platform.webhooks()], [false, []]);
  });

  it('re-authenticates with a new code', async () => {
    const { id } = await platform.create();
    await harness.control('POST', '/tokens/revoke', {});
    const read = async (): Promise<PlatformInstanceAnswer> =>
      instance((await platform.api('GET', `/instances/${id}`)).body);
    assert.equal((await read()).valid, false);
    const path = `/instances/${id}?reAuthenticate=true`;
    assert.equal((await platform.api('PATCH', path, { providerData: { code: 'wrong' } })).status, 400);
    assert.equal((await read()).valid, false);
    const answer = await platform.api('PATCH', path, { providerData: { code: await platform.code() } });
    assert.equal(answer.status, 200);
    assert.equal((await read()).valid, true);
  });

  it('lists the vendor’s lists with an instance’s token, not with a disabled, revoked or deleted one', async () => {
    const { id, token } = await platform.create();
    const accounts = await platform.api('GET', '/hubs/marketing/accounts', undefined, token);
    const [first] = accounts.body as { BasicDetails: { ClientID: string } }[];
    const where = encodeURIComponent(`id='${first?.BasicDetails.ClientID ?? ''}'`);
    const lists = await platform.api('GET', `/hubs/marketing/lists?where=${where}`, undefined, token);
    assert.deepEqual((lists.body as { ListID: string }[])[0], { ListID: documentedListId, Name: 'Newsletter' });
    const status = async (path: string): Promise<number> => (await platform.api('GET', path, undefined, token)).status;
    assert.equal(await status('/hubs/marketing/lists'), 400);
    assert.equal((await platform.api('GET', '/hubs/marketing/accounts')).status, 401);
    await harness.control('POST', '/tokens/expire', {});
    assert.equal(await status('/hubs/marketing/accounts'), 200, 'an expired token is refreshed');
    await platform.api('DELETE', `/instances/${id}/enabled`);
    assert.equal(await status('/hubs/marketing/accounts'), 403);
    await platform.api('PUT', `/instances/${id}/enabled`);
    await harness.control('POST', '/tokens/revoke', {});
    assert.equal(await status('/hubs/marketing/accounts'), 401);
    await platform.api('DELETE', `/instances/${id}`);
    assert.equal(await status('/hubs/marketing/accounts'), 401);
    assert.equal((await platform.api('GET', `/instances/${id}`)).status, 404);
  });

  it('refuses a foreign Origin', async () => {
    const { status } = await call('GET', `${harness.sandbox.openConnectorsApi}/instances`, undefined, {
      origin: 'https://example.org',
    });
    assert.equal(status, 403);
  });

  describe('failures on demand', () => {
    it('answers the next call with a status', async () => {
      const order = { call: 'POST /elements/{key}/oauth/url', status: 405, message: 'no POST here' };
      assert.equal((await platform.control('POST', '/failures', order)).status, 204);
      const failed = await platform.api('POST', '/elements/campaignmonitor/oauth/url', {});
      assert.deepEqual([failed.status, (failed.body as ErrorBody).message], [405, 'no POST here']);
      assert.equal((await platform.api('POST', '/elements/campaignmonitor/oauth/url', {})).status, 400);
      assert.equal((await platform.control('POST', '/failures', { call: 'POST /nothing', status: 500 })).status, 404);
      assert.equal((await platform.control('POST', '/failures', { call: '*' })).status, 400);
    });

    it('carries a call out and never answers it', async () => {
      await platform.control('POST', '/failures', { call: 'POST /instances', silent: true, carriedOut: true });
      const body = await platform.body({}, 'Made unseen');
      const asked = platform.api('POST', '/instances', body).catch(() => 'broken off');
      const made = async (): Promise<boolean> => (await platform.api('GET', '/instances')).status === 200;
      while (!(await made())) assert.ok(true);
      await harness.sandbox.close();
      assert.equal(await asked, 'broken off');
    });
  });

  it('names instances and calls, and forgets them on order', async () => {
    const { id } = await platform.create();
    const overview = (await platform.control('GET', '')).body as { instances: { id: number; webhooks: object }[] };
    assert.deepEqual(
      overview.instances.map((each) => [each.id, Object.keys(each.webhooks)]),
      [[id, [documentedListId]]],
    );
    assert.deepEqual((await platform.control('GET', '/calls')).body, { 'POST /instances': 1 });
    await platform.control('DELETE', '/instances');
    await platform.control('DELETE', '/calls');
    assert.deepEqual((await platform.control('GET', '/calls')).body, {});
    assert.deepEqual(await platform.webhooks(), []);
    assert.equal((await platform.control('GET', '/nothing')).status, 404);
  });
});
