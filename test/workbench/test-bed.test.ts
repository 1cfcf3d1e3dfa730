import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describeLong } from '../long.ts';
import { writeStandIn } from './stand-in.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

describeLong('The test bed of the workbench', () => {
  let workbench: Workbench;

  before(async () => {
    workbench = await openWorkbench({ extensionDevelopmentPath: writeStandIn() });
  });
  after(() => workbench.close());

  it('reads the tree of a view, and expands it', async () => {
    await workbench.openViewContainer('Stand-in');
    await workbench.treeRow('standIn.things', 'thing 3').waitFor();
    await workbench.unfoldRow('standIn.things', 'thing 0');
    await workbench.treeRow('standIn.things', 'part of thing 0').waitFor();
    const rows = await workbench.treeRows('standIn.things');
    assert.deepEqual(rows.slice(0, 3), [
      { label: 'thing 0', description: '7 letters', level: 1, expanded: true, spoken: 'thing 0 7 letters' },
      {
        label: 'part of thing 0',
        description: '15 letters',
        level: 2,
        expanded: undefined,
        spoken: 'part of thing 0 15 letters',
      },
      { label: 'thing 1', description: '7 letters', level: 1, expanded: false, spoken: 'thing 1 7 letters' },
    ]);
    assert.match(await workbench.view('standIn.empty').innerText(), /Nothing here yet\.\s+Greet/);
  });

  it('runs a command, answers its notification and reads the status bar', async () => {
    await workbench.runCommand('Stand-in: Greet');
    await workbench.answerNotification('Hello', 'Well');
    await workbench.statusBarItem('state').filter({ hasText: 'answered Well' }).waitFor();
  });

  it('answers a quick pick, an input box and a dialog, and reads the log', async () => {
    await workbench.runCommand('Stand-in: Ask');
    await workbench.quickInputWidget.filter({ hasText: 'Colour' }).waitFor();
    assert.deepEqual(await workbench.quickPickItems(), ['red', 'green']);
    await workbench.pick('green');
    await workbench.enter('Name', 'Ada');
    await workbench.answerDialog('Yes, sure');
    await workbench.statusBarItem('state').filter({ hasText: 'green Ada Yes, sure' }).waitFor();
    await workbench.page.locator('.panel .view-line').filter({ hasText: 'logged' }).waitFor();
  });

  it('uses the document of a webview', async () => {
    await workbench.runCommand('Stand-in: Open the Page');
    const button = workbench.webviewFrame().getByRole('button');
    await button.click();
    assert.equal(await button.innerText(), 'pressed');
  });

  it('keeps pictures with text in them', async () => {
    const whole = await workbench.takePicture('test-bed/window');
    const part = await workbench.takePicture('test-bed/view', workbench.view('standIn.things'));
    assert.ok(statSync(whole).size > 20_000);
    assert.ok(statSync(part).size > 5000);
  });

  it('loads the window again with the extension', async () => {
    await workbench.reload();
    await workbench.statusBarItem('state').filter({ hasText: 'en trusted' }).waitFor();
  });

  it('opens an untrusted folder in German and a light theme', async () => {
    const other = await openWorkbench({
      extensionDevelopmentPath: writeStandIn(),
      trusted: false,
      locale: 'de',
      theme: 'light',
    });
    await other.statusBarItem('state').filter({ hasText: 'de restricted' }).waitFor();
    await other.runCommand('Stand-in: Grüßen');
    await other.showNotification('Hallo');
    assert.match((await other.page.locator('.monaco-workbench').getAttribute('class')) ?? '', / vs /);
    await other.close();
  });

  it('opens an empty window on a server of its own', async () => {
    const other = await openWorkbench({ extensionDevelopmentPath: writeStandIn(), folder: false, ownServer: true });
    await other.statusBarItem('state').filter({ hasText: 'trusted' }).waitFor();
    assert.notEqual(other.server.origin, workbench.server.origin);
    await other.close();
  });
});
