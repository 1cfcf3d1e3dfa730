import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, FrameLocator } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { regions } from '../../src/open-connectors/host.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { signatureHeader, verify } from '../../src/open-connectors/signature.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { filesHolding } from './files.ts';
import { category, changeSettings, dataDirs, statusOf, stopRelays, stopSandbox } from './relay.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { checkedThemes, clickAway, clickUntil, inTime, openWorkbench, themes, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const planted = {
  userSecret: 'planted+user/secret=4471',
  organizationSecret: 'planted+organization/secret=5582',
  apiSecret: 'planted-client-secret-6693',
  signatureKey: 'planted-signature-key-7704',
  basicPassword: 'planted-password-8815',
};

const plantedTexts = Object.values(planted).flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);

/** The planted secrets that a text holds. */
function secretsIn(text: string): string[] {
  return plantedTexts.filter((secret) => text.includes(secret));
}

describe('The form of a new instance', () => {
  let workbench: Workbench;
  let form: FrameLocator;
  let receiver: Receiver;

  const openForm = async (): Promise<void> => {
    // Where it is shown already, the command would only take the focus, a moment later, from what is typed into.
    if (!(await form.locator('#name').isVisible())) await workbench.runCommand(`${category}: New Instance…`);
    await form.locator('#name').waitFor();
    // A spec that broke off may have left them off.
    await untilDone(async () => {
      if ((await form.locator('#callbackUrl').count()) > 0) return;
      await form.locator('#eventsEnabled').press('Space', { timeout: 5000 });
      await form.locator('#callbackUrl').waitFor({ timeout: 5000 });
    });
  };
  /** The element that has the focus, by its id. */
  const focused = (page: Frame): Promise<string> => page.evaluate(`document.activeElement?.id ?? ''`);
  /** Presses Tab until a field has the focus. */
  const tabTo = async (page: Frame, id: string): Promise<void> => {
    for (let presses = 0; presses < 80; presses++) {
      await workbench.page.keyboard.press('Tab');
      if ((await focused(page)) === id) return;
    }
    assert.fail(`Tab does not reach ${id}`);
  };
  /** Types in place of what a field of one line holds. Ctrl+A would not do: VS Code selects all a moment later. */
  const retype = async (text: string): Promise<void> => {
    for (const key of ['End', 'Shift+Home', 'Delete']) await workbench.page.keyboard.press(key);
    await workbench.page.keyboard.type(text);
  };
  const field = (id: string): ReturnType<FrameLocator['locator']> => form.locator(`#${id} input, #${id} textarea`);
  const note = (id: string): ReturnType<FrameLocator['locator']> => form.locator(`#${id}-note`);
  const press = (id: string): Promise<void> => form.locator(`#do-${id}`).press('Enter');
  const openDetails = async (): Promise<void> => {
    if (await field('basicUsername').isHidden()) await form.locator('summary').press('Enter');
    await field('basicUsername').waitFor();
  };
  const preview = async (): Promise<string> => form.locator('#preview').innerText();
  const untilPreview = (part: string): Promise<unknown> => form.locator('#preview', { hasText: part }).waitFor();
  /** Presses a button that copies, and resolves to what it copied. */
  const copied = (id: string): Promise<string> => workbench.copied(() => press(id));

  /** The host that the settings name, of the user's and the machine's. */
  const hostSetting = (): unknown[] =>
    [join(workbench.userDataDir, 'User'), join(workbench.server.dataDir, 'data', 'Machine')].map((folder) => {
      const file = join(folder, 'settings.json');
      const settings = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
      return settings['campaignMonitorRelay.openConnectors.host'];
    });

  before(async function () {
    this.timeout(120_000);
    receiver = await startReceiver();
    workbench = await openWorkbench({
      viewport: { width: 1500, height: 1000 },
      settings: {
        'campaignMonitorRelay.keepAliveMinutes': 0.2,
        'campaignMonitorRelay.destinations': [{ url: receiver.url, signatureKeyName: 'Made by the form' }],
      },
      machineSettings: {
        'campaignMonitorRelay.oauth.port': 18788,
        // No tunnel server can be reached: the sandbox needs none.
        'campaignMonitorRelay.tunnel.host': `http://127.0.0.1:${await freePort()}`,
      },
    });
    form = workbench.webviewFrame();
  });
  after(async () => {
    await stopRelays(workbench);
    await stopSandbox(workbench);
    await workbench.close();
    await receiver.stop();
  });

  it('is filled by keyboard alone, and says beside a field what is wrong as one types', async function () {
    this.timeout(120_000);
    const { keyboard } = workbench.page;
    await openForm();
    const page = await webviewDocument(workbench);
    await form.locator('#do-useSandbox').focus();
    await tabTo(page, 'name');
    await retype('Spring');
    await untilPreview('"name": "Spring"');

    await tabTo(page, 'listIds');
    await retype('abc');
    await note('listIds').getByText('“abc” isn’t a list ID').waitFor();
    const described = await until(async () => {
      const text = await page.evaluate<string>(
        `document.querySelector('#listIds').shadowRoot.querySelector('textarea').ariaDescribedByElements.map((each) => each.textContent).join(' ')`,
      );
      return text.includes('isn’t a list ID') ? text : undefined;
    }, 30_000);
    assert.match(described, /Change name\/type/);
    await workbench.picture('form/error-beside-field');
    await retype(documentedListId);
    await note('listIds').getByText('isn’t a list ID').waitFor({ state: 'detached' });
    await untilPreview(`"events.list.ids": "${documentedListId}"`);

    await form.locator('#do-useSandbox').focus();
    await tabTo(page, 'region');
    await keyboard.press('Enter');
    await form.locator('#region').getByRole('option').first().waitFor();
    // Behind the regions, of which the first is chosen, stands the host of one's own.
    for (let presses = 0; presses < regions.length; presses++) await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await form.locator('#host').waitFor();
    await tabTo(page, 'host');
    await retype('http://elsewhere.example');
    await note('host').getByText('Not a valid host').waitFor();
    await retype('openconnectors.example');
    await note('host').getByText('Not a valid host').waitFor({ state: 'detached' });

    await tabTo(page, 'eventsEnabled');
    await keyboard.press('Space');
    await untilPreview('"event.notification.enabled": false');
    await form.locator('#callbackUrl').waitFor({ state: 'detached' });
    await keyboard.press('Space');
    await untilPreview('"event.notification.enabled": true');

    // What is missing is said once it is asked for, and the focus goes there.
    await tabTo(page, 'create');
    await form.getByText('Fill in or fix:').waitFor();
    await keyboard.press('Enter');
    await note('userSecret').getByText('Required.').waitFor();
    assert.equal(await until(async () => (await focused(page)) || undefined), 'userSecret');
  });

  it('masks secrets, and keeps them nowhere in sight', async function () {
    this.timeout(120_000);
    await openForm();
    await field('name').fill('Autumn');
    await openDetails();
    for (const [id, secret] of Object.entries(planted)) {
      await field(id).fill(secret);
      await field(id).press('Tab');
    }
    await field('basicUsername').fill('callback-user');
    await untilPreview('"event.notification.basic.password": "********"');
    await untilPreview('"oauth.api.secret": "********"');
    const json = await copied('copyJson');
    assert.equal((JSON.parse(json) as { name: string }).name, 'Autumn');
    const curl = await copied('copyCurl');
    assert.match(curl, /<OAUTH_API_SECRET>/);
    const page = await webviewDocument(workbench);
    for (const text of [json, curl, await preview(), await page.content()]) assert.deepEqual(secretsIn(text), []);

    // Hidden and shown again, the page is drawn anew.
    await workbench.runCommand('File: New Untitled Text File');
    await form.locator('#name').waitFor({ state: 'detached' });
    await openForm();
    await untilPreview('"name": "Autumn"');
    assert.equal(await field('name').inputValue(), 'Autumn');
    assert.equal(await field('apiSecret').inputValue(), '');
    await form.locator('#apiSecret-state', { hasText: /^Set\.$/ }).waitFor();

    await workbench.reload();
    await form.locator('#name').waitFor();
    await untilPreview('"name": "Autumn"');
    await form.locator('#apiSecret-state', { hasText: 'Not set.' }).waitFor();
    assert.deepEqual(secretsIn(await (await webviewDocument(workbench)).content()), []);
    for (const folder of [workbench.server.dataDir, workbench.folder!, workbench.userDataDir])
      assert.deepEqual(filesHolding(folder, plantedTexts), []);
  });

  it('does one thing at a time: while lists are picked nothing is created and no setting changes, until Cancel', async function () {
    this.timeout(180_000);
    await openForm();
    // Kept from before the reload.
    await field('host').fill('http://elsewhere.example');
    await note('host').getByText('Not a valid host').waitFor();
    const before = hostSetting();
    await press('pickLists');
    const pick = workbench.quickInputWidget;
    const races = pick.locator('.monaco-list-row').filter({ hasText: 'Races' }).first();
    await clickUntil(pick.getByText('Sandbox Account'), races, 30_000);
    await form.locator('#busy', { hasText: 'Waiting for you to choose lists…' }).waitFor();
    assert.equal(await form.locator('#create').count(), 0);
    await workbench.picture('form/picking-lists');
    await clickAway(form.locator('#cancel'));
    await pick.waitFor({ state: 'hidden' });
    await form.locator('#create').waitFor();
    assert.equal(await form.locator('#busy').innerText(), '');
    assert.deepEqual(hostSetting(), before);
  });

  it('is filled from the sandbox and the relay, and ends with what was created, after a reload too', async function () {
    this.timeout(300_000);
    await openForm();
    await clickUntil(form.locator('vscode-radio[value="oauth"]'), field('oauthCallbackUrl'));
    await press('useSandbox');
    await form.getByText('Sandbox values filled in.').waitFor();
    assert.equal(await field('oauthCallbackUrl').inputValue(), 'http://localhost:18788/oauth/callback');
    await untilDone(async () => {
      await form.locator('vscode-radio[value="basic"]').click({ timeout: 5000 });
      await field('oauthCallbackUrl').waitFor({ state: 'detached', timeout: 5000 });
    });
    await field('name').fill('Made by the form');

    // The lists are picked from an account: here the sandbox's, signed in on the way where nobody is yet.
    const way = workbench.quickInputWidget.getByText('Sandbox Account');
    const races = workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'Races' });
    const oneSelected = workbench.quickInputWidget.getByText('1 Selected');
    const box = races.getByText('Races', { exact: true }).first();
    const ok = workbench.quickInputWidget.getByRole('button', { name: 'OK', exact: true });
    // The lists are picked once more where something closes them meanwhile.
    await untilDone(
      async () => {
        if (await form.locator('#cancel').isVisible()) await form.locator('#cancel').click({ timeout: 5000 });
        await form.locator('#create').waitFor();
        await field('listIds').fill('');
        await untilPreview('"events.list.ids": ""');
        await press('pickLists');
        await way.or(races).first().waitFor({ timeout: 20_000 });
        if (await way.isVisible()) await clickUntil(way, races, 20_000);
        await clickUntil(box, oneSelected);
        await clickAway(ok);
        await form.locator('#preview', { hasText: /"events\.list\.ids": "[0-9a-f]{32}"/ }).waitFor({ timeout: 10_000 });
      },
      () => workbench.page.keyboard.press('Escape'),
    );
    await press('generateKey');
    await form.locator('#do-copyKey').waitFor();
    const key = await copied('copyKey');
    assert.equal(Buffer.from(key, 'base64').length, 32);
    await untilDone(async () => {
      const signed = form.locator('#signDirect input[checked]');
      if ((await signed.count()) === 0) await form.locator('#signDirect').click({ timeout: 5000 });
      await signed.waitFor({ state: 'attached', timeout: 5000 });
    });
    await press('fillCallback');
    await form.locator('#relay', { hasText: 'This is the URL of the relay on this machine.' }).waitFor();
    // Asking for a public URL would have been a dialog.
    assert.equal(await workbench.dialog.isVisible(), false);
    await untilPreview('/open-connectors"');
    assert.ok(!(await preview()).includes(key));
    await workbench.picture('form/filled-from-the-sandbox');
    await form.locator('#create[aria-disabled="false"]').press('Enter');
    await form.getByRole('heading', { name: 'Instance created' }).waitFor({ timeout: 60_000 });
    // The destination of the settings signs with the key that is there now. Whoever answers is where they were.
    await workbench.answerDialog('Allow');
    const page = await webviewDocument(workbench);
    assert.equal(await until(async () => (await focused(page)) || undefined), 'created');
    assert.deepEqual(await axeViolations(page), []);
    const token = await copied('copyToken');
    assert.ok(token.length > 10);
    assert.ok(!(await field('token').inputValue()).includes(token));
    await press('showToken');
    await until(async () => (await field('token').inputValue()) === token || undefined, 30_000);
    assert.ok(!(await page.content()).includes(token));
    await form.getByRole('button', { name: 'Hide Token' }).press('Enter');
    assert.match(await copied('copyId'), /^\d+$/);
    await workbench.picture('form/created');

    // Direct mode: what the relay makes of a vendor's delivery is signed with the key of the instance.
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    await until(async () => {
      const { length } = receiver.requests;
      await send(campaignMonitorUrl, { body: sampleBody() });
      const request = await inTime(until(() => receiver.requests[length], 15_000));
      return request !== undefined && verify(request.body, request.header(signatureHeader) ?? '', [key]);
    }, 60_000);
    // It is still this page after a reload, without a secret of it.
    await workbench.reload();
    await form.getByRole('heading', { name: 'Instance created' }).waitFor();
    await form.getByText('Made by the form', { exact: true }).waitFor();
    await workbench.picture('form/created-reloaded');
    await workbench.copied(
      () => press('copyToken'),
      (text) => text === token,
    );
    for (const folder of [workbench.server.dataDir, workbench.userDataDir])
      assert.deepEqual(filesHolding(folder, [token]), []);
    await press('another');
    await form.locator('#name').waitFor();
  });

  it('is fit for everybody in every theme: axe finds nothing', async function () {
    this.timeout(180_000);
    const classes = {
      dark: 'vscode-dark',
      light: 'vscode-light',
      highContrast: 'vscode-high-contrast',
      highContrastLight: 'vscode-high-contrast-light',
    };
    for (const theme of checkedThemes) {
      const name = classes[theme];
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      await openForm();
      await form.locator(`body.${name}`).waitFor();
      // With everything open, an error and a note in sight.
      await field('listIds').fill('abc');
      await note('listIds').getByText('isn’t a list ID').waitFor();
      await field('callbackUrl').fill('http://10.0.0.1/hook');
      await note('callbackUrl').getByText('private network').waitFor();
      await openDetails();
      assert.deepEqual(await axeViolations(await webviewDocument(workbench)), [], theme);
      await workbench.picture(`form/${name}`);
    }
  });
});
