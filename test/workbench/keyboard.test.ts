import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import { connectToRelay, type RelayClient } from '../../src/protocol/relay-client.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import {
  category,
  dataDirs,
  eventsView,
  sandboxFile,
  startRelay,
  statusOf,
  stopRelays,
  stopSandbox,
  untilStatusBar,
} from './relay.ts';
import { clickAway, openWorkbench, untilDone, type Workbench } from './workbench.ts';

const webhooksView = 'campaignMonitorRelay.webhooks';
const instancesView = 'campaignMonitorRelay.instances';

interface RunningSandbox {
  readonly campaignMonitorApi: string;
  readonly openConnectorsApi: string;
  readonly credentials: SandboxCredentials;
}

describe('Without a mouse', function () {
  this.timeout(240_000);
  let workbench: Workbench;
  let receiver: Receiver;

  const sandbox = (): RunningSandbox => JSON.parse(readFileSync(sandboxFile(workbench)!, 'utf8')) as RunningSandbox;
  const ask = async (url: string, authorization: string, method: string, body?: object): Promise<unknown> => {
    const answer = await fetch(url, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return text === '' ? undefined : JSON.parse(text);
  };
  const vendor = (method: string, path: string, body?: object): Promise<unknown> => {
    const { campaignMonitorApi, credentials } = sandbox();
    const authorization = `Basic ${Buffer.from(`${credentials.campaignMonitor.apiKey}:x`).toString('base64')}`;
    return ask(campaignMonitorApi + path, authorization, method, body);
  };
  const platform = (method: string, path: string, body?: object): Promise<unknown> => {
    const { openConnectorsApi, credentials } = sandbox();
    const { userSecret, organizationSecret } = credentials.openConnectors;
    return ask(openConnectorsApi + path, `User ${userSecret}, Organization ${organizationSecret}`, method, body);
  };
  const hookUrls = async (): Promise<readonly string[]> =>
    ((await vendor('GET', `/lists/${documentedListId}/webhooks.json`)) as { readonly Url: string }[]).map(
      ({ Url }) => Url,
    );
  const askRelay = async <T>(question: (client: RelayClient) => Promise<T>): Promise<T> => {
    const client = await connectToRelay(dataDirs(workbench)[0]!);
    try {
      return await question(client);
    } finally {
      client.close();
    }
  };
  const states = async (): Promise<readonly (string | undefined)[]> => {
    const { events } = await askRelay((client) => client.request('events/query', {}));
    return events.toReversed().map(({ forwardings }) => forwardings[0]?.state);
  };
  const row = (view: string, text: string) => workbench.treeRow(view, text);
  const focused = (view: string) => workbench.view(view).locator('.monaco-list-row.focused');
  /** Clicks a row and moves the focus down by the arrow keys, until it is on the other. */
  const moveFrom = async (view: string, from: string, to: string): Promise<void> => {
    await untilDone(async () => {
      await row(view, from).click({ timeout: 5000 });
      await focused(view).filter({ hasText: from }).waitFor({ timeout: 5000 });
      await until(async () => {
        if (await focused(view).filter({ hasText: to }).isVisible()) return true;
        await workbench.page.keyboard.press('ArrowDown');
        return false;
      }, 5000);
    });
  };

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
      },
      machineSettings: { 'campaignMonitorRelay.openConnectors.host': 'sandbox' },
      viewport: { width: 1280, height: 1000 },
    });
  });
  after(async () => {
    await stopSandbox(workbench);
    await stopRelays(workbench);
    await workbench.close();
  });

  it('one starts the relay, sends samples, opens an event and replays it', async () => {
    const { keyboard } = workbench.page;
    const list = workbench.view(eventsView).locator('.monaco-list:focus, .monaco-list:focus-within').first();
    const focusEvents = async (): Promise<void> => {
      await workbench.runCommandByKeys('Focus on Events View');
      await list.waitFor({ timeout: 5000 });
    };
    // The palette offers what is known when it opens.
    await workbench.page.locator(`.activitybar [aria-label^="${category}"]`).first().waitFor();
    await workbench.runCommandByKeys(`${category}: Start Relay`);
    await untilStatusBar(workbench, 'reachable from this machine only');
    await workbench.runCommandByKeys(`${category}: Send Sample Events…`);
    await workbench.runCommandByKeys('Focus on Events View');
    await workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' }).nth(2).waitFor();
    // A key may be lost while VS Code redraws the rows: then once more.
    const heading = workbench.webviewFrame().getByRole('heading', { name: 'Deactivate' }).first();
    await untilDone(async () => {
      if (!(await heading.isVisible())) {
        // What had the focus before the first event came was the welcome text.
        await focusEvents();
        await keyboard.press('Home');
        await keyboard.press('Enter');
      }
      await heading.waitFor({ timeout: 15_000 });
    });
    // Enter leads into the editor, once that has been loaded; the way back is a command.
    await workbench.page.waitForFunction(`document.activeElement?.matches('iframe.webview') === true`);
    await workbench.picture('keyboard/opened');
    const resending = workbench.page.locator('.statusbar, .notifications-toasts').getByText('Resending').first();
    await untilDone(async () => {
      await focusEvents();
      await keyboard.press('Control+r');
      await resending.waitFor({ timeout: 15_000 });
    });
    assert.equal((await statusOf(dataDirs(workbench)[0]!)).counts.events, 3);
  });

  /** The arrow keys move the focus, not the selection: what a key does is done to the row that has the focus. */
  describe('one acts on the focused row', () => {
    describe('of events', () => {
      before(async () => {
        await workbench.openViewContainer(category);
        await workbench.runCommand('View: Close All Editors');
        await startRelay(workbench);
        // Nobody listens there any more: everything waits.
        await until(async () => (await statusOf(dataDirs(workbench)[0]!)).counts.waiting === 0);
        await receiver.stop();
        await askRelay((client) => client.request('events/clear', {}));
        await workbench.view(eventsView).getByText('No events yet.').waitFor();
        const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
        for (const name of ['one', 'two', 'three', 'four']) {
          await send(campaignMonitorUrl, { body: sampleBody({ email: `${name}@example.com` }) });
        }
        await row(eventsView, 'four@example.com').waitFor();
      });

      it('does nothing to a row from the box in which one searches', async () => {
        await moveFrom(eventsView, 'four@example.com', 'two@example.com');
        await workbench.page.keyboard.press('Control+Alt+f');
        const box = workbench.view(eventsView).locator('.monaco-tree-type-filter input');
        await box.waitFor();
        await box.fill('two');
        await box.press('Home');
        for (const each of ['Delete', 'Delete', 'Control+a', 'Control+c']) await box.press(each);
        assert.equal(await box.inputValue(), 'o');
        await box.press('Escape');
        assert.deepEqual(await states(), ['waiting', 'waiting', 'waiting', 'waiting']);
      });

      it('discards the focused event, and of several selected ones all where the focus is on one of them', async () => {
        await moveFrom(eventsView, 'four@example.com', 'two@example.com');
        await workbench.page.keyboard.press('Delete');
        await until(async () => (await states()).includes('discarded'));
        assert.deepEqual(await states(), ['waiting', 'discarded', 'waiting', 'waiting']);
        await untilDone(async () => {
          await row(eventsView, 'four@example.com').click({ timeout: 5000 });
          await row(eventsView, 'three@example.com').click({ timeout: 5000, modifiers: ['Control'] });
          await workbench.page.keyboard.press('Delete');
          await until(async () => (await states()).filter((each) => each === 'discarded').length > 2, 5000);
        });
        assert.deepEqual(await states(), ['waiting', 'discarded', 'discarded', 'discarded']);
      });
    });

    describe('of webhooks', () => {
      before(async () => {
        await workbench.unfoldView(eventsView, false);
        await workbench.unfoldView(webhooksView);
        await clickAway(workbench.welcomeButton(webhooksView, 'Use the Sandbox’s Account'));
        await row(webhooksView, 'Newsletter').waitFor({ timeout: 60_000 });
        for (const name of ['first', 'second', 'third']) {
          await vendor('POST', `/lists/${documentedListId}/webhooks.json`, {
            Events: ['Subscribe'],
            Url: `https://${name}.example/hook`,
            PayloadFormat: 'json',
          });
        }
        await workbench.runCommand(`${category}: Refresh`);
        await workbench.unfoldRow(webhooksView, 'Newsletter');
        await row(webhooksView, 'third.example').waitFor();
      });

      it('deletes the focused one, and none from the box in which one searches', async () => {
        await moveFrom(webhooksView, 'first.example', 'third.example');
        await workbench.page.keyboard.press('Control+Alt+f');
        const box = workbench.view(webhooksView).locator('.monaco-tree-type-filter input');
        await box.waitFor();
        await box.press('Delete');
        await box.press('Escape');
        assert.equal((await hookUrls()).length, 3);
        await moveFrom(webhooksView, 'first.example', 'third.example');
        await workbench.page.keyboard.press('Delete');
        await workbench.dialog.getByText('third.example').first().waitFor();
        assert.equal(await workbench.dialog.getByText('first.example').count(), 0);
        await workbench.answerDialog('Delete');
        await until(async () => (await hookUrls()).length < 3);
        assert.deepEqual((await hookUrls()).toSorted(), ['https://first.example/hook', 'https://second.example/hook']);
      });
    });

    describe('of instances', () => {
      before(async () => {
        for (const name of ['alpha', 'beta', 'gamma']) {
          await platform('POST', '/instances', {
            element: { key: 'campaignmonitor' },
            configuration: {
              username: sandbox().credentials.campaignMonitor.apiKey,
              password: 'x',
              'events.list.ids': documentedListId,
            },
            tags: ['workbench'],
            name,
          });
        }
        await workbench.unfoldView(webhooksView, false);
        await workbench.unfoldView(instancesView);
        await workbench.runCommand(`${category}: Refresh`);
        await row(instancesView, 'alpha').waitFor();
      });

      it('asks whether the focused one is to be deleted', async () => {
        await moveFrom(instancesView, 'gamma', 'alpha');
        await workbench.page.keyboard.press('Delete');
        await workbench.dialog.getByText('alpha').first().waitFor();
        await workbench.answerDialog('Cancel');
      });
    });
  });
});
