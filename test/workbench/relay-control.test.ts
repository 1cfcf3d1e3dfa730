import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { LocaltunnelServer, send as sendThroughTunnel } from '../relay/tunnel/stage.ts';
import { packedProgram } from '../packed.ts';
import {
  category,
  changeSettings,
  dataDirs,
  eventsView,
  isStopped,
  settingsFile,
  startRelay,
  statusIfRunning,
  statusItem,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { clickUntil, openWorkbench, temporaryFolder, untilDone, type Workbench } from './workbench.ts';

const run = promisify(execFile);

const local = { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 };

/** A program of a tunnel, as far as the relay looks at it. */
const devtunnel = `#!/bin/sh
if [ "$1" = user ]; then echo 'Logged in as jane using GitHub.'; exit; fi
echo "Connect via browser: https://b2cdx1f4-$3.euw.devtunnels.ms"
exec sleep 600
`;

describe('The relay, as a person controls it', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let tunnel: LocaltunnelServer;
  let dataDir: string;

  before(async () => {
    receiver = await startReceiver();
    tunnel = await LocaltunnelServer.start();
    const devtunnelPath = join(temporaryFolder(), 'devtunnel');
    writeFileSync(devtunnelPath, devtunnel, { mode: 0o755 });
    workbench = await openWorkbench({
      folder: false,
      settings: { ...local, 'campaignMonitorRelay.destinations': [{ url: receiver.url }] },
      machineSettings: {
        'campaignMonitorRelay.tunnel.host': tunnel.host,
        'campaignMonitorRelay.tunnel.programs': { devtunnelPath },
      },
    });
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
    await tunnel.kill();
  });

  it('starts, and the status bar says so', async () => {
    await workbench.openViewContainer(category);
    // No relay has run in this folder: there is nothing to say.
    await workbench.view(eventsView).getByText('The relay isn’t running.').waitFor();
    assert.equal(await workbench.statusBarItem(statusItem).count(), 0);
    await startRelay(workbench);
    const [found] = dataDirs(workbench);
    assert.ok(found);
    dataDir = found;
    assert.equal((await statusOf(dataDir)).destinations[0]?.url, receiver.url);
  });

  it('says in the empty view how it stands: no public URL, and a destination of one’s own', async () => {
    await startRelay(workbench);
    const view = workbench.view(eventsView);
    await view.getByText('No events yet.').waitFor();
    await workbench.welcomeButton(eventsView, 'Open Public URL').waitFor();
    assert.equal(await view.getByText('a sample receiver answers').count(), 0);
    await workbench.picture('relay-control/empty');
    await changeSettings(workbench, { 'campaignMonitorRelay.destinations': [] });
    await view.getByText('a sample receiver answers').waitFor();
    await workbench.picture('relay-control/empty-sample-receiver');
    await changeSettings(workbench, { 'campaignMonitorRelay.destinations': [{ url: receiver.url }] });
    await view.getByText('a sample receiver answers').waitFor({ state: 'detached' });
  });

  it('shows what can be done behind the status-bar item', async () => {
    await clickUntil(workbench.statusBarItem(statusItem), workbench.page.locator('.quick-input-list .monaco-list-row'));
    const items = await workbench.quickPickItems();
    assert.ok(items.some((item) => item.includes('Copy Campaign Monitor Webhook URL')));
    assert.ok(items.some((item) => item.includes('New Secret URL…')));
    assert.ok(items.some((item) => item.includes('Restart Relay')));
    assert.ok(items.some((item) => item.includes('Show Events')));
    assert.ok(
      items.some((item) => item.includes(receiver.url) && item.includes('not yet tried')),
      String(items),
    );
    assert.ok(!items.some((item) => item.includes('Close Public URL')));
    await workbench.quickInputWidget.getByText('Reachable from this machine only').waitFor();
    await workbench.picture('relay-control/status');
    await workbench.page.keyboard.press('Escape');
  });

  it('offers what a command lacks, in the message that says so', async () => {
    const { campaignMonitorUrl } = await statusOf(dataDir);
    await send(campaignMonitorUrl, { body: sampleBody({ email: 'before@example.com' }) });
    await workbench.runCommand(`${category}: Stop Relay`);
    await untilStatusBar(workbench, 'stopped');
    await workbench.chooseFromContextMenu(workbench.treeRow(eventsView, 'before@example.com'), 'Resend');
    await workbench.answerNotification('The relay isn’t running', 'Start Relay');
    await untilStatusBar(workbench, 'reachable from this machine only');
  });

  it('is noticed when it is killed, said plainly, and started again by one click with all that it acknowledged', async () => {
    await startRelay(workbench);
    // Acknowledged and not yet passed on, when the relay dies.
    receiver.answer('hang');
    await changeSettings(workbench, { 'campaignMonitorRelay.destinations': [{ url: receiver.url }] });
    await until(async () => (await statusOf(dataDir)).destinations[0]?.url === receiver.url);
    const before = await statusOf(dataDir);
    const address = `acknowledged-${Date.now()}@example.com`;
    const { status } = await send(before.campaignMonitorUrl, { body: sampleBody({ email: address }) });
    process.kill(before.pid, 'SIGKILL');
    assert.equal(status, 200);
    receiver.answer({ status: 200 });
    await untilStatusBar(workbench, 'stopped unexpectedly');
    const text = 'The relay stopped unexpectedly. No acknowledged event was lost.';
    await workbench.showNotification(text);
    await workbench.picture('relay-control/killed');
    await workbench.answerNotification(text, 'Start Relay');
    await untilStatusBar(workbench, 'reachable from this machine only');
    const after = await statusOf(dataDir);
    assert.notEqual(after.pid, before.pid);
    assert.equal(after.campaignMonitorUrl, before.campaignMonitorUrl);
    assert.equal(after.counts.deliveries, before.counts.deliveries + 1);
    await workbench.treeRow(eventsView, address).filter({ hasText: 'sent 200' }).waitFor();
  });

  it('is not called broken when the command line stops it, and is started again by one click', async () => {
    await startRelay(workbench);
    const before = await statusOf(dataDir);
    await run(process.execPath, [packedProgram(), 'stop', '--data-dir', dataDir]);
    await untilStatusBar(workbench, 'stopped by another window or a terminal');
    const text = 'Another window or a terminal stopped the relay.';
    await workbench.showNotification(text);
    await workbench.picture('relay-control/stopped-elsewhere');
    await workbench.answerNotification(text, 'Start Relay');
    await untilStatusBar(workbench, 'reachable from this machine only');
    const after = await statusOf(dataDir);
    assert.notEqual(after.pid, before.pid);
    assert.equal(after.campaignMonitorUrl, before.campaignMonitorUrl);
  });

  it('finds the same process at the same URL, with what came in while it was away', async () => {
    await startRelay(workbench);
    const { page } = workbench;
    const before = await statusOf(dataDir);
    const address = page.url();
    await page.goto('about:blank');
    await until(async () => (await statusOf(dataDir)).clients === 1);
    await send(before.campaignMonitorUrl, { body: sampleBody({ email: 'away@example.com' }) });
    await until(async () => (await statusOf(dataDir)).counts.sent === before.counts.sent + 1);
    await page.goto(address);
    await workbench.restored();
    const seen = workbench.view(eventsView);
    void workbench.openViewContainer(category);
    // It does not say that nothing has come in, not for a moment either.
    const said = await until(async () => {
      const text = await seen.innerText({ timeout: 50 }).catch(() => '');
      return /No events yet|away@example\.com/.exec(text)?.[0];
    });
    assert.equal(said, 'away@example.com');
    await untilStatusBar(workbench, 'reachable from this machine only');
    await workbench.treeRow(eventsView, 'away@example.com').filter({ hasText: 'sent 200' }).waitFor();
    const after = await statusOf(dataDir);
    assert.equal(after.pid, before.pid);
    assert.equal(after.campaignMonitorUrl, before.campaignMonitorUrl);
    assert.equal(after.counts.deliveries, before.counts.deliveries + 1);
  });

  it('restarts as another process at the same URL, and stops', async () => {
    await startRelay(workbench);
    const before = await statusOf(dataDir);
    await workbench.runCommand(`${category}: Restart Relay`);
    await until(async () => {
      const status = await statusIfRunning(dataDir);
      return status !== undefined && status.pid !== before.pid ? status : undefined;
    });
    assert.equal((await statusOf(dataDir)).campaignMonitorUrl, before.campaignMonitorUrl);
    await untilStatusBar(workbench, 'reachable from this machine only');
    await workbench.runCommand(`${category}: Stop Relay`);
    await untilStatusBar(workbench, 'stopped');
    await assert.rejects(statusOf(dataDir), { name: 'NoRelayError' });
  });

  it('says in its log what happened to the relay, where notifications go and what was rejected', async () => {
    await startRelay(workbench);
    const { pid, campaignMonitorUrl } = await statusOf(dataDir);
    assert.equal((await send(campaignMonitorUrl, { body: 'no JSON' })).status, 400);
    const { origin, pathname } = new URL(campaignMonitorUrl);
    const text = await until(() => {
      const log = globSync('data/logs/**/Campaign Monitor Relay.log', { cwd: workbench.server.dataDir })
        .map((path) => readFileSync(join(workbench.server.dataDir, path), 'utf8'))
        .join('');
      return log.includes('rejected: ') ? log : undefined;
    });
    assert.match(
      text,
      new RegExp(`\\[info\\] the relay was started: process ${pid}, version \\S+, at ${origin}, history in `),
    );
    assert.match(text, /\[info\] the settings were applied\n/);
    assert.match(text, /\[info\] notifications go to http:\/\/127\.0\.0\.1:\d+\/callback\n/);
    assert.match(text, /\[info\] the relay was stopped\n/);
    assert.match(text, /\[warning\] d\d+ rejected: \S/);
    assert.ok(!text.includes(pathname));
    await workbench.runCommand(`${category}: Show Log`);
    await workbench.page.locator('.panel').getByText('the relay was started').first().waitFor();
    await workbench.picture('relay-control/log');
  });

  describe('and its public URL', () => {
    const status = async () => statusOf(dataDirs(workbench)[0]!);

    /** Waits until the palette has these of some commands that are not for now, or for rows alone, and no other. */
    async function untilOffered(...titles: string[]): Promise<void> {
      const some = [
        'Start Relay',
        'Stop Relay',
        'Pause Sending',
        'Continue Sending',
        'Resend To…',
        'Edit Destination…',
      ];
      const { page, quickInput } = workbench;
      const isOffered = async (title: string): Promise<boolean> => {
        await quickInput.fill(`>${category}: ${title}`, { timeout: 5000 });
        const items = await workbench.quickPickItems();
        return items.some((item) => item.startsWith(`${category}: ${title}`));
      };
      await untilDone(
        async () => {
          await page.keyboard.press('F1');
          for (const title of some) await until(async () => (await isOffered(title)) === titles.includes(title), 5000);
          await page.keyboard.press('Escape');
          await quickInput.waitFor({ state: 'hidden', timeout: 5000 });
        },
        () => page.keyboard.press('Escape'),
      );
    }

    before(async () => {
      await workbench.runCommand('View: Toggle Panel Visibility');
      if (!(await isStopped(workbench))) await workbench.runCommand(`${category}: Stop Relay`);
      await untilStatusBar(workbench, 'stopped');
      // Without a setting there is none.
      await changeSettings(workbench, { 'campaignMonitorRelay.tunnel.kind': undefined });
      await workbench.runCommand('Notifications: Clear All Notifications');
    });
    const restart = async (): Promise<void> => {
      const before = await status();
      await workbench.runCommand(`${category}: Restart Relay`);
      await until(async () => {
        const after = await statusIfRunning(dataDirs(workbench)[0]!);
        return (after !== undefined && after.pid !== before.pid) || undefined;
      });
    };

    it('is not opened without the user’s agreement, in a window without a folder, and the first time asks which tunnel', async () => {
      await startRelay(workbench);
      await workbench.runCommandThatAsks(`${category}: Open or Close Public URL`, 'nothing to install');
      await workbench.picture('relay-control/which-tunnel');
      await workbench.pick('localtunnel');
      await workbench.dialog.getByText('can read deliveries').waitFor();
      await workbench.picture('relay-control/agreement-dialog');
      await workbench.answerDialog('Cancel');
      const chosen = JSON.parse(readFileSync(settingsFile(workbench), 'utf8')) as Record<string, unknown>;
      assert.equal(chosen['campaignMonitorRelay.tunnel.kind'], 'localtunnel');
      assert.equal((await status()).tunnel.state, 'closed');
      await restart();
      await untilStatusBar(workbench, 'reachable from this machine only');
    });

    it('asks before the first one and then is open with host and count', async () => {
      const agreement = workbench.dialog.getByText('can read deliveries');
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      // Asked once: an earlier try may have agreed already.
      await until(async () => (await agreement.isVisible()) || (await status()).tunnel.state === 'open');
      if (await agreement.isVisible()) await workbench.answerDialog('Open Public URL');
      const said = await untilStatusBar(workbench, 'open at');
      const { publicCampaignMonitorUrl, counts } = await status();
      assert.ok(publicCampaignMonitorUrl);
      const { host, pathname } = new URL(publicCampaignMonitorUrl);
      assert.ok(said.includes(`open at ${host}`), said);
      const answer = await sendThroughTunnel(publicCampaignMonitorUrl, pathname, {
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(sampleBody()),
      });
      assert.equal(answer.status, 200);
      await untilStatusBar(workbench, `events: ${counts.events + counts.tests + counts.rejected + 1}`);
      await workbench.picture('relay-control/open');
    });

    it('is opened again after a restart, which is said; closed there, it stays closed until one opens it', async () => {
      const before = await status();
      await workbench.reload();
      await untilStatusBar(workbench, 'open at');
      assert.deepEqual([(await status()).pid, (await status()).publicUrl], [before.pid, before.publicUrl]);
      await restart();
      // The status bar may still show the relay before.
      await until(async () => (await status()).publicUrl === before.publicUrl, 30_000, 'the same URL is open');
      await untilStatusBar(workbench, 'open at');
      await workbench.showNotification('which was open');
      await workbench.picture('relay-control/reopened');
      await workbench.answerNotification('which was open', 'Close');
      await untilStatusBar(workbench, 'reachable from this machine only');
      await restart();
      await untilStatusBar(workbench, 'reachable from this machine only');
      await workbench.runCommand(`${category}: Stop Relay`);
      await untilStatusBar(workbench, 'stopped');
      await startRelay(workbench);
      assert.equal((await status()).tunnel.state, 'closed');
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      await untilStatusBar(workbench, 'open at');
    });

    it('has one command in the palette, which opens and closes it, beside what can be done now', async () => {
      await untilOffered('Stop Relay', 'Pause Sending');
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      await untilStatusBar(workbench, 'reachable from this machine only');
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      await untilStatusBar(workbench, 'open at');
    });

    it('is closed, and opened again, behind the status-bar item', async () => {
      const { page, quickInput } = workbench;
      const choose = (entry: string): Promise<void> =>
        untilDone(
          async () => {
            await quickInput.waitFor({ state: 'hidden', timeout: 5000 });
            await workbench.statusBarItem(statusItem).click({ timeout: 5000 });
            // Typed, since rows may still move under a click.
            await page.getByPlaceholder('What do you want to do?').fill(entry, { timeout: 5000 });
            const rows = page.locator('.quick-input-list .monaco-list-row');
            await until(async () => (await rows.count()) === 1 && rows.filter({ hasText: entry }).isVisible(), 5000);
            await page.keyboard.press('Enter');
            await quickInput.waitFor({ state: 'hidden', timeout: 5000 });
          },
          () => page.keyboard.press('Escape'),
        );
      await choose('Close Public URL');
      await untilStatusBar(workbench, 'reachable from this machine only');
      await choose('Open Public URL');
      await untilStatusBar(workbench, 'open at');
    });

    it('is never called open when it does not answer', async () => {
      await tunnel.kill();
      const said = await until(async () => {
        const text = await untilStatusBar(workbench, 'Campaign Monitor Relay');
        return text.includes('open at') ? undefined : text;
      }, 90_000);
      assert.match(said, /not answering|opening public URL|no public URL/);
      await workbench.picture('relay-control/degraded');
    });

    it('says what failed and why after the first attempt, and leads to another tunnel', async () => {
      await tunnel.kill();
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      await untilStatusBar(workbench, 'reachable from this machine only');
      await workbench.runCommand('Notifications: Clear All Notifications');
      await workbench.runCommand(`${category}: Open or Close Public URL`);
      await workbench.showNotification('No public URL: Can’t reach the tunnel server');
      await workbench.view(eventsView).getByText('No public URL: Can’t reach the tunnel server').waitFor();
      await workbench.picture('relay-control/unreachable');
      await workbench.answerNotification('No public URL', 'Keep Trying');
      await untilStatusBar(workbench, 'no public URL');
    });

    it('is that of another program where one chooses it by clicks, once that is agreed to', async function () {
      // The program is a script that only a Unix system runs by its first line.
      if (process.platform === 'win32') this.skip();
      await workbench.runCommandThatAsks(`${category}: Choose Tunnel…`, 'installed, signed in');
      const [first = ''] = await workbench.quickPickItems();
      assert.match(first, /^devtunnel, ?installed, signed in/);
      await workbench.picture('tunnels/choose');
      await workbench.pick('devtunnel');
      const dialog = workbench.page.locator('.monaco-dialog-box').filter({ hasText: 'Open a public URL?' });
      await dialog.filter({ hasText: '(devtunnel)' }).waitFor();
      await dialog.getByRole('button', { name: 'Open Public URL', exact: true }).click();
      const opened = await until(async () => {
        const { tunnel } = await status();
        return 'url' in tunnel && tunnel.kind === 'devtunnel' ? tunnel : undefined;
      });
      assert.match(opened.url, /^https:\/\/b2cdx1f4-\d+\.euw\.devtunnels\.ms$/);
    });
  });
});

