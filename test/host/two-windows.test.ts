import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User } from './session-stage.ts';

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

  it('leave a relay as it is that a command line has started', async () => {
    const window = openWindow('0.0.1');
    const { dataDir } = window.session;
    const files = new vscode.RelativePattern(vscode.Uri.file(dataDir), '{channel.json,seen}');
    const watcher = vscode.workspace.createFileSystemWatcher(files, false, false, true);
    const seen = new Set<string>();
    for (const each of [watcher.onDidCreate, watcher.onDidChange]) each(({ path }) => seen.add(basename(path)));
    const ofTerminal = new StandInRelay(dataDir, '0.0.1', false);
    const shared = new StandInRelay(dataDir, '0.0.1');
    try {
      window.session.follow();
      // VS Code begins to watch a moment after it was asked to.
      await until(() => {
        writeFileSync(join(dataDir, 'seen'), String(Math.random()));
        return seen.has('seen');
      });
      rmSync(join(dataDir, 'seen'));
      await ofTerminal.open();
      await until(() => seen.has('channel.json'));
      await ofTerminal.close();
      await shared.open();
      await until(() => window.session.state.kind === 'running');
      assert.deepEqual(ofTerminal.asked, []);
      assert.ok(shared.asked.includes('relay/configure'));
    } finally {
      watcher.dispose();
      await window.close();
      await shared.close();
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
      // What comes in is seen by both, before and after a restart.
      const bothCount = (events: number) =>
        until(() => [one, two].every(({ session }) => session.status?.counts.events === events));
      const { pid, campaignMonitorUrl } = one.session.status!;
      await deliver(campaignMonitorUrl, 1);
      await bothCount(1);
      await one.session.stop('keep');
      await one.session.start();
      await until(() => [one, two].every(({ session }) => session.status !== undefined && session.status.pid !== pid));
      assert.equal(two.session.status?.pid, one.session.status?.pid);
      await deliver(one.session.status!.campaignMonitorUrl, 2);
      await bothCount(2);
      assert.deepEqual(user.messages, []);
    } finally {
      two.leave();
      await one.close();
      rmSync(base, { recursive: true, force: true, maxRetries: 20 });
    }
  });

  it('of two folders have a relay each, at URLs of their own', async () => {
    const one = openWindow('0.0.1');
    const two = openWindow('0.0.1', one.storage);
    try {
      const statuses = await Promise.all(
        [one, two].map(async ({ session }) => (await session.start()).request('relay/status', {})),
      );
      for (const key of ['pid', 'dataDir', 'campaignMonitorUrl', 'openConnectorsUrl'] as const)
        assert.equal(new Set(statuses.map((status) => status[key])).size, 2, key);
    } finally {
      await two.close();
      await one.close();
    }
  });
});
