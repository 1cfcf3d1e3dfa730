import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../relay/until.ts';
import { category, changeMachineSettings, dataDirs, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench, temporaryFolder } from './workbench.ts';

describe('The choice of a tunnel', () => {
  it('leads by clicks to a public URL of a program that is installed, once that is agreed to', async function () {
    // The program is a script that only a Unix system runs by its first line.
    if (process.platform === 'win32') this.skip();
    const devtunnelPath = join(temporaryFolder(), 'devtunnel');
    const program = `#!/bin/sh
if [ "$1" = user ]; then echo 'Logged in as jane using GitHub.'; exit; fi
echo "Connect via browser: https://b2cdx1f4-$3.euw.devtunnels.ms"
exec sleep 600
`;
    writeFileSync(devtunnelPath, program, { mode: 0o755 });
    const settings = { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 };
    const workbench = await openWorkbench({ settings });
    try {
      await changeMachineSettings(workbench, { 'campaignMonitorRelay.tunnel.programs': { devtunnelPath } });
      await workbench.openViewContainer(category);
      await startRelay(workbench);
      await workbench.runCommandThatAsks(`${category}: Choose Tunnel…`, 'installed, signed in');
      const [first = ''] = await workbench.quickPickItems();
      assert.match(first, /^devtunnel, ?installed, signed in/);
      await workbench.picture('tunnels/choose');
      await workbench.pick('devtunnel');
      const dialog = workbench.page.locator('.monaco-dialog-box').filter({ hasText: 'Open a public URL?' });
      await dialog.filter({ hasText: '(devtunnel)' }).waitFor();
      await dialog.getByRole('button', { name: 'Open Public URL', exact: true }).click();
      const [dataDir = ''] = dataDirs(workbench);
      const { tunnel } = await until(async () => {
        const status = await statusOf(dataDir);
        return 'url' in status.tunnel ? status : undefined;
      });
      assert.equal(tunnel.kind, 'devtunnel');
      assert.match('url' in tunnel ? tunnel.url : '', /^https:\/\/b2cdx1f4-\d+\.euw\.devtunnels\.ms$/);
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
