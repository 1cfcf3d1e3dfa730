import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { until } from '../relay/until.ts';
import { LocaltunnelServer } from '../relay/tunnel/stage.ts';
import { consentPage, decide } from './consent.ts';
import { filesHolding } from './files.ts';
import { category, changeSettings, dataDirs, eventsView, statusOf, stopRelays, untilStatusBar } from './relay.ts';
import { clickAway, clickUntil, openWorkbench, untilDone, type Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.instances';
const newsletter = '96c0bbdaa54760c8d9e62a2b7ffa2e13';
const members = 'b1000000000000000000000000000001';
const noLonger = 'No longer in Open Connectors';

/** An instance as the sandbox's control shows it. */
interface Shown {
  readonly id: number;
  readonly name: string;
  readonly token: string;
  readonly disabled: boolean;
  readonly valid: boolean;
  readonly configuration: Readonly<Record<string, string>>;
  readonly webhooks: Readonly<Record<string, string>>;
}

describe('Instances, as a person sees and changes them', function () {
  this.timeout(120_000);
  let workbench: Workbench;
  let sandbox: Sandbox;
  let tunnel: LocaltunnelServer;

  const authorization = (): Record<string, string> => {
    const { userSecret, organizationSecret } = sandbox.credentials.openConnectors;
    return { authorization: `User ${userSecret}, Organization ${organizationSecret}` };
  };
  const platform = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.openConnectorsApi}${path}`, {
      method,
      headers: { ...authorization(), 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return text === '' ? undefined : JSON.parse(text);
  };
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.control}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return text === '' ? undefined : JSON.parse(text);
  };
  const shown = async (name: string): Promise<Shown | undefined> => {
    const { instances } = (await control('GET', '/open-connectors')) as { instances: Shown[] };
    return instances.find((each) => each.name === name);
  };
  /** Waits until the platform's instance is so. */
  const untilShown = (name: string, condition: (instance: Shown) => boolean): Promise<Shown> =>
    until(
      async () => {
        const instance = await shown(name);
        return instance !== undefined && condition(instance) ? instance : undefined;
      },
      30_000,
      `${name}: ${condition.toString()}`,
    );
  /** Waits until the platform has queued a notification of an instance. */
  const untilQueued = (id: number): Promise<unknown> =>
    until(async () => {
      const log = (await control('GET', '/open-connectors/notifications')) as { instanceId: number; queued: boolean }[];
      return log.some(({ instanceId, queued }) => instanceId === id && queued) || undefined;
    }, 30_000);
  const make = async (name: string, callbackUrl: string, listIds = [newsletter]): Promise<void> => {
    await platform('POST', '/instances', {
      element: { key: 'campaignmonitor' },
      configuration: {
        username: sandbox.credentials.campaignMonitor.apiKey,
        password: 'x',
        'event.notification.enabled': true,
        'event.notification.callback.url': callbackUrl,
        'events.list.ids': listIds.join(','),
      },
      tags: ['workbench'],
      name,
    });
  };
  /** The platform has these instances and no others. */
  const begin = async (...names: string[]): Promise<void> => {
    await control('DELETE', '/open-connectors/instances');
    await control('DELETE', '/open-connectors/failures');
    for (const name of names) await make(name, 'https://staging.example/callback');
    await refresh();
    await until(async () => {
      // What another spec pointed at the relay stays known here.
      const labels = (await workbench.treeRows(view))
        .filter(({ description }) => description !== noLonger)
        .map(({ label }) => label);
      return labels.toSorted().join() === names.toSorted().join() || undefined;
    }, 60_000);
  };
  const row = (text: string): Locator => workbench.treeRow(view, text);
  const rowSays = (name: string, text: string): Promise<void> => row(name).filter({ hasText: text }).waitFor();
  const refresh = (): Promise<void> => workbench.runCommand(`${category}: Refresh`);
  const choose = (name: string, entry: string): Promise<void> => workbench.chooseFromContextMenu(row(name), entry);
  const edit = async (name: string, part: string): Promise<void> => {
    // While the view is drawn, VS Code doesn't say which row was clicked.
    await workbench.chooseUntil(row(name), 'Edit Instance…', pickRow(part));
    await workbench.pick(part);
  };
  const copies = async (name: string, what: string): Promise<void> => {
    await choose(name, 'Copy…');
    await clickAway(pickRow(what));
  };
  const pickRow = (text: string): Locator =>
    workbench.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
  const enterSecret = async (title: string, text: string): Promise<void> => {
    await workbench.quickInputWidget.getByText(title).first().waitFor();
    const input = workbench.quickInputWidget.locator('input[type="password"]');
    await input.fill(text);
    await input.press('Enter');
  };
  const editorSays = (text: string): Promise<void> =>
    workbench.page.locator('.editor-group-container.active .view-line').filter({ hasText: text }).first().waitFor();
  const relayUrl = async (): Promise<string> => {
    const { publicOpenConnectorsUrl } = await statusOf(dataDirs(workbench)[0]!);
    assert.ok(publicOpenConnectorsUrl);
    return publicOpenConnectorsUrl;
  };
  /** The instance posts to the relay, which is public. */
  const pointHere = async (name: string): Promise<void> => {
    const agreement = workbench.dialog.getByText('can read deliveries');
    await untilDone(async () => {
      await choose(name, 'Set Callback URL to This Relay');
      await until(async () => {
        if (await agreement.isVisible()) await workbench.answerDialog('Open Public URL');
        return row(name).filter({ hasText: 'to this relay' }).isVisible();
      }, 30_000);
    });
  };

  before(async () => {
    sandbox = await startSandbox({ notificationRetryDelaysMs: [200, 200, 200, 200] });
    tunnel = await LocaltunnelServer.start();
    workbench = await openWorkbench({
      settings: { 'campaignMonitorRelay.tunnel.kind': 'localtunnel', 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
      viewport: { width: 1280, height: 900 },
      machineSettings: {
        'campaignMonitorRelay.tunnel.host': tunnel.host,
        'campaignMonitorRelay.openConnectors.host': sandbox.openConnectorsApi,
      },
    });
    await workbench.openViewContainer(category);
    await workbench.unfoldView(view);
    // The instances get all the room.
    await workbench.unfoldView(eventsView, false);
    const offer = workbench.welcomeButton(view, 'Set Open Connectors Secrets');
    await offer.waitFor();
    await workbench.picture('instances/welcome');
    await clickUntil(offer, workbench.quickInputWidget.getByText('User secret'));
    await enterSecret('User secret', sandbox.credentials.openConnectors.userSecret);
    await enterSecret('Organization secret', sandbox.credentials.openConnectors.organizationSecret);
    await workbench.view(view).getByText('No instances of the Campaign Monitor connector yet').waitFor();
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
    await tunnel.kill();
    await sandbox.close();
  });

  it('lists what the platform has, and says what each posts to', async () => {
    await begin('alpha', 'beta');
    await rowSays('alpha', 'events on · to staging.example');
    await workbench.unfoldRow(view, 'alpha');
    await row('https://staging.example/callback').waitFor();
    await row(newsletter).waitFor();
    await row('empty · policy: retry').waitFor();
    await workbench.widenSideBar(600);
    await workbench.picture('readme/instances', workbench.view(view), 260);
    await workbench.picture('instances/list');
    const spoken = (await workbench.treeRows(view)).find(({ label }) => label === 'alpha')?.spoken ?? '';
    assert.match(spoken, /instance alpha, events on, to staging\.example/);
    await workbench.unfoldRow(view, 'alpha', false);
  });

  it('sets the callback URL to the relay, which is started and made public for it', async () => {
    await pointHere('alpha');
    const url = await relayUrl();
    await untilShown('alpha', ({ configuration }) => configuration['event.notification.callback.url'] === url);
    await workbench.picture('instances/this-relay');
  });

  it('turns events off and on, disables and enables, renames', async () => {
    await choose('beta', 'Turn Events On or Off');
    await rowSays('beta', 'events off');
    await untilShown('beta', ({ webhooks }) => Object.keys(webhooks).length === 0);
    await choose('beta', 'Turn Events On or Off');
    await rowSays('beta', 'events on');
    await untilShown('beta', ({ webhooks }) => Object.keys(webhooks).length === 1);
    await choose('beta', 'Enable or Disable Instance');
    await rowSays('beta', 'disabled · events on');
    await untilShown('beta', ({ disabled }) => disabled);
    await workbench.picture('instances/disabled');
    await choose('beta', 'Enable or Disable Instance');
    await untilShown('beta', ({ disabled }) => !disabled);
    await edit('beta', 'Name');
    await workbench.enter('The ID and token stay the same', 'beta two');
    await row('beta two').waitFor();
    const { configuration } = await untilShown('beta two', () => true);
    // Only what was changed was written: the key is still the one that works.
    assert.equal(configuration['username'], '********');
    const events = (await platform('GET', `/instances/${(await shown('beta two'))!.id}`)) as { valid: boolean };
    assert.equal(events.valid, true);
  });

  it('edits the lists, typed and picked', async () => {
    await edit('beta two', 'Lists');
    await clickAway(pickRow('Enter or Paste IDs'));
    await workbench.question('API subscriber list IDs').waitFor();
    await workbench.quickInput.fill('not-an-id');
    await workbench.quickInputWidget.getByText('not-an-id isn’t a list ID').first().waitFor();
    await workbench.enter('not-an-id isn’t a list ID', `${newsletter}, ${members}`);
    await untilShown('beta two', ({ webhooks }) => Object.keys(webhooks).length === 2);
    await edit('beta two', 'Lists');
    await clickAway(pickRow('Choose from Account Lists'));
    await pickRow('Newsletter').waitFor();
    await workbench.picture('instances/lists');
    // The tooltip of its id may lie over its middle.
    await untilDone(async () => {
      await pickRow('Newsletter').click({ position: { x: 12, y: 12 }, timeout: 5000 });
      await workbench.quickInputWidget.getByText('1 Selected').waitFor({ timeout: 5000 });
    });
    await clickAway(workbench.quickInputWidget.getByRole('button', { name: 'OK', exact: true }));
    const { id } = await untilShown('beta two', ({ webhooks }) => Object.keys(webhooks).join() === members);
    // What somebody changed elsewhere is what is edited, though the view has not read it.
    await workbench.unfoldRow(view, 'beta two');
    await row(members).waitFor();
    await platform('PATCH', `/instances/${id}`, { configuration: { 'events.list.ids': newsletter } });
    await edit('beta two', 'Lists');
    await clickAway(pickRow('Enter or Paste IDs'));
    await until(async () => (await workbench.quickInput.inputValue()) === newsletter || undefined, 30_000);
    await workbench.page.keyboard.press('Escape');
  });

  it('shows the platform’s event log beside what the relay received', async () => {
    await control('POST', '/deliveries', { listId: newsletter, types: ['Subscribe'], email: 'alpha@example.com' });
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).counts.events > 0 || undefined, 30_000);
    // One that goes to another callback is in the platform's log alone.
    const { id } = await untilShown('alpha', () => true);
    await platform('PATCH', `/instances/${id}`, {
      configuration: { 'event.notification.callback.url': 'http://127.0.0.1:9/' },
    });
    await control('POST', '/deliveries', { listId: newsletter, types: ['Update'], email: 'alpha@example.com' });
    await until(
      async () => ((await platform('GET', `/instances/${id}/events`)) as unknown[]).length === 2 || undefined,
      30_000,
    );
    await until(async () => {
      const log = (await platform('GET', `/instances/${id}/events`)) as { status: string }[];
      return log.some(({ status }) => status === 'NOTIFIED') || undefined;
    }, 30_000);
    await choose('alpha', 'Show Instance’s Event Log');
    await editorSays('Events of alpha');
    // Long lines are wrapped.
    const text = (await workbench.editorText()).replaceAll('\n', '');
    assert.match(text, /Relay: not in the relay’s history/);
    assert.match(text, /Open Connectors: NOTIFIED *- Relay: d\d+, received .*, one event/);
    assert.deepEqual(await workbench.tabs(), ['alpha events']);
    assert.doesNotMatch(text, /did not arrive/);
    await workbench.picture('instances/event-log');
    await workbench.runCommand('View: Close All Editors');
  });

  it('deletes after a confirmation, and forgets one that the platform no longer has', async () => {
    await begin('theta', 'iota');
    const question = workbench.dialog.getByText('Open Connectors will permanently delete the instance');
    await workbench.chooseUntil(row('theta'), 'Delete Instance…', question);
    await workbench.picture('instances/delete');
    await workbench.answerDialog('Cancel');
    await row('theta').waitFor();
    await workbench.chooseUntil(row('theta'), 'Delete Instance…', question);
    await workbench.answerDialog('Delete Instance');
    await row('theta').waitFor({ state: 'detached' });
    assert.equal(await shown('theta'), undefined);
    await pointHere('iota');
    await control('DELETE', '/open-connectors/instances');
    await refresh();
    await rowSays('iota', noLonger);
    const spoken = (await workbench.treeRows(view)).find(({ label }) => label === 'iota')?.spoken;
    assert.equal(spoken, 'instance iota, no longer in Open Connectors');
    await workbench.picture('instances/no-longer');
    const forgetting = workbench.dialog.getByText('token and verify key will be removed');
    await workbench.chooseUntil(row('iota'), 'Delete Instance…', forgetting);
    await workbench.answerDialog('Forget Instance');
    await row('iota').waitFor({ state: 'detached' });
  });

  it('shows what could not be delivered, fetches and delivers it, and changes the account’s policy after a question', async () => {
    let status = 500;
    let posts = 0;
    const callback = createServer((request, response) => {
      posts += 1;
      response.statusCode = status;
      request.resume().on('end', () => response.end());
    });
    await once(callback.listen(0, '127.0.0.1'), 'listening');
    try {
      await begin('tau');
      await pointHere('tau');
      const { id } = await untilShown('tau', () => true);
      const url = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/hook`;
      await platform('PATCH', `/instances/${id}`, { configuration: { 'event.notification.callback.url': url } });
      const before = (await statusOf(dataDirs(workbench)[0]!)).counts.events;
      await control('POST', '/deliveries', { listId: newsletter, types: ['Subscribe'], email: 'tau@example.com' });
      await untilQueued(id);
      await refresh();
      await workbench.unfoldRow(view, 'tau');
      await row('1 queued, the oldest now · may be deactivated · policy: retry').waitFor();
      await workbench.widenSideBar(600);
      const fetch = pickRow('Fetch Queued');
      await workbench.chooseUntil(row('tau'), 'Queued Notifications…', fetch);
      await workbench.picture('instances/queue');
      await clickAway(fetch);
      await until(
        async () => (await statusOf(dataDirs(workbench)[0]!)).counts.events === before + 1 || undefined,
        30_000,
      );
      const change = pickRow('Change the Failure Policy to “queue”…');
      await workbench.chooseUntil(row('tau'), 'Queued Notifications…', change);
      await clickAway(change);
      await workbench.dialog.getByText('Change the failure policy of the whole account to “queue”?').waitFor();
      await workbench.picture('instances/policy');
      await workbench.answerDialog('Change for the Whole Account');
      await row('policy: queue').waitFor();
      status = 200;
      const postsBefore = posts;
      await workbench.chooseUntil(row('tau'), 'Queued Notifications…', pickRow('Deliver Queued'));
      await clickAway(pickRow('Deliver Queued'));
      await until(() => posts === postsBefore + 1 || undefined, 30_000);
      await row('empty · policy: queue').waitFor();
    } finally {
      await platform('PATCH', '/accounts/settings', { 'notification.webhook.failure.policy': 'retry' });
      callback.close();
    }
  });

  it('re-authorizes an instance whose consent was revoked; id and token stay', async () => {
    await begin();
    // Anybody at the platform may name an instance so; VS Code would make a link of it that runs the command.
    const name = 'omega [Sign in](command:workbench.action.closeAllEditors)';
    const callback = `http://localhost:${await freePort()}/oauth/callback`;
    const { oauthClientId, oauthClientSecret } = sandbox.credentials.campaignMonitor;
    const { code } = (await control('POST', '/codes', { redirectUri: callback })) as { code: string };
    await platform('POST', '/instances', {
      element: { key: 'campaignmonitor' },
      providerData: { code },
      configuration: {
        'oauth.callback.url': callback,
        'oauth.api.key': oauthClientId,
        'oauth.api.secret': oauthClientSecret,
      },
      tags: [],
      name,
    });
    const before = await untilShown(name, () => true);
    await control('POST', '/tokens/revoke', {});
    await refresh();
    await rowSays('omega', 'not valid: re-authorize');
    await row('omega').locator('.action-label[aria-label^="Re-authorize Instance"]').waitFor({ state: 'attached' });
    await workbench.picture('instances/not-valid');
    await choose('omega', 'Re-authorize Instance…');
    await workbench.quickInputWidget.getByText('Callback URL registered with the OAuth app').first().waitFor();
    assert.equal(await workbench.quickInput.inputValue(), callback);
    await workbench.enter('Callback URL registered with the OAuth app', callback);
    await workbench.enter('Client ID of the OAuth app', oauthClientId);
    const page = await consentPage(workbench, () => enterSecret('Client secret of the OAuth app', oauthClientSecret));
    const asked = 'Re-authorize omega [Sign in] (command:workbench.action.closeAllEditors)';
    await workbench.showNotification(asked);
    const links = await workbench.notification(asked).getByRole('button', { name: 'Sign in' }).count();
    assert.equal(links + (await workbench.notification(asked).locator('a', { hasText: 'Sign in' }).count()), 0);
    await workbench.picture('instances/re-authorizing');
    assert.match(await decide(page, 'Allow access'), /Access granted/);
    await page.close();
    await row('omega').filter({ hasNotText: 'not valid' }).waitFor();
    const after = await untilShown(name, ({ valid }) => valid);
    assert.deepEqual([after.id, after.token], [before.id, before.token]);
  });

  it('keeps the callback URL true when the public URL changes, after a question', async () => {
    const posts = (name: string, url: string): Promise<Shown> =>
      untilShown(name, ({ configuration }) => configuration['event.notification.callback.url'] === url);
    await begin('kappa', 'lambda');
    await pointHere('kappa');
    const first = await relayUrl();
    const subdomain = `cm-relay-${Math.random().toString(36).slice(2, 10)}`;
    await changeSettings(workbench, { 'campaignMonitorRelay.tunnel.subdomain': subdomain });
    const question = 'Still using the old one: 1 instance (kappa).';
    await workbench.showNotification(question);
    await untilStatusBar(workbench, subdomain);
    const second = await relayUrl();
    assert.notEqual(second, first);
    await rowSays('kappa', 'to an old URL of this machine');
    await workbench.picture('instances/url-changed');
    await posts('kappa', first);
    await workbench.answerNotification(question, 'Update');
    await posts('kappa', second);
    await rowSays('kappa', 'to this relay');
    await posts('lambda', 'https://staging.example/callback');
  });

  it('forgets the platform’s secrets only after a question that says what stays', async () => {
    const offer = workbench.welcomeButton(view, 'Set Open Connectors Secrets');
    const forget = async (button: string): Promise<void> => {
      await workbench.runCommandThatAsks(`${category}: Manage Keys and Secrets…`, 'Forget Open Connectors Secrets…');
      await clickAway(pickRow('Forget Open Connectors Secrets…'));
      await workbench.dialog.getByText('Instances won’t change').waitFor();
      await workbench.picture('instances/forget-secrets');
      await workbench.answerDialog(button);
    };
    const giveSecrets = async (): Promise<void> => {
      await offer.click();
      await enterSecret('User secret', sandbox.credentials.openConnectors.userSecret);
      await enterSecret('Organization secret', sandbox.credentials.openConnectors.organizationSecret);
      await offer.waitFor({ state: 'detached' });
    };
    if (await offer.isVisible()) await giveSecrets();
    await forget('Cancel');
    assert.equal(await offer.isVisible(), false);
    await forget('Forget Secrets');
    await offer.waitFor();
    await giveSecrets();
    await row('kappa').waitFor();
  });

  it('copies the token, shows the JSON with secrets masked, and writes no secret of the platform to any file', async () => {
    const { token } = await untilShown('kappa', () => true);
    await workbench.copied(
      () => copies('kappa', 'Token'),
      (text) => text === token,
    );
    await choose('kappa', 'Show Instance as JSON');
    await editorSays('"name": "kappa"');
    const text = await workbench.editorText();
    assert.ok(!text.includes(token));
    assert.match(text, /"token": "\*{8}"/);
    await workbench.picture('instances/json');
    const { userSecret, organizationSecret } = sandbox.credentials.openConnectors;
    const secrets = [userSecret, organizationSecret, token];
    // The sandbox's published credentials stand in its program as it is installed, and in the copy that runs.
    const ownProgram = /[\\/](?:(?:relay|sandbox)-[^\\/]+\.cjs|dist[\\/]cm-relay\.js)$/;
    assert.deepEqual(
      filesHolding(workbench.server.dataDir, secrets).filter((file) => !ownProgram.test(file)),
      [],
    );
  });
});
