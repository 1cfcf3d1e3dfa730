import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { regions } from '../../src/open-connectors/host.ts';
import { filesHolding } from './files.ts';
import { until } from '../relay/until.ts';
import { category, changeMachineSettings, sandboxFile, stopRelays, stopSandbox } from './relay.ts';
import { clickAway, clickUntil, openWorkbench, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const real = { userSecret: 'planted-user-secret-1171', organizationSecret: 'planted-organization-secret-2282' };

describe('What the form of a new instance holds', function () {
  this.timeout(240_000);
  let workbench: Workbench;
  let form: FrameLocator;

  const field = (id: string): Locator => form.locator(`#${id} input, #${id} textarea`);
  const press = (id: string): Promise<void> => form.locator(`#do-${id}`).press('Enter');
  const openForm = async (): Promise<void> => {
    await workbench.page.keyboard.press('Escape');
    await workbench.runCommand('View: Close All Editors');
    await until(async () => (await workbench.tabs()).length === 0);
    await workbench.runCommand(`${category}: New Instance…`);
    await form.locator('#name').waitFor();
  };
  const useSandbox = async (): Promise<void> => {
    await press('useSandbox');
    await form.getByText('Sandbox values filled in.').waitFor();
  };
  /** Chooses a region by its label, as a person does. */
  const chooseRegion = async (label: string): Promise<void> => {
    const option = form.locator('#region').getByRole('option', { name: label }).first();
    await untilDone(async () => {
      if (await option.isHidden()) await form.locator('#region').click({ timeout: 5000 });
      await option.click({ timeout: 5000 });
      await option.waitFor({ state: 'hidden', timeout: 5000 });
    });
  };
  const turnEventsOff = (): Promise<void> =>
    untilDone(async () => {
      if (await form.locator('#callbackUrl').isHidden()) return;
      await form.locator('#eventsEnabled').click({ timeout: 5000 });
      await form.locator('#callbackUrl').waitFor({ state: 'detached', timeout: 5000 });
    });
  const createInSandbox = async (name: string): Promise<void> => {
    await useSandbox();
    await untilDone(async () => {
      await form.locator('vscode-radio[value="basic"]').click({ timeout: 5000 });
      await field('oauthCallbackUrl').waitFor({ state: 'detached', timeout: 5000 });
    });
    await field('name').fill(name);
    await turnEventsOff();
    await form.locator('#create[aria-disabled="false"]').press('Enter');
    await form.getByRole('heading', { name: 'Instance created' }).waitFor();
  };
  /** Something in place of the sandbox that takes connections and says nothing: whoever looks for it waits. */
  const withSilentSandbox = async (task: () => Promise<void>): Promise<void> => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const file = sandboxFile(workbench) ?? '';
    const noted = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    await stopSandbox(workbench);
    const next = `${file}.next`;
    writeFileSync(next, JSON.stringify({ ...noted, control: `http://127.0.0.1:${port}/sandbox/0123456789abcdef` }));
    renameSync(next, file);
    // A window that has known the other one looks for it first.
    await workbench.reload();
    try {
      await task();
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  };

  before(async () => {
    workbench = await openWorkbench({
      viewport: { width: 1280, height: 1000 },
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
    });
    form = workbench.webviewFrame();
  });
  after(async () => {
    await stopRelays(workbench);
    await stopSandbox(workbench);
    await workbench.close();
  });

  it('is, after a reload, still the page of the instance that was created, without a secret of it', async () => {
    await openForm();
    await createInSandbox('Kept');
    const copyToken = (): Promise<string> => workbench.copied(() => press('copyToken'));
    const token = await copyToken();
    await workbench.reload();
    await form.getByRole('heading', { name: 'Instance created' }).waitFor();
    await form.getByText('Kept', { exact: true }).waitFor();
    await workbench.picture('form/created-reloaded');
    assert.equal(await copyToken(), token);
    for (const folder of [workbench.server.dataDir, workbench.userDataDir]) {
      assert.deepEqual(filesHolding(folder, [token]), []);
    }
    // Another one is a form again, after a reload, too.
    await press('another');
    await form.locator('#name').waitFor();
    await workbench.reload();
    await form.locator('#name').waitFor();
  });

  it('leaves the settings alone where lists are picked, whatever host is typed', async () => {
    await openForm();
    await createInSandbox('Signed in');
    await press('another');
    await form.locator('#name').waitFor();
    await chooseRegion('Another host');
    await field('host').fill('http://elsewhere.example');
    await form.locator('#host-note').getByText('Not a valid host').waitFor();
    await untilDone(async () => {
      if (await form.locator('#callbackUrl').isVisible()) return;
      await form.locator('#eventsEnabled').click({ timeout: 5000 });
      await form.locator('#callbackUrl').waitFor({ timeout: 5000 });
    });
    const before = hostSetting();
    for (const host of ['http://elsewhere.example', 'openconnectors.example']) {
      await field('host').fill(host);
      await press('pickLists');
      const pick = workbench.quickInputWidget;
      const account = pick.getByText('Sandbox Account');
      await account
        .or(pick.getByText('Races', { exact: true }))
        .first()
        .waitFor();
      if (await account.isVisible()) await clickUntil(account, pick.getByText('Races', { exact: true }), 20_000);
      await pick.getByText('Races', { exact: true }).waitFor();
      await clickAway(form.locator('#cancel'));
      await pick.waitFor({ state: 'hidden' });
      assert.deepEqual(hostSetting(), before, host);
    }
  });

  it('has nothing of the sandbox once another region is chosen, and keeps nobody else’s secrets as the sandbox’s', async () => {
    await openForm();
    await useSandbox();
    await form.locator('#apiSecret-state', { hasText: /^Set\.$/ }).waitFor();
    assert.notEqual(await field('apiKey').inputValue(), '');
    const [region] = regions;
    await chooseRegion(`${region?.label} (${region?.host})`);
    await form.locator('#apiSecret-state', { hasText: 'Not set.' }).waitFor();
    assert.equal(await field('apiKey').inputValue(), '');
    await form.locator('#userSecret-state', { hasText: 'Not set.' }).waitFor();
    for (const [id, secret] of Object.entries(real)) {
      await field(id).fill(secret);
      await field(id).press('Tab');
    }
    await form.locator('#organizationSecret-state', { hasText: /^Set\.$/ }).waitFor();
    await createInSandbox('After a real region');
    // The command says of which hosts secrets are kept.
    await workbench.runCommandThatAsks(`${category}: Manage Keys and Secrets…`, 'Forget Open Connectors Secrets…');
    await workbench.quickInputWidget.getByText('Forget Open Connectors Secrets…').click();
    const detail = workbench.dialog.getByText('will be removed from this machine.');
    await detail.waitFor();
    const said = await detail.innerText();
    await workbench.answerDialog('Forget Secrets');
    assert.match(said, new RegExp(`for ${region?.host.replaceAll('.', '\\.')} will`));
  });

  it('takes nothing from a sandbox that was given up by Cancel, or by the choice of another region', async () => {
    await openForm();
    await useSandbox();
    await withSilentSandbox(async () => {
      await openForm();
      const [region] = regions;
      const create = form.locator('#create');
      await press('useSandbox');
      await form.locator('#busy', { hasText: 'Starting sandbox…' }).waitFor();
      await form.locator('#cancel').press('Enter');
      await form.locator('#done', { hasText: 'Cancelled.' }).waitFor();
      await create.waitFor();
      await workbench.picture('form/cancelled');
      assert.equal(await form.getByText('Sandbox values filled in.').count(), 0);

      await press('useSandbox');
      await form.locator('#busy', { hasText: 'Starting sandbox…' }).waitFor();
      await chooseRegion(`${region?.label} (${region?.host})`);
      await create.waitFor();
      assert.equal(await form.locator('#busy').innerText(), '');
      await form.locator('#userSecret').waitFor();
      await form.locator('#apiSecret-state', { hasText: 'Not set.' }).waitFor();
    });
    await useSandbox();
  });

  it('waits for the relay’s URL no longer than one likes', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      await changeMachineSettings(workbench, {
        'campaignMonitorRelay.tunnel.kind': 'localtunnel',
        'campaignMonitorRelay.tunnel.host': `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      });
      await openForm();
      const [region] = regions;
      await chooseRegion(`${region?.label} (${region?.host})`);
      await press('fillCallback');
      await form.locator('#busy', { hasText: 'Waiting for the relay URL…' }).waitFor();
      await workbench.answerDialog('Open Public URL');
      await workbench.notification('Opening public URL').waitFor();
      await form.locator('#cancel').press('Enter');
      await form.locator('#done', { hasText: 'Cancelled.' }).waitFor();
      await form.locator('#create').waitFor();
    } finally {
      silent.close();
    }
  });

  /** The host that the settings name, of the user's and the machine's. */
  function hostSetting(): unknown[] {
    return [join(workbench.userDataDir, 'User'), join(workbench.server.dataDir, 'data', 'Machine')].map((folder) => {
      const file = join(folder, 'settings.json');
      const settings = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
      return settings['campaignMonitorRelay.openConnectors.host'];
    });
  }
});
