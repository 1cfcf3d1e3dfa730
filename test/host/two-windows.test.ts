import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, User } from './session-stage.ts';

/** What a relay is sent. */
async function deliver(url: string, seed: number): Promise<void> {
  const [delivery] = sampleDeliveries({ types: ['Subscribe'], count: 1, batch: 1, seed });
  assert.equal((await fetch(url, { method: 'POST', body: delivery?.text ?? '' })).status, 200);
}

describe('Two windows', function () {
  this.timeout(60_000);
  let user: User;

  before(() => setSetting('tunnel.kind', 'none'));
  after(() => setSetting('tunnel.kind', undefined));
  beforeEach(() => (user = new User()));
  afterEach(() => user.putBack());

  it('without a folder share a relay, whose sample receiver needs neither of them', async () => {
    const one = openWindow('0.0.1', undefined, null);
    const two = openWindow('0.0.1', one.storage, null);
    let last = one;
    try {
      await one.session.start();
      const client = await two.session.start();
      const { pid, campaignMonitorUrl, settings } = await client.request('relay/status', {});
      assert.equal(one.session.status?.pid, pid);
      assert.equal(settings.destinations[0]?.sample, 'ok');
      const sent = (count: number) => until(() => last.session.status?.counts.sent === count);
      await deliver(campaignMonitorUrl, 1);
      await sent(1);
      two.leave();
      await deliver(campaignMonitorUrl, 2);
      await sent(2);
      last = openWindow('0.0.1', one.storage, null);
      await last.session.start();
      one.leave();
      await deliver(campaignMonitorUrl, 3);
      await sent(3);
      assert.deepEqual(user.messages, []);
    } finally {
      await last.close();
    }
  });

  it('of one folder have one relay, and each finds the one that the other starts', async () => {
    const base = mkdtempSync(join(tmpdir(), 'cm-two-'));
    const storages = ['0f3c', '0f3c-1'].map((name) => join(base, name, 'own'));
    for (const each of storages) mkdirSync(each, { recursive: true });
    const one = openWindow('0.0.1', undefined, storages[0]);
    const two = openWindow('0.0.1', one.storage, storages[1]);
    try {
      assert.equal(two.session.dataDir, one.session.dataDir);
      two.session.follow();
      await one.session.start();
      await until(() => two.session.state.kind === 'running');
      await one.session.stop();
      await until(() => two.session.state.kind === 'stopped');
      await one.session.start();
      await until(() => two.session.state.kind === 'running');
      assert.equal(two.session.status?.pid, one.session.status?.pid);
      assert.ok(user.message('The relay was stopped') === undefined, 'it is back');
    } finally {
      two.leave();
      await one.close();
      rmSync(base, { recursive: true, force: true, maxRetries: 20 });
    }
  });
});
