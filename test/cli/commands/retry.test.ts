import assert from 'node:assert/strict';
import type { EventRow, Notification } from '../../../src/protocol/history.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { until } from '../../relay/until.ts';
import { Callback, delivery, eachWithOwn, post, type Workplace } from '../harness.ts';

describe('cm-relay retry', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  async function json<T>(...args: [string, ...string[]]): Promise<T> {
    const { code, out, err } = await place.run(...args, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as T;
  }

  it('tries a callback at once that is down, which status, show and --json say, with since when', async () => {
    await callback.close();
    const { campaignMonitorUrl } = await place.listen(['--forward-to', callback.url]).ready();
    assert.equal(await post(campaignMonitorUrl, delivery('jane@example.org')), 200);
    const down = await until(async () => {
      const { destinations } = await json<Status>('status');
      return destinations[0]?.state === 'down' && destinations[0];
    });
    const since = down.downSince ?? '';
    assert.ok(Math.abs(Date.now() - Date.parse(since)) < 60_000, since);
    const said = 'down since \\d\\d:\\d\\d:\\d\\d(?:, next attempt [\\d:]+)?: cannot be reached: .*ECONNREFUSED';
    assert.match((await place.run('status')).out, new RegExp(`${callback.url}, unsigned, ${said}`));
    assert.match((await place.run('show', 'e1')).out, new RegExp(`waiting, ${said}`));
    const shown = await json<{ notifications: Notification[] }>('show', 'e1');
    assert.equal(shown.notifications[0]?.forwardings[0]?.downSince, since);
    assert.equal((await json<EventRow>('events')).forwardings[0]?.downSince, since);
    // It may be tried at this very moment.
    for (const command of [['status'], ['events'], ['show', 'e1']] as [string, ...string[]][]) {
      await until(async () => / next attempt (?:\d\d:){2}\d\d/.test((await place.run(...command)).out));
    }

    const still = await place.run('retry');
    assert.match(still.out, new RegExp(`^${callback.url}: trying now, 1 queued\n$`));
    const back = await Callback.open(Number(new URL(callback.url).port));
    try {
      await place.run('retry');
      await back.received(1);
      await until(async () => (await json<Status>('status')).destinations[0]?.state === 'up');
      assert.equal((await json<Status>('status')).destinations[0]?.downSince, undefined);
    } finally {
      await back.close();
    }
  });

  it('sends at once what would be tried again hours from now', async () => {
    callback.status = 503;
    const listening = place.listen(['--forward-to', callback.url, '--retry', 'sap']);
    await post((await listening.ready()).campaignMonitorUrl, delivery('jane@example.org'));
    const first = await listening.json<{ type: string; nextAttemptAt: string }>('attempt');
    const at = new Date(first.nextAttemptAt).toTimeString().slice(0, 8);
    assert.ok((await place.run('events')).out.includes(`waiting, next attempt ${at}\n`));
    assert.ok((await place.run('show', 'e1')).out.includes(`waiting, next attempt ${at}`));
    assert.ok(
      (await place.run('status')).out.includes(`, failing, 1 retrying, last 503, 1 queued, next attempt ${at}\n`),
    );
    callback.status = 200;
    await place.run('retry');
    const next = await listening.json<{ type: string; at: string; outcome: string }>(
      'attempt',
      ({ outcome }) => outcome === 'sent',
    );
    assert.ok(next.at < first.nextAttemptAt, `${next.at} is not before ${first.nextAttemptAt}`);
  });
});
