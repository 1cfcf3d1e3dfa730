import assert from 'node:assert/strict';
import { freePort } from '../free-port.ts';
import { fixedCredentials } from '../../src/sandbox/credentials.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { consentPage, decide } from './consent.ts';
import { filesHolding } from './files.ts';
import { category, changeMachineSettings } from './relay.ts';
import { clickUntil, openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.webhooks';
const clientSecret = 'planted-client-secret-4419';

describe('An account of Campaign Monitor, as a person signs in by OAuth', function () {
  this.timeout(180_000);
  let workbench: Workbench;
  let sandbox: Sandbox;

  const control = (path: string): Promise<Response> => fetch(`${sandbox.control}${path}`, { method: 'POST' });
  /** Answers an input box by its title. */
  const answer = async (title: string, text: string): Promise<void> => {
    await workbench.quickInputWidget.filter({ hasText: title }).waitFor();
    const box = workbench.quickInputWidget.locator('.quick-input-box input').first();
    await box.fill(text);
    await box.press('Enter');
  };
  const signIn = async (): Promise<void> => {
    await workbench.runCommandThatAsks(`${category}: Sign In to Campaign Monitor…`, 'OAuth in the Browser');
    await clickUntil(
      workbench.quickInputWidget.getByText('OAuth in the Browser'),
      workbench.quickInputWidget.filter({ hasText: 'Client ID of your OAuth app' }),
    );
    await answer('Client ID of your OAuth app', fixedCredentials.campaignMonitor.oauthClientId);
    await answer('Client secret of your OAuth app', clientSecret);
    await answer('Callback URL registered with your OAuth app', `http://localhost:${await freePort()}/oauth/callback`);
  };

  before(async () => {
    sandbox = await startSandbox({
      credentials: {
        ...fixedCredentials,
        campaignMonitor: { ...fixedCredentials.campaignMonitor, oauthClientSecret: clientSecret },
      },
    });
    workbench = await openWorkbench({
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none' },
    });
    await changeMachineSettings(workbench, {
      'campaignMonitorRelay.campaignMonitor.host': new URL(sandbox.campaignMonitorApi).origin,
    });
    await workbench.openViewContainer(category);
    await workbench.unfoldView(view);
  });
  after(async () => {
    await workbench.close();
    await sandbox.close();
  });

  it('says so where access is denied, and keeps nothing', async () => {
    const page = await consentPage(workbench, signIn);
    await decide(page, 'Deny');
    await page.close();
    await workbench.showNotification('You didn’t grant access in the browser');
    await workbench.welcomeButton(view, 'Sign In…').waitFor();
  });

  it('signs in, and renews tokens that have expired without a word', async () => {
    // Signing in unfolds the view.
    await workbench.unfoldView(view, false);
    const page = await consentPage(workbench, signIn);
    await decide(page, 'Allow access');
    await page.close();
    await workbench.treeRow(view, 'Newsletter').waitFor();
    await control('/tokens/expire');
    await workbench.runCommand(`${category}: Refresh`);
    await workbench.unfoldRow(view, 'Newsletter');
    await workbench.treeRow(view, 'No webhooks').waitFor();
    await workbench.picture('accounts/signed-in');
    for (const folder of [workbench.server.dataDir, workbench.userDataDir, workbench.folder!]) {
      assert.deepEqual(filesHolding(folder, [clientSecret]), []);
    }
  });

  it('says where access was withdrawn that one must sign in again', async () => {
    await control('/tokens/revoke');
    await workbench.runCommand(`${category}: Refresh`);
    const note = workbench.treeRow(view, 'Revoked OAuth Token');
    await note.waitFor();
    await workbench.picture('accounts/revoked');
    await clickUntil(note, workbench.quickInputWidget.getByText('OAuth in the Browser'));
    await workbench.page.keyboard.press('Escape');
  });
});
