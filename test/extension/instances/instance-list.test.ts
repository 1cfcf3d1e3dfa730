import assert from 'node:assert/strict';
import { InstanceList } from '../../../src/extension/instances/instance-list.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { buildInstanceBody, emptyInstanceInput } from '../../../src/open-connectors/instance-body.ts';
import { startHarness, type Harness } from '../../sandbox/harness.ts';

describe('the instances as they were read last, at the sandbox', () => {
  let harness: Harness;
  let api: OpenConnectorsApi | undefined;
  let host: string;
  let list: InstanceList;
  /** What the user does while something is read. */
  let giveUp: AbortController;
  let forgotten: number[];
  let kept: { id: number; name: string; host: string; createdAt: string }[];
  let isSandbox: boolean;

  before(async () => (harness = await startHarness()));
  after(() => harness.close());
  beforeEach(async () => {
    await harness.control('DELETE', '/open-connectors/instances');
    await harness.control('DELETE', '/open-connectors/failures');
    await harness.control('DELETE', '/open-connectors/calls');
    const { openConnectorsApi: baseUrl, credentials } = harness.sandbox;
    api = new OpenConnectorsApi({ baseUrl, ...credentials.openConnectors });
    [host, giveUp, forgotten, kept, isSandbox] = ['a.example', new AbortController(), [], [], false];
    list = new InstanceList({
      platform: {
        api: () => Promise.resolve(api),
        get host() {
          return host;
        },
        get isSandbox() {
          return isSandbox;
        },
      },
      store: { all: (at) => kept.filter((each) => each.host === at) },
      log: { warn: () => undefined, error: () => undefined },
      working: async (task) => {
        try {
          return await task(giveUp.signal);
        } catch (error) {
          if (giveUp.signal.aborted) return undefined;
          throw error;
        }
      },
      forget: (_host, id) => {
        forgotten.push(id);
        return Promise.resolve();
      },
      changed: () => undefined,
    });
  });

  const make = async (name: string): Promise<number> => {
    const username = harness.sandbox.credentials.campaignMonitor.apiKey;
    const made = await api?.createInstance(
      buildInstanceBody({ ...emptyInstanceInput, name, eventsEnabled: false, authentication: 'basic', username }),
    );
    return made?.id ?? 0;
  };
  const names = (): string[] => list.found.instances.map(({ name }) => name ?? '');

  it('are what the platform has, with the host that it was read from', async () => {
    await make('one');
    assert.equal(await list.read(), 'read');
    assert.deepEqual([names(), list.found.host], [['one'], 'a.example']);
  });

  it('stay in sight where the user gives a later reading up, which does not count as read', async () => {
    await make('one');
    await list.read();
    await make('two');
    giveUp.abort();
    assert.equal(await list.read(), 'given-up');
    assert.deepEqual([names(), list.loaded.kind], [['one'], 'loaded']);
  });

  it('stay in sight with why where they cannot be read, but for those of another host', async () => {
    await make('one');
    await list.read();
    const failOnce = (): Promise<unknown> =>
      harness.control('POST', '/open-connectors/failures', { call: 'GET /instances', status: 500, message: 'Not now' });
    await failOnce();
    assert.equal(await list.read(), 'failed');
    assert.deepEqual([names(), list.loaded.kind], [['one'], 'failed']);
    host = 'b.example';
    await failOnce();
    assert.equal(await list.read(), 'failed');
    assert.deepEqual([names(), list.found.host], [[], 'b.example']);
  });

  it('are asked for by id where the list has not what is kept, and those that are gone are named', async () => {
    const id = await make('one');
    kept = [
      { id, name: 'one', host: 'a.example', createdAt: '' },
      { id: 99, name: 'lost', host: 'a.example', createdAt: '' },
    ];
    await list.read();
    assert.deepEqual(
      list.found.gone.map(({ name }) => name),
      ['lost'],
    );
    assert.deepEqual(forgotten, []);
    isSandbox = true;
    await list.read();
    assert.deepEqual([list.found.gone, forgotten], [[], [99]]);
  });
});
