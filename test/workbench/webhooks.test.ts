import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { freePort } from '../free-port.ts';
import { fixedCredentials } from '../../src/sandbox/credentials.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { until } from '../relay/until.ts';
import { LocaltunnelServer, portOf } from '../relay/tunnel/stage.ts';
import { consentPage, decide } from './consent.ts';
import { filesHolding } from './files.ts';
import {
  category,
  changeSettings,
  dataDirs,
  eventsView,
  pickListToRegister,
  isStopped,
  startRelay,
  statusIfRunning,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { clickAway, clickUntil, openWorkbench, untilDone, type Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.webhooks';
const apiKey = 'planted-api-key-7713';
const clientSecret = 'planted-client-secret-4419';
const newsletter = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

interface VendorHook {
  readonly WebhookID: string;
  readonly Url: string;
  readonly Status: string;
  readonly Events: readonly string[];
  readonly PayloadFormat: string;
}

describe('Webhooks of Campaign Monitor, as a person manages them', function () {
  this.timeout(180_000);
  let workbench: Workbench;
  let sandbox: Sandbox;
  let tunnel: LocaltunnelServer;
  let receiver: Receiver;
  let elsewhere: Server;

  const row = (text: string) => workbench.treeRow(view, text);
  const choose = (text: string, entry: string) => workbench.chooseFromContextMenu(row(text), entry);
  const vendor = async (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${sandbox.campaignMonitorApi}${path}`, {
      method,
      headers: { Authorization: `Basic ${Buffer.from(`${apiKey}:x`).toString('base64')}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const hooks = (): Promise<VendorHook[]> =>
    // A failure that was ordered and not taken is taken here.
    until(async () => {
      const answer = await vendor('GET', `/lists/${newsletter}/webhooks.json`);
      return answer.ok ? ((await answer.json()) as VendorHook[]) : undefined;
    });
  /** Those of the relay, wherever it was public. */
  const ours = async (): Promise<VendorHook[]> => (await hooks()).filter(({ Url }) => Url.includes('/hooks/'));
  const plant = (url: string): Promise<Response> =>
    vendor('POST', `/lists/${newsletter}/webhooks.json`, { Events: ['Update'], Url: url, PayloadFormat: 'json' });
  const publicUrl = async (): Promise<string | null> => {
    const [dataDir] = dataDirs(workbench);
    const status = dataDir === undefined ? undefined : await statusIfRunning(dataDir);
    return status?.publicCampaignMonitorUrl ?? null;
  };
  /** Answers an input box by its text. The one before may still be there, and is replaced with what was typed in it. */
  const answer = async (text: string, value: string): Promise<void> => {
    const asked = workbench.quickInputWidget.filter({ hasText: text });
    const box = asked.locator('.quick-input-box input').first();
    await asked.waitFor();
    await untilDone(async () => {
      await box.fill(value, { timeout: 5000 });
      await box.press('Enter', { timeout: 5000 });
      await asked.waitFor({ state: 'hidden', timeout: 5000 });
    });
  };
  /**
   * Tests a webhook, again where the message was missed: the tree may be drawn anew under the menu. Where several rows
   * are selected, the menu does not offer it.
   */
  const tested = (text: string, said: string): Promise<void> =>
    untilDone(async () => {
      await row(text).click({ timeout: 5000 });
      await choose(text, 'Test Webhook');
      await workbench.notification(said).waitFor({ timeout: 15_000 });
    });
  /** One of ours and active, at the URL where the relay is public now. */
  const settled = (): Promise<boolean> =>
    until(async () => {
      const [first, ...others] = await ours();
      const url = await publicUrl();
      return (url !== null && first?.Url === url && first.Status === 'Active' && others.length === 0) || undefined;
    });

  const pickNewsletter = (): Promise<void> => pickListToRegister(workbench, 'Newsletter');
  const register = async (): Promise<void> => {
    await pickNewsletter();
    // JSON, which is not asked.
    await workbench.quickInput.press('Enter');
    // The first time a public URL is agreed to.
    const agree = workbench.dialog.getByRole('button', { name: 'Open Public URL', exact: true });
    await until(async () => {
      if (await agree.isVisible()) await workbench.answerDialog('Open Public URL');
      return (await ours()).length > 0;
    });
    await settled();
  };
  /** What each spec begins with, whatever one that broke off has left. */
  const registered = async (): Promise<void> => {
    const url = await publicUrl();
    const [first, ...others] = await ours();
    if (url === null || first?.Url !== url || first.Status !== 'Active' || others.length > 0) await register();
  };
  before(async function () {
    this.timeout(180_000);
    const { campaignMonitor } = fixedCredentials;
    sandbox = await startSandbox({
      credentials: {
        ...fixedCredentials,
        campaignMonitor: { ...campaignMonitor, apiKey, oauthClientSecret: clientSecret },
      },
    });
    tunnel = await LocaltunnelServer.start();
    receiver = await startReceiver();
    elsewhere = createServer((request, response) =>
      response.writeHead(request.url === '/moved' ? 302 : 404, { location: 'https://example.com/' }).end(),
    );
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.tunnel.kind': 'localtunnel',
        'campaignMonitorRelay.tunnel.subdomain': 'first-relay',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
      machineSettings: {
        'campaignMonitorRelay.campaignMonitor.host': new URL(sandbox.campaignMonitorApi).origin,
        'campaignMonitorRelay.tunnel.host': tunnel.host,
      },
    });
    await workbench.openViewContainer(category);
    await workbench.unfoldView(view);
    await workbench.unfoldView(eventsView, false);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
    await sandbox.close();
    await tunnel.kill();
    elsewhere.close();
  });

  it('signs in by an API key, and says what is wrong with another', async () => {
    const button = workbench.welcomeButton(view, 'Sign In…');
    await Promise.race([button.waitFor(), row('Harbour Books').waitFor()]);
    if (await button.isVisible()) {
      await workbench.picture('webhooks/welcome');
      await clickUntil(button, workbench.quickInputWidget.getByText('OAuth in the Browser'));
      await workbench.picture('webhooks/ways');
      await workbench.page.keyboard.press('Enter');
      await answer('Campaign Monitor API key for', 'another-key');
      await workbench.showNotification('Campaign Monitor rejected this API key: Invalid API Key');
      await workbench.answerNotification('Invalid API Key', 'Try Again');
      await answer('Campaign Monitor API key for', apiKey);
    }
    await row('Newsletter').waitFor();
    await row('Races').waitFor();
    await workbench.picture('webhooks/lists');
  });

  it('copies the ids of lists and of a client', async () => {
    // A tree that is drawn anew loses the selection.
    const copies = (text: string, entry: string, expected: readonly string[], select = false): Promise<string> =>
      workbench.copied(
        async () => {
          if (select) {
            await row(text).click({ timeout: 5000 });
            await row(other.Name).click({ modifiers: ['ControlOrMeta'], timeout: 5000 });
          }
          await choose(text, entry);
        },
        (copied) => copied.split('\n').sort().join() === [...expected].sort().join(),
      );
    const clients = (await (await vendor('GET', '/clients.json')).json()) as { ClientID: string; Name: string }[];
    const { ClientID: clientId } = clients.find(({ Name }) => Name === 'Harbour Books')!;
    const others = (await (await vendor('GET', `/clients/${clientId}/lists.json`)).json()) as {
      ListID: string;
      Name: string;
    }[];
    const other = others.find(({ ListID }) => ListID !== newsletter)!;
    await row('Newsletter').waitFor();
    await copies('Harbour Books', 'Copy…', [clientId]);
    await copies('Newsletter', 'Copy…', [newsletter, other.ListID], true);
  });

  it('registers the relay on a list, and opens the public URL for it', async () => {
    if (await isStopped(workbench)) await startRelay(workbench);
    await register();
    await row('This relay').waitFor();
    await row('This relay').hover();
    await workbench.picture('webhooks/registered');
    await workbench.widenSideBar(600);
    await workbench.picture('readme/webhooks', workbench.view(view), 240);
    const [hook] = await ours();
    const shown = await workbench.page.locator('body').innerText();
    assert.ok(!shown.includes(new URL(hook!.Url).pathname), 'the path with its secret is not shown');
  });

  it('a subscriber who joins comes through webhook and tunnel to the callback, normalized', async () => {
    await registered();
    const address = `joins-${Date.now()}@example.com`;
    await vendor('POST', `/subscribers/${newsletter}.json`, {
      EmailAddress: address,
      Name: 'Ann',
      ConsentToTrack: 'Yes',
    });
    const request = await until(() => receiver.requests.find(({ body }) => body.toString().includes(address)));
    const { message } = JSON.parse(request.body.toString()) as {
      message: { elementKey: string; events: { eventType: string; objectId: string }[] };
    };
    assert.equal(message.elementKey, 'campaignmonitor');
    assert.deepEqual(
      message.events.map(({ eventType, objectId }) => [eventType, objectId]),
      [['CREATED', address]],
    );
  });

  it('an address that keeps arriving as Update is taken for an echo, and said so once', async () => {
    await registered();
    const address = `echo-${Date.now()}@example.com`;
    await vendor('POST', `/subscribers/${newsletter}.json`, { EmailAddress: address, ConsentToTrack: 'Yes' });
    const arrived = (count: number): Promise<boolean> =>
      until(() => receiver.requests.filter(({ body }) => body.toString().includes(address)).length >= count);
    for (let time = 1; time <= 5; time++) {
      await vendor('PUT', `/subscribers/${newsletter}.json?email=${address}`, { Name: `Ann ${time}` });
      await arrived(1 + time);
    }
    await workbench.showNotification(`Updates for ${address} keep arriving`);
    await workbench.answerNotification(`Updates for ${address} keep arriving`, 'Show Events for This Address');
    await workbench.unfoldView(eventsView);
    await workbench.treeRow(eventsView, address).waitFor();
    await workbench.picture('webhooks/echo');
    await workbench.runCommand(`${category}: Clear Filter`);
    await workbench.unfoldView(eventsView, false);
  });

  it('registers for no events never: it says what to do, and leads back step by step', async () => {
    await pickNewsletter();
    const widget = workbench.quickInputWidget;
    await widget.getByText('(2/2)').waitFor();
    for (const [left, event] of [
      [2, 'Subscribe'],
      [1, 'Update'],
      [0, 'Deactivate'],
    ] as const) {
      await clickUntil(widget.getByText(event, { exact: true }), widget.getByText(`${left} Selected`));
    }
    await workbench.quickInput.press('Enter');
    await widget
      .locator('.monaco-list-row, .quick-input-list-separator')
      .getByText('Select at least one event')
      .waitFor();
    await workbench.picture('webhooks/no-event');
    await clickUntil(widget.getByText('Update', { exact: true }), widget.getByText('1 Selected'));
    // VS Code hides it, text and all.
    await widget.getByText('Select at least one event').waitFor({ state: 'hidden' });
    await clickUntil(widget.getByRole('button', { name: /^Choose Format/ }), widget.getByText('(3/3)'));
    const back = widget.getByRole('button', { name: 'Back' });
    await clickUntil(back, widget.getByText('(2/3)'));
    // What was ticked is ticked still.
    await widget.getByText('1 Selected').waitFor();
    await clickUntil(back, widget.getByText('(1/3)'));
    await widget.getByText('1 Selected').waitFor();
    await workbench.page.keyboard.press('Escape');
    await widget.waitFor({ state: 'hidden' });
  });

  it('is deactivated and activated from its menu', async () => {
    await registered();
    const states = async (): Promise<string> => (await ours()).map(({ Status }) => Status).join();
    for (const state of ['Inactive', 'Active'] as const) {
      await untilDone(async () => {
        if ((await states()) === state) return;
        await choose('This relay', 'Activate or Deactivate Webhook');
        await until(async () => (await states()) === state, 15_000);
      });
      await row('This relay')
        .filter(state === 'Active' ? { hasNotText: 'inactive' } : { hasText: 'inactive' })
        .waitFor();
    }
  });

  it('is tested, and a failure is explained', async () => {
    await registered();
    await plant(`http://127.0.0.1:${portOf(elsewhere)}/moved`);
    await workbench.runCommand(`${category}: Refresh`);
    await row('/moved').waitFor();
    await tested('This relay', 'Campaign Monitor reached');
    await workbench.answerNotification('Campaign Monitor reached', 'Show Events');
    await workbench.treeRow(eventsView, 'Test call').waitFor();
    await workbench.unfoldView(eventsView, false);
    await tested('/moved', 'The server returned 302, a redirect');
  });

  it('is deactivated when the public URL changes, where one wants that', async () => {
    await registered();
    const [left] = await ours();
    await changeSettings(workbench, { 'campaignMonitorRelay.tunnel.subdomain': 'second-relay' });
    const text = 'Still using the old one: 1 webhook (Newsletter).';
    await workbench.showNotification(text);
    await row('Old URL of this machine').waitFor();
    await workbench.picture('webhooks/url-changed');
    await workbench.answerNotification(text, 'More…');
    await workbench.pick('Deactivate');
    await row('Old URL of this machine').filter({ hasText: 'inactive' }).waitFor();
    assert.deepEqual(
      (await ours()).map(({ WebhookID, Url, Status }) => [WebhookID, Url, Status]),
      [[left?.WebhookID, left?.Url, 'Inactive']],
    );
  });

  it('moves to a new secret URL, made after a question that says what happens, and asks no second one', async () => {
    await registered();
    const [dataDir] = dataDirs(workbench);
    const [before] = await ours();
    const { campaignMonitorUrl: localBefore } = await statusOf(dataDir!);
    const command = `${category}: New Secret URL…`;
    const question = workbench.dialog.getByText('Create a new secret URL for this relay?');
    await workbench.runCommand(command);
    await question.waitFor();
    await workbench.dialog
      .getByText('Webhooks and instances set up in VS Code will be updated automatically.')
      .waitFor();
    await workbench.dialog.getByText('You need to update everything set up elsewhere').waitFor();
    await workbench.picture('webhooks/new-secret-url');
    await workbench.answerDialog('Cancel');
    assert.equal((await statusOf(dataDir!)).campaignMonitorUrl, localBefore);
    await workbench.runCommand('Notifications: Clear All Notifications');
    await workbench.runCommand(command);
    await question.waitFor();
    await workbench.answerDialog('Create New Secret URL');
    await workbench.showNotification('Updated to this relay’s URL: 1 webhook (Newsletter).');
    await settled();
    const [after] = await ours();
    assert.equal(new URL(after!.Url).host, new URL(before!.Url).host);
    assert.notEqual(after!.Url, before!.Url);
    assert.equal((await fetch(localBefore, { method: 'POST', body: '{}' })).status, 404);
    assert.equal(await workbench.notification('Still using the old one').count(), 0, 'no second question');
    await row('This relay').waitFor();
    const address = `renewed-${Date.now()}@example.com`;
    await vendor('POST', `/subscribers/${newsletter}.json`, { EmailAddress: address, ConsentToTrack: 'Yes' });
    await until(() => receiver.requests.some(({ body }) => body.toString().includes(address)));
    const [, , secretBefore = ''] = new URL(localBefore).pathname.split('/');
    assert.deepEqual(filesHolding(dataDir!, [secretBefore]), []);
    await workbench.answerNotification('New secret URL created', 'Copy for Campaign Monitor');
  });

  it('is deactivated on stop, and brought back at the start', async () => {
    await registered();
    await workbench.runCommand(`${category}: Stop Relay`);
    await workbench.dialog.getByText('Registered on: Newsletter.').waitFor();
    await workbench.picture('webhooks/stop');
    await workbench.answerDialog('Deactivate');
    await untilStatusBar(workbench, 'stopped');
    assert.deepEqual(
      (await ours()).map(({ Status }) => Status),
      ['Inactive'],
    );
    await workbench.runCommand(`${category}: Start Relay`);
    const text = 'This relay’s webhooks are inactive';
    await workbench.showNotification(text);
    await workbench.answerNotification(text, 'Activate Webhooks');
    await settled();
  });

  it('is deleted after a question alone, by the key and by the menu', async () => {
    await registered();
    const question = workbench.dialog.getByText('Delete the webhook of “Newsletter”?');
    await untilDone(async () => {
      await row('This relay').click({ timeout: 5000 });
      await workbench.page.keyboard.press('Delete');
      await question.waitFor({ timeout: 15_000 });
    });
    await workbench.picture('webhooks/delete');
    await workbench.answerDialog('Cancel');
    assert.equal((await ours()).length, 1);
    await workbench.chooseUntil(row('This relay'), 'Delete Webhook…', question);
    assert.equal((await ours()).length, 1);
    await workbench.answerDialog('Delete');
    await until(async () => (await ours()).length === 0);
  });

  it('stands in the Accounts menu, and signing out forgets everything', async () => {
    for (const folder of [workbench.server.dataDir, workbench.userDataDir, workbench.folder!])
      assert.deepEqual(filesHolding(folder, [apiKey, Buffer.from(`${apiKey}:x`).toString('base64')]), []);
    await clickUntil(
      workbench.page.locator('.activitybar [aria-label^="Accounts"]').first(),
      workbench.page.locator('.monaco-menu').getByText('Harbour Books and 1 more'),
    );
    await workbench.picture('webhooks/accounts');
    await workbench.page.keyboard.press('Escape');
    await workbench.runCommand(`${category}: Sign Out of Campaign Monitor…`);
    await workbench.answerDialog('Sign Out');
    await workbench.welcomeButton(view, 'Sign In…').waitFor();
  });

  it('signs in to the sandbox’s account and by OAuth, and stands below its account, where there are several', async () => {
    await clickAway(workbench.welcomeButton(view, 'Use the Sandbox’s Account'));
    await row('Newsletter').waitFor();
    const begin = async (): Promise<void> => {
      await workbench.runCommandThatAsks(`${category}: Sign In to Campaign Monitor…`, 'OAuth in the Browser');
      await clickUntil(
        workbench.quickInputWidget.getByText('OAuth in the Browser'),
        workbench.quickInputWidget.filter({ hasText: 'Client ID of your OAuth app' }),
      );
      await answer('Client ID of your OAuth app', fixedCredentials.campaignMonitor.oauthClientId);
      await answer('Client secret of your OAuth app', clientSecret);
      const callback = `http://localhost:${await freePort()}/oauth/callback`;
      await answer('Callback URL registered with your OAuth app', callback);
    };
    const page = await consentPage(workbench, begin);
    await decide(page, 'Allow access');
    await page.close();
    const accounts = workbench.view(view).locator('.monaco-list-row[aria-level="1"]');
    await accounts.filter({ hasText: 'Harbour Books and 1 more' }).waitFor();
    const ofSandbox = accounts.filter({ hasText: 'Sandbox' });
    await ofSandbox.waitFor();
    // The lists of both.
    await workbench.view(view).locator('.monaco-list-row', { hasText: 'Races' }).nth(1).waitFor();
    await workbench.picture('webhooks/several-accounts');
    // VS Code gives the command no row while the tree is drawn anew; it then asks which account.
    await workbench.chooseUntil(ofSandbox, 'Sign Out of Campaign Monitor…', workbench.dialog);
    await workbench.answerDialog('Sign Out');
    await ofSandbox.waitFor({ state: 'detached' });
    await workbench.runCommand(`${category}: Turn Sandbox On or Off`);
  });

  it('renews tokens that have expired without a word, and says where access was withdrawn', async () => {
    const control = (path: string): Promise<Response> => fetch(`${sandbox.control}${path}`, { method: 'POST' });
    await row('Newsletter').waitFor();
    await control('/tokens/expire');
    await workbench.runCommand(`${category}: Refresh`);
    // A row unfolded while the tree is drawn anew may be folded again.
    await untilDone(async () => {
      await workbench.unfoldRow(view, 'Races');
      await row('No webhooks').waitFor({ timeout: 5000 });
    });
    await workbench.picture('accounts/signed-in');
    for (const folder of [workbench.server.dataDir, workbench.userDataDir, workbench.folder!])
      assert.deepEqual(filesHolding(folder, [clientSecret]), []);
    await control('/tokens/revoke');
    await workbench.runCommand(`${category}: Refresh`);
    await row('Revoked OAuth Token').waitFor();
    await workbench.picture('accounts/revoked');
    await clickUntil(row('Revoked OAuth Token'), workbench.quickInputWidget.getByText('OAuth in the Browser'));
    await workbench.page.keyboard.press('Escape');
  });
});
