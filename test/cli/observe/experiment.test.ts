import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Judged } from '../../../src/cli/observe/assumptions.ts';
import { addressesOf } from '../../../src/cli/observe/evidence.ts';
import { markdown, terminalLines } from '../../../src/cli/observe/report.ts';
import { startReceiver } from '../../sandbox/receiver.ts';
import { setStage } from './stage.ts';
import type { Stage } from './stage.ts';

/** Those in a state, by their ids. */
function idsOf(judged: readonly Judged[], state: Judged['state']): string[] {
  return judged
    .filter((each) => each.state === state)
    .map(({ id }) => id)
    .sort();
}

function settingsOf(judged: readonly Judged[], id: string): unknown[] {
  return judged.filter((each) => each.id === id).flatMap(({ corrections }) => corrections.map(({ change }) => change));
}

/** What is refuted of every sandbox here, since its schedules are quick. */
const quick = ['delivery-schedule', 'delivery-timeout', 'platform-schedule'];

describe('an observation of the sandbox', function () {
  this.timeout(60_000);
  let stage: Stage | undefined;
  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });

  it('confirms what the sandbox does as this product assumes, finds its quick schedules, and undoes all it has done', async () => {
    stage = await setStage({ retryDelaysMs: [40, 120, 1000] });
    const { harness, platform, listId, instanceId, dataDir } = stage;
    const before = await platform.api('GET', `/instances/${instanceId}`);
    const hooks = async (): Promise<string[]> =>
      ((await harness.api('GET', `/lists/${listId}/webhooks.json`)).body as { Url: string }[]).map(({ Url }) => Url);
    const hooksBefore = await hooks();

    const { judged, evidence } = await stage.observe(2400);
    assert.deepEqual([idsOf(judged, 'open'), idsOf(judged, 'refuted')], [[], quick]);
    const finding = (id: string): string => judged.find((each) => each.id === id)?.finding ?? '';
    assert.equal(finding('delivery-retries'), 'retried after 500, 404, a time-out, a refused connection');
    assert.equal(finding('part-size'), 'a delivery of 22 events came as notifications of at most 20');
    assert.equal(finding('mixed-types'), 'one POST had Update, Subscribe');
    assert.match(finding('delivery-headers'), /^User-Agent: campaign-monitor-sandbox; headers: .*content-type/);
    const [{ retryDelaysMs }] = settingsOf(judged, 'delivery-schedule') as [{ retryDelaysMs: number[] }];
    assert.equal(retryDelaysMs.length, 3);
    for (const [i, least] of [40, 120, 1000].entries())
      assert.ok((retryDelaysMs[i] ?? 0) >= least, retryDelaysMs.join());

    const facts = {
      ...{ startedAt: '2026-01-15T09:30:00.000Z', watchedMs: 1200, withInstance: true, endedEarly: false },
      ...{ received: evidence.seen.received.length, leftOut: 0 },
    };
    const report = [markdown(facts, judged), ...judged.flatMap(terminalLines)].join('\n');
    for (const secret of [...addressesOf(evidence.seen.people), 'test.example.org', listId, '/hooks/', '127.0.0.1']) {
      assert.ok(!report.includes(secret), secret);
    }

    assert.deepEqual(await hooks(), hooksBefore);
    const active = await harness.api('GET', `/lists/${listId}/active.json`);
    assert.equal((active.body as { TotalNumberOfRecords: number }).TotalNumberOfRecords, 0);
    const { configuration } = (await platform.api('GET', `/instances/${instanceId}`)).body as { configuration: object };
    assert.deepEqual(configuration, (before.body as { configuration: object }).configuration);
    assert.ok(!existsSync(join(dataDir, 'observation.json')));
  });

  it('finds another test body, mapping, raw, id, and event of who comes back, each with the setting that corrects it', async () => {
    const mapping = {
      eventTypes: { Subscribe: 'ADDED', Update: 'UPDATED', Deactivate: 'REMOVED' },
      objectType: 'people',
      objectIdField: 'Name',
    };
    stage = await setStage(
      {
        ...{ testBody: 'text', activeAgain: 'Update', retriedFailures: 'not-4xx', readableAfterMs: 300 },
        // The last comes amid the time in which the port that refused connections is open again.
        retryDelaysMs: [40, 120, 1000],
      },
      { mapping, raw: 'event', eventIdOnRetry: 'new', webhookId: 'id', partSize: 7 },
    );
    const { judged } = await stage.observe(2400);
    assert.deepEqual(
      idsOf(judged, 'refuted'),
      [
        ...['active-again', 'delivery-retries', 'event-types', 'instance-log', 'object-id', 'object-type', 'part-size'],
        ...['raw', 'readable-at-once', 'retry-id', 'test-call', 'webhook-id', ...quick],
      ]
        .filter((id) => id !== 'instance-log')
        .sort(),
      JSON.stringify(judged, null, 1),
    );
    assert.deepEqual(settingsOf(judged, 'event-types')[0], { mapping: { eventTypes: mapping.eventTypes } });
    assert.deepEqual(settingsOf(judged, 'object-type')[0], { mapping: { objectType: 'people' } });
    assert.deepEqual(settingsOf(judged, 'object-id')[0], { mapping: { objectIdField: 'Name' } });
    assert.deepEqual(settingsOf(judged, 'part-size'), [{ partSize: 7 }, { partSize: 7 }]);
    assert.deepEqual(settingsOf(judged, 'raw'), [{ raw: 'event' }]);
    assert.deepEqual(settingsOf(judged, 'retry-id'), [{ eventIdOnRetry: 'new' }]);
    assert.deepEqual(settingsOf(judged, 'webhook-id'), [{ webhookId: 'id' }]);
    assert.deepEqual(settingsOf(judged, 'test-call'), [{ testBody: 'text' }]);
    assert.deepEqual(settingsOf(judged, 'active-again'), [{ activeAgain: 'Update' }]);
    assert.deepEqual(settingsOf(judged, 'delivery-retries'), [{ retriedFailures: 'not-4xx' }]);
    const [{ readableAfterMs }] = settingsOf(judged, 'readable-at-once') as [{ readableAfterMs: number }];
    assert.ok(readableAfterMs >= 250, `${readableAfterMs}`);

    // A sandbox that is set as the corrections say behaves the same.
    const other = await setStage();
    try {
      await other.apply(judged.flatMap(({ corrections }) => corrections));
      const again = (await other.observe(2400)).judged;
      const isTimed = ({ id }: Judged): boolean => [...quick, 'readable-at-once', 'part-size'].includes(id);
      const findings = (all: readonly Judged[]): string[] =>
        all.filter((each) => !isTimed(each)).map(({ id, state, finding }) => `${id}: ${state}: ${finding}`);
      const withoutTimes = (all: readonly Judged[]): string[] =>
        findings(all).map((text) => text.replaceAll(/\d+(?:\.\d+)? (?:ms|s)\b/g, '…'));
      assert.deepEqual(withoutTimes(again), withoutTimes(judged));
      assert.deepEqual(idsOf(again, 'refuted'), idsOf(judged, 'refuted'));
    } finally {
      await other.close();
    }
  });

  it('leaves open what it could not see, and tells each test body from the others', async () => {
    stage = await setStage({ testBody: 'examples', retriedFailures: 'none' }, { raw: 'nothing', retryDelaysMs: [] });
    const { judged } = await stage.observe(300);
    const of = (id: string): Judged => judged.find((each) => each.id === id) ?? assert.fail(id);
    assert.deepEqual(settingsOf(judged, 'raw'), [{ raw: 'nothing' }]);
    assert.deepEqual(settingsOf(judged, 'test-call'), [{ testBody: 'examples' }]);
    for (const id of ['delivery-retries', 'delivery-schedule', 'platform-schedule', 'retry-id']) {
      assert.equal(of(id).state, 'open', id);
      assert.match(of(id).finding, /--for/, id);
    }
    assert.equal(of('platform-failures').state, 'open');
    assert.deepEqual([of('event-types').state, of('object-type').state], ['confirmed', 'confirmed']);
  });

  it('leaves nothing that failed on purpose to the callback of before, whatever the policy', async () => {
    const theirs = await startReceiver();
    try {
      for (const policy of ['retry', 'queue'] as const) {
        stage = await setStage({}, { retryDelaysMs: [1500, 3000] });
        const { platform, instanceId } = stage;
        await platform.api('PATCH', '/accounts/settings', { 'notification.webhook.failure.policy': policy });
        await platform.api('PATCH', `/instances/${instanceId}`, {
          configuration: { 'event.notification.callback.url': theirs.url },
        });
        const { judged } = await stage.observe(200);
        if (policy === 'queue')
          assert.equal(judged.find(({ id }) => id === 'platform-schedule')?.finding, 'policy queue: not retried');
        const log = await platform.control('GET', '/notifications');
        assert.ok(!log.text.includes('"waiting"'), policy);
        const where = encodeURIComponent("channel='webhook' and status='queued'");
        const queued = await platform.api('GET', `/notifications/subscriptions/deliveries?where=${where}`);
        assert.deepEqual([queued.status, queued.body], [200, []], policy);
        await stage.close();
        stage = undefined;
      }
      assert.deepEqual(theirs.received, []);
    } finally {
      await theirs.close();
    }
  });
});
