import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { startHandler, type Handler } from '../examples/handler.ts';
import { startReceiver } from '../relay/receiver.ts';
import { until } from '../relay/until.ts';
import { category, changeSettings } from './relay.ts';
import { giveSecret } from './secrets.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { checkedThemes, clickAway, openWorkbench, temporaryFolder, themes, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.destinations';
const key = 'the key of this test';

describe('Check My Callback', () => {
  let workbench: Workbench;
  let handler: Handler;
  const folder = temporaryFolder();

  const frame = () => workbench.webviewFrame();
  const check = (id: string): Locator => frame().locator(`#check-${id}`);
  const row = (): Locator => workbench.treeRow(view, new URL(handler.url).host);
  const status = (): Locator => frame().locator('#status');
  /** Waits until nothing is run any more. */
  const ended = async (): Promise<void> => {
    await frame().locator('#do-run').waitFor({ timeout: 150_000 });
  };
  const unfold = async (id: string): Promise<void> => {
    await untilDone(async () => {
      if (!(await check(id).locator('.about').isVisible()))
        await check(id).locator('summary').first().click({ timeout: 5000 });
      await check(id).locator('.about').waitFor({ timeout: 5000 });
    });
  };

  before(async () => {
    mkdirSync(join(folder, 'tests'));
    handler = await startHandler('wrong-handler', { key });
    workbench = await openWorkbench({
      folder,
      viewport: { width: 1440, height: 900 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [
          { url: handler.url, signatureKeyName: 'test', headers: { 'X-Test': '1' } },
        ],
      },
    });
    await workbench.openViewContainer(category);
  });
  after(() => workbench.close());

  it('asks for what it needs before anything is sent: the key, whether the callback may be sent all that', async () => {
    await workbench.chooseFromContextMenu(row(), 'Check My Callback…');
    await workbench.dialog.getByText('Sends about 1,300 test events').waitFor();
    await workbench.dialog.getByText(/Usually takes about a minute; at most [\d.]+ min/).waitFor();
    await workbench.picture('check/question');
    await workbench.answerDialog('Cancel');
    assert.equal(await handler.count(), 0);
    await workbench.chooseFromContextMenu(row(), 'Check My Callback…');
    await workbench.answerDialog('Check');
    // The settings name a key that is not stored.
    await workbench.notification('The destination’s signature key “test” isn’t stored').waitFor();
    assert.equal(await handler.count(), 0);
    await giveSecret(workbench, 'Signature Key', ['Name of the key', 'test'], ['Signature key “test”', key]);
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('asks once for the probe, step by step, and says where the key goes', async () => {
    const { quickInputWidget } = workbench;
    await untilDone(async () => {
      await workbench.chooseFromContextMenu(row(), 'Check My Callback…');
      await workbench.dialog.getByText('notifications signed with your key').waitFor({ timeout: 15_000 });
    });
    await workbench.answerDialog('Allow');
    await quickInputWidget.getByPlaceholder('How do you count contacts?').waitFor();
    await workbench.picture('check/probe');
    await workbench.pick('URL');
    await workbench.enter('URL that returns the number of contacts', new URL('/contacts/count', handler.url).href);
    await workbench.enter('CEL expression for the number', 'answer.json.(');
    await workbench.enter('expected IDENTIFIER, got LPAREN', 'answer.json.count');
    await workbench.enter('URL of a page that shows your stored contacts', new URL('/contacts', handler.url).href);
  });

  it('shows each check as it is done, and what a reader needs to mend the callback', async () => {
    await frame().locator('#do-stop').waitFor();
    await check('notification').filter({ hasText: 'Passed' }).waitFor();
    await status()
      .filter({ hasText: /^\d+ left: / })
      .waitFor();
    // The page shows how far it is, and nothing else does.
    assert.equal(await workbench.notification('Check of').count(), 0);
    await workbench.picture('check/running');
    await ended();
    assert.match(await status().innerText(), /^\d+ passed, [12]\d failed$/);
    await check('same-event-twice').locator('summary').first().filter({ hasText: 'Failed' }).waitFor();
    await unfold('same-event-twice');
    const twice = check('same-event-twice');
    await twice.getByText('What to do').waitFor();
    await twice.getByText('Not as expected: Contacts').waitFor();
    await workbench.picture('check/failed');
    await twice.getByText('What was sent').first().click();
    await twice.getByText('eventId').first().waitFor();
    await twice.locator('pre').filter({ hasText: '"topic"' }).or(twice.locator('pre')).first().waitFor();
    // What is sent along of one's own stands nowhere.
    assert.doesNotMatch(await frame().locator('main').innerText(), new RegExp(key));
    await workbench.picture('check/sent');
  });

  it('shows those alone that failed, by the keyboard too', async () => {
    const all = await frame().locator('.check').count();
    await frame().locator('#failed-only').focus();
    await workbench.page.keyboard.press('Enter');
    await until(async () => (await frame().locator('.check').count()) < all);
    assert.equal(await frame().locator('.check:not(.failed)').count(), 0);
    assert.equal(await frame().locator('#failed-only').getAttribute('aria-pressed'), 'true');
    const document = await webviewDocument(workbench);
    const focused = (): Promise<string> =>
      document.evaluate<string>(`document.activeElement?.closest('.check')?.id ?? document.activeElement?.id ?? ''`);
    const ids = await frame()
      .locator('.check')
      .evaluateAll((each: { readonly id: string }[]) => each.map(({ id }) => id));
    // What may be why several failed stands above them: its page is broken.
    await frame().locator('.cause').filter({ hasText: 'is marked as JSON but is truncated or invalid' }).waitFor();
    await workbench.page.keyboard.press('Tab');
    await workbench.page.keyboard.press('Tab');
    assert.equal(await focused(), ids[0]);
    await workbench.page.keyboard.press('ArrowDown');
    assert.equal(await focused(), ids[1]);
    await workbench.page.keyboard.press('End');
    assert.equal(await focused(), ids.at(-1));
    await workbench.page.keyboard.press('Enter');
    await frame()
      .locator(`#${ids.at(-1)} .about`)
      .waitFor();
    await workbench.picture('check/failed-only');
    await frame().locator('#failed-only').click();
    await until(async () => (await frame().locator('.check').count()) === all);
  });

  it('runs one check again, and keeps what the others came to', async () => {
    // Each run has a marker of its own.
    const marker = frame().getByText(/^check-/);
    const run = await marker.innerText();
    await unfold('older-shape');
    const before = await status().innerText();
    await check('older-shape').getByText('Run This Check').click();
    await until(async () => (await marker.innerText()) !== run);
    await ended();
    await until(async () => (await status().innerText()) === before);
    await check('older-shape').locator('summary').first().filter({ hasText: 'Failed' }).waitFor();
  });

  it('is saved as JUnit XML', async () => {
    const file = join(folder, 'callback-check.xml');
    await frame().locator('#save').focus();
    await workbench.page.keyboard.press('Enter');
    await frame().getByRole('menuitem', { name: 'JUnit XML…' }).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.question('Save Report').waitFor();
    // The dialog takes no Enter while it still reads the folder, and goes some time after the one that it takes.
    await untilDone(async () => {
      if (!existsSync(file)) {
        await workbench.quickInput.fill(file, { timeout: 5000 });
        await workbench.quickInput.press('Enter', { timeout: 5000 });
      }
      await until(() => Promise.resolve(existsSync(file)), 5000);
    });
    await workbench.notification('Report saved.').waitFor();
    assert.match(readFileSync(file, 'utf8'), /<testsuites name="cm-relay" tests="\d+"/);
  });

  it('breaks no rule of accessibility in any theme, nor beside an editor at 260 px', async () => {
    await unfold('same-event-twice');
    const classes = {
      dark: 'vscode-dark',
      light: 'vscode-light',
      highContrast: 'vscode-high-contrast',
      highContrastLight: 'vscode-high-contrast-light',
    } as const;
    for (const theme of checkedThemes) {
      const name = classes[theme];
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      await frame().locator(`body.${name}`).waitFor();
      // VS Code may make the page anew.
      await check('same-event-twice').locator('.about').waitFor();
      assert.deepEqual(await axeViolations(await webviewDocument(workbench)), [], theme);
      await workbench.picture(`check/${name}`);
    }
    await changeSettings(workbench, { 'workbench.colorTheme': themes.dark });
    await workbench.page.setViewportSize({ width: 620, height: 900 });
    await until(async () => {
      const width = await (await webviewDocument(workbench)).evaluate<number>('document.documentElement.clientWidth');
      return width < 400;
    });
    await check('same-event-twice').locator('.about').waitFor();
    const document = await webviewDocument(workbench);
    // Nothing is cut off: the page is as wide as what is in it.
    assert.ok(await document.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'));
    assert.deepEqual(await axeViolations(document), [], 'narrow');
    await workbench.picture('check/narrow');
    await workbench.page.setViewportSize({ width: 1440, height: 900 });
  });

  it('is stopped, and says so', async () => {
    await frame().locator('#do-run').click();
    await frame().locator('#do-stop').click();
    await status().filter({ hasText: 'Stopped' }).waitFor();
    assert.ok((await frame().locator('.check.notRun').count()) > 0);
    // Those that were not run can be run.
    await frame().locator('#do-run').waitFor();
  });

  it('says what is wrong with a probe that does not answer, and leads to another one', async () => {
    await workbench.chooseFromContextMenu(row(), 'Edit Destination…');
    await clickAway(workbench.quickInputWidget.getByText('Checks', { exact: true }).first());
    await workbench.pick('URL');
    await workbench.enter('URL that returns the number of contacts', new URL('/nowhere', handler.url).href);
    await workbench.enter('CEL expression for the number', '');
    await workbench.enter('URL of a page that shows', '');
    await frame().getByText('/nowhere').waitFor();
    const before = await handler.count();
    await frame().locator('#do-run').click();
    await workbench.notification('answered 404').waitFor();
    assert.equal(await handler.count(), before);
    await workbench.answerNotification('answered 404', 'Set Up Contact Count…');
    await workbench.pick('None');
    await workbench.enter('URL of a page that shows', '');
    await frame().getByText('none: checks that need your data remain undecided').waitFor();
  });

  it('shows files of scenarios in the Test Explorer, runs them, and shows what was expected beside what came', async () => {
    const file = join(folder, 'tests', 'contacts.cm-scenario.json');
    const scenarios = [
      { name: 'takes an event', steps: [{ send: { sample: 'Subscribe' } }] },
      {
        name: 'refuses what nobody signed',
        steps: [{ send: { sample: 'Subscribe' }, trouble: ['unsigned'], expect: { status: 401 } }],
      },
    ];
    writeFileSync(file, JSON.stringify({ scenarios }, null, 2));
    const test = (text: string): Locator =>
      workbench.page.locator('.test-explorer .monaco-list-row').filter({ hasText: text }).first();
    await untilDone(async () => {
      await workbench.runCommand('View: Show Testing');
      await test('tests').waitFor({ timeout: 15_000 });
    });
    await workbench.runCommand('Test: Run All Tests');
    const unfoldTest = (name: string, inside: string): Promise<void> =>
      untilDone(async () => {
        await test(name).click({ timeout: 5000 });
        await workbench.page.keyboard.press('ArrowRight');
        await test(inside).waitFor({ timeout: 5000 });
      });
    await unfoldTest('tests', 'contacts');
    await unfoldTest('contacts', 'refuses');
    await workbench.page
      .locator('.test-explorer .monaco-list-row[aria-label^="refuses what nobody signed (Failed)"]')
      .waitFor();
    await workbench.page.locator('.test-explorer .monaco-list-row[aria-label^="takes an event (Passed)"]').waitFor();
    await workbench.runCommand('Test: Peek Output');
    await workbench.page.getByText('Expected').first().waitFor();
    await workbench.picture('check/scenarios');
    // It is followed: what is wrong with it is said at its row.
    writeFileSync(file, '{ "scenarios": [] }');
    await test('takes an event').waitFor({ state: 'detached' });
    await workbench.page.keyboard.press('Escape');
  });
});

describe('Scenarios of a folder that is not trusted', () => {
  it('are read when the user trusts it, and send a variable of the environment when that was allowed', async () => {
    const folder = temporaryFolder();
    const receiver = await startReceiver();
    const { origin } = new URL(receiver.url);
    mkdirSync(join(folder, '.vscode'));
    const settings = { 'campaignMonitorRelay.destinations': [{ url: receiver.url }] };
    writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(settings));
    const write = (name: string, content: object): void =>
      writeFileSync(join(folder, `${name}.cm-scenario.json`), JSON.stringify(content));
    const steps = [{ send: { sample: 'Subscribe' } }];
    write('first', {
      destination: { url: receiver.url, credentials: { 'X-Home': { env: 'HOME' } } },
      scenarios: [{ name: 'sends a variable', steps }],
    });
    const workbench = await openWorkbench({ ownServer: true, folder, trusted: false });
    const test = (text: string): Locator =>
      workbench.page.locator(`.test-explorer .monaco-list-row[aria-label^="${text}"]`).first();
    const question = workbench.dialog.getByText('Send environment variables to URLs in these scenario files?');
    try {
      // VS Code has a place for tests where an extension shows some.
      const place = workbench.page
        .locator('.activitybar .action-item')
        .filter({ has: workbench.page.getByLabel('Testing') });
      // The extension is there.
      await workbench.openViewContainer(category);
      await workbench.view('campaignMonitorRelay.events').getByText('The relay isn’t running.').waitFor();
      // The folder's own settings name the destination.
      write('second', {
        kept: { url: receiver.url, headers: { 'X-Path': { env: 'PATH' } } },
        scenarios: [{ name: 'is kept', steps: [{ ...steps[0], expect: { kept: 'x' } }] }],
      });
      const trust = workbench.page
        .locator('.workspace-trust-editor')
        .getByRole('button', { name: 'Trust', exact: true });
      await untilDone(async () => {
        await workbench.runCommand('Workspaces: Manage Workspace Trust');
        await trust.waitFor({ timeout: 5000 });
      });
      await workbench.picture('check/untrusted');
      assert.equal(await place.count(), 0);
      await trust.click();
      await place.waitFor();
      // It lies over the rest.
      const editor = workbench.page.locator('.workspace-trust-header');
      await untilDone(async () => {
        if (await editor.isVisible()) await editor.press('Escape', { timeout: 5000 });
        await editor.waitFor({ state: 'hidden', timeout: 5000 });
      });
      await untilDone(async () => {
        await workbench.runCommand('View: Show Testing');
        await test('first').waitFor({ timeout: 15_000 });
      });
      await test('second').waitFor();

      await workbench.runCommand('Test: Run All Tests');
      await question.waitFor();
      for (const variable of ['HOME', 'PATH']) await workbench.dialog.getByText(`${variable} to ${origin}`).waitFor();
      await workbench.answerDialog('Don’t Allow');
      await untilDone(async () => {
        await test('first').click({ timeout: 5000 });
        await workbench.page.keyboard.press('ArrowRight');
        await test('sends a variable').waitFor({ timeout: 5000 });
      });
      await test('sends a variable (Errored)').waitFor();
      assert.equal(receiver.requests.length, 0);
      rmSync(join(folder, 'second.cm-scenario.json'));
      await test('second').waitFor({ state: 'detached' });
      await workbench.runCommand('Test: Run All Tests');
      await question.waitFor();
      await workbench.answerDialog('Allow');
      await until(() => receiver.requests.length === 1);
      await test('sends a variable (Passed)').waitFor();
      assert.ok(receiver.requests[0]?.headers.some(([name]) => name.toLowerCase() === 'x-home'));
      await workbench.runCommand('Test: Run All Tests');
      await until(() => receiver.requests.length === 2);
    } finally {
      await workbench.close();
      await receiver.stop();
    }
  });
});
