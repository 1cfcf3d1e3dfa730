import assert from 'node:assert/strict';
import { InstanceUrls } from '../../../src/extension/instances/instance-urls.ts';
import type { StaleRegistration, UrlFailure } from '../../../src/extension/public-url/url-keeper.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { buildInstanceBody, emptyInstanceInput } from '../../../src/open-connectors/instance-body.ts';
import { startHarness, type Harness } from '../../sandbox/harness.ts';
import { aroundRelay, callbackAt, listId, otherSecret } from './instances.ts';

describe('the callback URLs of managed instances, at the sandbox', () => {
  let harness: Harness;
  let api: OpenConnectorsApi;
  let managed: { id: number; name: string; host: string; createdAt: string }[];
  let host: string;
  let isSandbox: boolean;
  let publicHost: string | null;
  let changes: number;
  let urls: InstanceUrls;
  let failures: UrlFailure[];

  before(async () => {
    harness = await startHarness();
    const { openConnectorsApi: baseUrl, credentials } = harness.sandbox;
    api = new OpenConnectorsApi({ baseUrl, ...credentials.openConnectors });
  });
  after(() => harness.close());
  beforeEach(async () => {
    await harness.control('DELETE', '/open-connectors/instances');
    await harness.control('DELETE', '/open-connectors/failures');
    [managed, host, isSandbox, publicHost, changes, failures] = [[], 'a.example', false, 'one.example', 0, []];
    urls = new InstanceUrls({
      platform: {
        api: () => Promise.resolve(api),
        get host() {
          return host;
        },
        get isSandbox() {
          return isSandbox;
        },
      },
      store: { all: (at) => managed.filter((each) => each.host === at) },
      urlContext: () => aroundRelay(publicHost).urlContext,
      changed: () => (changes += 1),
    });
  });

  const make = async (name: string, callbackUrl: string): Promise<number> => {
    const { apiKey } = harness.sandbox.credentials.campaignMonitor;
    const { id } = await api.createInstance(
      buildInstanceBody({
        ...emptyInstanceInput,
        ...{ name, callbackUrl, eventsEnabled: true, listIds: [listId], authentication: 'basic', username: apiKey },
      }),
    );
    managed.push({ id, name, host: 'a.example', createdAt: '' });
    return id;
  };
  const callbackOf = async (id: number): Promise<unknown> =>
    (await api.getInstance(id)).configuration?.['event.notification.callback.url'];
  const update = (left: readonly StaleRegistration[]): Promise<boolean | undefined>[] =>
    left.map(async ({ actions }) => actions.update?.(new AbortController().signal));
  const look = (state: 'behind' | 'following' = 'behind') => urls.look(state, failures);

  it('are those that hold this relay’s secret at another address, and no other relay’s or callback', async () => {
    const old = await make('old', callbackAt('old.example'));
    await make('here', callbackAt('one.example'));
    await make('other', callbackAt('old.example', otherSecret));
    await make('theirs', 'https://my.example/callback');
    const left = await look();
    assert.deepEqual(
      left.map(({ kind, name }) => [kind, name]),
      [['instance', 'old']],
    );
    assert.deepEqual(await Promise.all(update(left)), [true]);
    assert.equal(await callbackOf(old), callbackAt('one.example'));
    assert.equal(changes, 1);
    assert.deepEqual([await look(), failures], [[], []]);
  });

  it('are set to the URL of that moment, and to none where there is none', async () => {
    const old = await make('old', callbackAt('old.example'));
    const left = await look();
    publicHost = 'two.example';
    await Promise.all(update(left));
    assert.equal(await callbackOf(old), callbackAt('two.example'));
    publicHost = 'three.example';
    const again = await look();
    publicHost = null;
    assert.deepEqual(await Promise.all(update(again)), [false]);
    assert.equal(await callbackOf(old), callbackAt('two.example'));
  });

  it('pass over what the platform has no longer, and tell what cannot be read', async () => {
    managed.push({ id: 9, name: 'gone', host: 'a.example', createdAt: '' });
    await make('broken', callbackAt('old.example'));
    await make('old', callbackAt('old.example'));
    await harness.control('POST', '/open-connectors/failures', {
      call: 'GET /instances/{id}',
      status: 500,
      message: 'Not now',
    });
    // The first that is asked for fails.
    managed = managed.filter(({ name }) => name !== 'gone');
    const left = await look();
    assert.deepEqual(
      [left.map(({ name }) => name), failures.map(({ error }) => error.message)],
      [['old'], ['Open Connectors refused the request: Not now']],
    );
    managed.push({ id: 9, name: 'gone', host: 'a.example', createdAt: '' });
    failures = [];
    assert.deepEqual([(await look()).length, failures], [2, []]);
  });
});
