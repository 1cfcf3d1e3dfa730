import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packedExtension } from '../packed.ts';
import { root } from '../vscode/install.ts';
import { installExtension } from '../vscode/installed-extension.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench } from './workbench.ts';

/** The size of a bundle with all that it loads at once, in bytes; what it loads on demand aside. */
function sizeAtOnce(file: string, counted = new Set<string>()): number {
  if (counted.has(file)) return 0;
  counted.add(file);
  const text = readFileSync(file, 'utf8');
  const parts = [...text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)].map(([, part = '']) => part);
  return parts.reduce((sum, part) => sum + sizeAtOnce(join(dirname(file), part), counted), statSync(file).size);
}

describe('The package', () => {
  it('is installed into VS Code and used there', async () => {
    const vsix = packedExtension();
    assert.ok(statSync(vsix).size <= 1_500_000, `${statSync(vsix).size} bytes`);
    // A ZIP names its files as they are.
    for (const part of ['third-party-licenses.txt', 'cm-relay.js', 'cm-relay-mcp.js']) {
      assert.ok(readFileSync(vsix).includes(`extension/dist/${part}`), part);
    }
    const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string };
    const size = sizeAtOnce(join(root, main));
    assert.ok(size <= 150_000, `${size} bytes`);
    console.log(`      VSIX ${statSync(vsix).size} bytes, main bundle ${size} bytes`);
    const workbench = await openWorkbench({
      ownServer: true,
      extensionDevelopmentPath: false,
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
    try {
      await installExtension(vsix, workbench.server.dataDir);
      await workbench.reload();
      await workbench.openViewContainer(category);
      await startRelay(workbench);
      await workbench.runCommand(`${category}: Send Sample Events…`);
      const row = workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' });
      await row.nth(2).waitFor();
      assert.equal((await statusOf(dataDirs(workbench)[0]!)).counts.sent, 3);
      await workbench.picture('package/used');
      await workbench.runCommand('Extensions: Show Installed Extensions');
      await workbench.page.locator('.extension-list-item').filter({ hasText: category }).first().click();
      const page = workbench.webviewFrame();
      await page.getByRole('heading', { name: 'In VS Code' }).waitFor();
      await workbench.picture('package/page');
      const leading = await page
        .locator('a[href]')
        .evaluateAll((links: { getAttribute(name: string): string }[]) =>
          links.map((each) => each.getAttribute('href')).filter((to) => !/^(?:https:|#)/.test(to)),
        );
      assert.deepEqual(leading, []);
      assert.equal(await page.getByText('npm ci').count(), 0);
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
