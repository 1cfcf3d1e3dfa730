import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { startHarness, type Harness } from '../../sandbox/harness.ts';
import { platformOf, type Platform } from '../../sandbox/open-connectors/platform.ts';
import { Callback, run, Workplace, type Ended, type Line } from '../harness.ts';

/** Nobody listens there: the URL of a relay behind a firewall. */
const unreachable = 'http://127.0.0.1:9/hook';

describe('cm-relay instances queue', function () {
  this.timeout(120_000);
  let sandbox: Harness;
  let platform: Platform;
  let place: Workplace;
  let callback: Callback;

  beforeEach(async () => {
    sandbox = await startHarness({ notificationRetryDelaysMs: [] });
    platform = platformOf(sandbox);
    place = new Workplace();
    callback = await Callback.open();
  });
  afterEach(async () => {
    await place.close();
    await callback.close();
    await sandbox.close();
  });

  const instances = (...args: string[]): Promise<Ended> => {
    const { openConnectors, campaignMonitor } = sandbox.sandbox.credentials;
    const { userSecret, organizationSecret } = openConnectors;
    return run(['instances', ...args, '--data-dir', place.dataDir], {
      OPEN_CONNECTORS_HOST: `http://127.0.0.1:${sandbox.sandbox.port}`,
      OPEN_CONNECTORS_USER_SECRET: userSecret,
      OPEN_CONNECTORS_ORGANIZATION_SECRET: organizationSecret,
      CAMPAIGN_MONITOR_API_KEY: campaignMonitor.apiKey,
    });
  };
  const json = async (...args: string[]): Promise<Line> => {
    const { code, out, err } = await instances(...args, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Line;
  };

  /** An instance for whose callback URL so many notifications are queued. @returns its id */
  async function queued(count: number, url = unreachable): Promise<string> {
    const { id } = await platform.create({ 'event.notification.callback.url': url });
    await platform.control('PATCH', '/settings', { partSize: 1 });
    const over = new Set<number>();
    await sandbox.control('POST', '/deliveries', { types: ['Update'], batch: count, listId: documentedListId });
    await sandbox.report((report) => {
      if (report.type === 'notification' && report.notification.queued) over.add(report.notification.id);
      return over.size === count;
    });
    return String(id);
  }

  const listen = async (): Promise<void> => {
    await place
      .start(['listen', '--data-dir', place.dataDir, '--port', '0', '--forward-to', callback.url, '--json'])
      .ready();
  };

  it('brings what is queued to a developer whom no public URL reaches, once', async () => {
    const id = await queued(3);
    const shown = await json('queue', id);
    assert.deepEqual(
      [shown.type, shown['queued'], shown['more'], shown['deactivated'], shown['policy']],
      ['queue', 3, false, null, 'retry'],
    );
    assert.match(String(shown['since']), /^\d{4}-/);
    const none = await instances('queue', id, '--fetch');
    assert.deepEqual([none.code, none.out], [1, '']);
    assert.match(none.err, /no relay is running/);
    await listen();
    const fetched = await json('queue', id, '--fetch');
    assert.deepEqual([fetched['taken'], fetched['known'], fetched['skipped']], [3, 0, 0]);
    const posts = await callback.received(3);
    const { body } = await platform.api(
      'GET',
      `/notifications/subscriptions/deliveries?hydrate=true&where=${encodeURIComponent(`config.url='${unreachable}'`)}`,
    );
    assert.deepEqual(
      posts.map(({ body: bytes }) => bytes.toString()),
      (body as { notification: object }[]).map(({ notification }) => JSON.stringify(notification)),
    );
    assert.ok(posts.every(({ headers }) => headers['elements-webhook-signature'] === undefined));
    const again = await instances('queue', id, '--fetch');
    assert.match(again.out, /^Fetched 0 notifications\.$/m);
    assert.match(again.err, /3 were fetched before/);
    const { out } = await run(['events', '--filter', 'signature:fetched', '--data-dir', place.dataDir]);
    assert.equal(out.match(/ fetched: no signature to check$/gm)?.length, 3, out);
    const overview = (await run(['show', 'e1', '--data-dir', place.dataDir])).out;
    assert.match(overview, /, fetched$/m);
    assert.match(overview, / unsigned /);
    assert.doesNotMatch(overview, /, answered 200|signature as received/);
  });

  it('is fetched to its end on both platforms: where a read changes the status, and where it does not', async () => {
    for (const readingNotifies of [false, true]) {
      const id = await queued(3, `${unreachable}/${readingNotifies}`);
      await platform.control('PATCH', '/settings', { readingNotifies, deliveriesPageSize: 1 });
      if (!readingNotifies) {
        assert.equal((await json('queue', id))['queued'], 3);
        await listen();
      }
      const fetched = await json('queue', id, '--fetch');
      assert.deepEqual([fetched['taken'], fetched['skipped'], fetched['more']], [3, 0, false]);
      await platform.api('DELETE', `/instances/${id}`);
    }
    await callback.received(6);
  });

  it('has the platform post again what is queued, to the callback URL that is there now', async () => {
    callback.status = (number) => (number === 1 ? 500 : 200);
    const id = await queued(3, callback.url);
    const { code, out } = await instances('queue', id, '--deliver');
    assert.equal(code, 0);
    assert.match(out, /is posting what is queued to http.* again/);
    await callback.received(4);
    assert.equal((await json('queue', id))['queued'], 0);
    const words = (await instances('queue', id)).out;
    assert.match(words, /^Nothing queued, for http.*\nPolicy: retry \(whole account\)/);
  });

  it('is spoken of when the callback URL is set, and by nobody where it is not known', async () => {
    const id = await queued(2);
    const set = await instances('callback', id, '--url', unreachable);
    assert.equal(set.code, 0);
    assert.match(set.err, new RegExp(`2 notifications queued. To get them, run cm-relay instances queue .*${id}`));
    const elsewhere = await instances('callback', id, '--url', 'https://example.org/hook');
    assert.match(elsewhere.err, /2 notifications queued/, 'for a URL that was set before');
    const call = 'GET /notifications/subscriptions/deliveries';
    await platform.control('POST', '/failures', { call, status: 500 });
    const unknown = await instances('callback', id, '--url', unreachable);
    assert.equal(unknown.code, 0, unknown.err);
    assert.doesNotMatch(unknown.err, /queued/);
  });

  it('changes the policy of the account only where that is confirmed', async () => {
    const policy = async (): Promise<unknown> => (await platform.api('GET', '/accounts/settings')).body;
    const before = await policy();
    const refused = await instances('policy', 'queue');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /needs your confirmation/);
    assert.match(refused.err, /--yes/);
    assert.deepEqual(await policy(), before);
    assert.deepEqual(await json('policy', 'queue', '--yes'), { type: 'policy', policy: 'queue' });
    assert.match((await instances('policy')).out, /^Policy: queue \(whole account\)/);
    assert.equal((await instances('policy', 'drop', '--yes')).code, 2);
  });

  it('says what is wrong, and loses nothing', async () => {
    const quoted = await platform.create({ 'event.notification.callback.url': "https://example.org/o'hook" });
    const refused = await instances('queue', String(quoted.id));
    assert.equal(refused.code, 1);
    assert.match(refused.err, /contains a quote/);
    assert.match(refused.err, /Set a callback URL without quotes/);
    const silent = await platform.create({
      ...{ 'event.notification.enabled': false, 'event.notification.callback.url': '' },
    });
    assert.match((await instances('queue', String(silent.id))).err, /has no callback URL/);
    assert.equal((await instances('queue', '1', '--fetch', '--deliver')).code, 2);
    const id = await queued(1);
    await listen();
    await platform.control('POST', '/failures', {
      ...{ call: 'GET /notifications/subscriptions/deliveries', status: 500 },
    });
    assert.equal((await instances('queue', id, '--fetch')).code, 1);
    assert.equal((await json('queue', id, '--fetch'))['taken'], 1);
  });
});
