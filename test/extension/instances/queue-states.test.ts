import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { factRows, queueWords } from '../../../src/extension/instances/instance-facts.ts';
import { placedInstance, type InstanceNode } from '../../../src/extension/instances/instance-node.ts';
import { QueueOffer } from '../../../src/extension/instances/queue-offer.ts';
import { QueueStates, type KnownQueue, type QueueStatesParts } from '../../../src/extension/instances/queue-states.ts';
import type { Instance } from '../../../src/open-connectors/answers.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { startHarness, type Harness } from '../../sandbox/harness.ts';
import { platformOf, type Platform } from '../../sandbox/open-connectors/platform.ts';
import { aroundRelay, instance, secret } from './instances.ts';

const host = 'platform.example.org';
/** Nobody listens there. */
const callbackUrl = `http://127.0.0.1:9/hooks/${secret}/open-connectors`;
const earlierUrl = `http://127.0.0.1:7/hooks/${secret}/open-connectors`;

describe('The queue of an instance, in a window', () => {
  let harness: Harness;
  let platform: Platform;
  let api: OpenConnectorsApi;
  let memory: Map<string, unknown>;
  let changes: number;
  let warnings: string[];
  let whenChanged: () => void;

  /** What the relay has fetched, as the IDs of notifications; undefined if none is running. */
  let fetched: Set<string> | undefined;
  const areFetched: QueueStatesParts['areFetched'] = (deliveries) =>
    Promise.resolve(fetched && deliveries.every(({ notificationId }) => fetched?.has(notificationId)));
  const log = { warn: (message: string): void => void warnings.push(message) };
  const nodeOf = (found: Instance): InstanceNode => {
    const facts = placedInstance(found, aroundRelay('one.example'));
    return { kind: 'instance', instance: found, host, facts };
  };
  const states = (relayUrls: readonly string[] = []): QueueStates =>
    new QueueStates({
      ...{ log, relayUrls: () => relayUrls, areFetched },
      platform: { host, api: () => Promise.resolve(api) },
      changed: () => {
        changes += 1;
        whenChanged();
      },
    });

  beforeEach(async () => {
    harness = await startHarness({ notificationRetryDelaysMs: [] });
    platform = platformOf(harness);
    api = new OpenConnectorsApi({
      baseUrl: harness.sandbox.openConnectorsApi,
      ...harness.sandbox.credentials.openConnectors,
    });
    memory = new Map();
    fetched = undefined;
    changes = 0;
    warnings = [];
    whenChanged = () => undefined;
  });
  afterEach(() => harness.close());

  /** An instance for whose callback URL so many notifications are queued. */
  async function queued(count: number, url = callbackUrl): Promise<InstanceNode> {
    const { id } = await platform.create({ 'event.notification.callback.url': url });
    await platform.control('PATCH', '/settings', { partSize: 1 });
    const over = new Set<number>();
    await harness.control('POST', '/deliveries', { types: ['Update'], batch: count, listId: documentedListId });
    await harness.report((report) => {
      if (report.type === 'notification' && report.notification.queued) over.add(report.notification.id);
      return over.size === count;
    });
    return nodeOf(await api.getInstance(id));
  }

  it('is read when somebody looks, and once until it is forgotten', async () => {
    const node = await queued(2);
    const queues = states();
    assert.deepEqual(queues.of(node), { kind: 'reading' });
    await new Promise<void>((resolve) => (whenChanged = resolve));
    const known = queues.of(node);
    assert.ok(known?.kind === 'read');
    assert.deepEqual([known.state.count, known.state.deactivated, known.policy], [2, null, 'retry']);
    assert.equal(changes, 1);
    queues.forget();
    assert.deepEqual(queues.of(node), { kind: 'reading' });
    assert.equal(queues.of(nodeOf(instance({}, { 'event.notification.callback.url': '' }))), undefined);
  });

  it('counts what is queued for earlier URLs of the relay, and asks for them once', async () => {
    const node = await queued(1, earlierUrl);
    await api.patchInstance(node.facts.id, { configuration: { 'event.notification.callback.url': callbackUrl } });
    const now = nodeOf(await api.getInstance(node.facts.id));
    const queues = states([earlierUrl, callbackUrl]);
    assert.deepEqual(queues.urlsOf(now), [callbackUrl, earlierUrl]);
    const facts = await queues.read(now);
    assert.deepEqual([facts?.state.count, facts?.earlier], [0, 1]);
  });

  it('says that all is fetched, where the relay has all of it, and where anybody can tell', async () => {
    const node = await queued(2);
    const queues = states();
    const isSaid = async (): Promise<boolean | undefined> => (await queues.read(node))?.allFetched;
    assert.equal(await isSaid(), false, 'no relay is running');
    const [first, second] = [...queues.listed(callbackUrl).values()].map(({ notificationId }) => notificationId);
    fetched = new Set([first!]);
    assert.equal(await isSaid(), false);
    fetched.add(second!);
    assert.equal(await isSaid(), true);
    const silent = new QueueStates({
      ...{ log, relayUrls: () => [], changed: () => undefined, platform: { host, api: () => Promise.resolve(api) } },
      areFetched: () => Promise.reject(new Error('the connection has ended')),
    });
    const facts = await silent.read(node);
    assert.deepEqual([facts?.state.count, facts?.allFetched], [2, false]);
  });

  it('has a row of its own, which tells all of it', () => {
    const state = { count: 3, more: false, since: 0, deactivated: true };
    const known: KnownQueue = { kind: 'read', state, earlier: 0, allFetched: false, policy: 'retry' };
    const words = (change: object, ofState: object = {}): string =>
      queueWords({ ...known, ...change, state: { ...state, ...ofState } }, 600_000);
    assert.equal(words({}), '3 queued, the oldest 10 min ago · deactivated · policy: retry');
    assert.equal(
      words({ policy: null, earlier: 2 }, { more: true, since: null, deactivated: null }),
      '3+ queued · 2 for earlier URLs',
    );
    assert.match(words({ allFetched: true }), /10 min ago · all fetched · deactivated/);
    assert.match(words({}, { deactivated: null }), / · may be deactivated · policy: retry$/);
    assert.equal(words({ policy: 'queue' }, { count: 0, deactivated: false }), 'empty · policy: queue');
    const names = { nameOfList: () => undefined };
    const keys = (queue?: KnownQueue): string[] =>
      factRows(nodeOf(instance()).facts, 0, names, queue).map(({ key }) => key);
    assert.deepEqual(keys(known), ['callback', 'queue', 'lists', 'tags', 'created', 'id']);
    assert.ok(!keys().includes('queue'));
  });

  describe('is offered', () => {
    let offered: [string, number][];
    let relay: number | undefined;
    let relayUrls: string[];
    const offerOf = (...ids: number[]): QueueOffer =>
      new QueueOffer({
        platform: { host, api: () => Promise.resolve(api) },
        store: { all: () => ids.map((id) => ({ id, name: 'Mine', host, createdAt: '2026-01-01T00:00:00Z' })) },
        queues: () => Promise.resolve(states(relayUrls)),
        memory: {
          get: <T>(key: string, otherwise?: T) => (memory.get(key) ?? otherwise) as T,
          update: (key, value) => Promise.resolve(void memory.set(key, value)),
        },
        ...{ node: nodeOf, relay: () => relay, attention: () => Promise.resolve(), log },
        offer: ({ facts }, count) => offered.push([facts.name, count]),
      });
    beforeEach(() => {
      offered = [];
      relayUrls = [];
      fetched = new Set();
      relay = 1;
    });

    it('once after each start of the relay, and when the callback URL is another', async () => {
      const { facts } = await queued(2);
      const offer = offerOf(facts.id);
      await Promise.all([offer.follow(), offer.follow()]);
      await offer.follow();
      assert.deepEqual(offered, [['API Instance', 2]]);
      assert.doesNotMatch(JSON.stringify([...memory]), new RegExp(secret));
      relay = 2;
      await offer.follow();
      assert.equal(offered.length, 2);
      await api.patchInstance(facts.id, { configuration: { 'event.notification.callback.url': earlierUrl } });
      await offer.follow();
      assert.equal(offered.length, 2, 'nothing is queued there');
    });

    it('never where nothing is queued, no relay runs, the callback is another’s, or it was fetched', async () => {
      const { facts } = await queued(1);
      relay = undefined;
      await offerOf(facts.id).follow();
      relay = 1;
      const queues = states();
      await queues.read(nodeOf(await api.getInstance(facts.id)));
      for (const { notificationId } of queues.listed(callbackUrl).values()) fetched?.add(notificationId);
      await offerOf(facts.id).follow();
      const foreign = await queued(1, 'http://127.0.0.1:9/of-somebody-else');
      await offerOf(foreign.facts.id).follow();
      assert.deepEqual([offered, warnings], [[], []]);
      await offerOf(99).follow();
      assert.equal(warnings.length, 1, 'an instance that is gone is said in the log alone');
    });
  });
});
