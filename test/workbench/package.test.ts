import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installVsCodeServer, root } from '../vscode/install.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench, temporaryFolder } from './workbench.ts';

const run = promisify(execFile);

describe('The package', () => {
  it('is installed into VS Code and used there', async () => {
    const vsix = join(temporaryFolder(), 'extension.vsix');
    await run(process.execPath, ['scripts/package.ts', vsix], { cwd: root });
    assert.ok(statSync(vsix).size <= 1_500_000, `${statSync(vsix).size} bytes`);
    const workbench = await openWorkbench({
      ownServer: true,
      extensionDevelopmentPath: false,
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
    try {
      const { entry } = await installVsCodeServer();
      const folder = ['--server-data-dir', workbench.server.dataDir];
      await run(process.execPath, [entry, ...folder, '--accept-server-license-terms', '--install-extension', vsix]);
      await workbench.reload();
      await workbench.openViewContainer(category);
      await startRelay(workbench);
      await workbench.runCommand(`${category}: Send Sample Events…`);
      await workbench.quickInputWidget.filter({ hasText: 'One of each' }).waitFor();
      await workbench.page.keyboard.press('Enter');
      const row = workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' });
      await row.nth(2).waitFor();
      assert.equal((await statusOf(dataDirs(workbench)[0]!)).counts.sent, 3);
      await workbench.picture('package/used');
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