describe('An untrusted folder', () => {
  it('cannot redirect data by its settings', async () => {
    const evil = await startReceiver();
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.vscode'));
    writeFileSync(
      join(folder, '.vscode', 'settings.json'),
      JSON.stringify({
        'campaignMonitorRelay.destinations': [{ url: evil.url }],
        'campaignMonitorRelay.tunnel.kind': 'fixed',
        'campaignMonitorRelay.tunnel.url': 'https://evil.example',
        'campaignMonitorRelay.tunnel.host': 'https://evil.example',
        'campaignMonitorRelay.tunnel.programs': { cloudflaredPath: '/tmp/evil', ngrokPath: '/tmp/evil' },
        // What VS Code does not take for the setting that it is a part of.
        'campaignMonitorRelay.limits.maxDeliveries': 1,
        'campaignMonitorRelay.port': 1,
        'campaignMonitorRelay.partSize': 9,
        'http.proxy': evil.url,
      }),
    );
    const workbench = await openWorkbench({ folder, trusted: false, settings: local });
    try {
      await startRelay(workbench);
      const dataDir = dataDirs(workbench)[0]!;
      const status = await statusOf(dataDir);
      // The folder's settings are read, those that could redirect data aside.
      assert.equal(status.settings.partSize, 9);
      assert.equal(status.settings.proxy, undefined);
      assert.equal(status.settings.retention.maxDeliveries, 50_000);
      assert.deepEqual(
        status.destinations.map(({ url }) => new URL(url).pathname),
        ['/sample-receiver'],
      );
      assert.deepEqual(status.settings.tunnel, { kind: 'none' });
      await send(status.campaignMonitorUrl, { body: sampleBody() });
      await until(async () => ((await statusOf(dataDir)).counts.sent === 1 ? true : undefined));
      assert.equal(evil.requests.length, 0);
      assert.ok(!readFileSync(join(dataDir, 'relay.log'), 'utf8').includes('evil'));
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
