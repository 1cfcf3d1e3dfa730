import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { until } from '../relay/until.ts';
import { consentPage, decide, whereItEnds } from './consent.ts';
import { category } from './relay.ts';
import { clickUntil, openWorkbench, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

interface RunningSandbox {
  readonly control: string;
}

/** One of the callbacks that the sandbox's app is registered with. */
/** What the box asks that takes an answer which did not come back by itself. */
const pasting = 'copy the whole URL from the address bar';
const elsewhere = 'https://example.org/oauth/callback';

describe('Creating an instance, and what can go wrong', () => {
  let workbench: Workbench;
  let form: FrameLocator;
  /** The callback of a page on this machine, and the one that is filled in. */
  let loopback: string;
  let callback: string;
  /** Of the instance that this try of this spec makes. */
  let name: string;
  let names = 0;

  before(async () => {
    loopback = `http://localhost:${await freePort()}/oauth/callback`;
    workbench = await openWorkbench({
      viewport: { width: 1280, height: 1000 },
      settings: { 'campaignMonitorRelay.openConnectors.timeoutSeconds': 10 },
    });
  });
  after(() => workbench.close());

  beforeEach(async () => {
    name = `Instance ${++names}`;
    callback = loopback;
    await workbench.page.keyboard.press('Escape');
    await workbench.runCommand('View: Close All Editors');
    // Before the form of the spec before is gone, the command shows that one.
    await until(async () => (await workbench.tabs()).length === 0);
    form = workbench.webviewFrame();
    await untilDone(async () => {
      await workbench.runCommand(`${category}: New Instance…`);
      await form.locator('#do-useSandbox').click({ timeout: 10_000 });
      await form.getByText('Sandbox values filled in.').waitFor({ timeout: 20_000 });
    });
    await form.locator('#name input').fill(name);
    await form.locator('#oauthCallbackUrl input').fill(callback);
    // By the field that goes with it, since a panel that is opened again has kept what was there.
    await untilDone(async () => {
      if (await form.locator('#callbackUrl').isHidden()) return;
      await form.locator('#eventsEnabled').click({ timeout: 5000 });
      await form.locator('#callbackUrl').waitFor({ state: 'detached', timeout: 5000 });
    });
    await form.locator('#create[aria-disabled="false"]').waitFor();
    await control('DELETE', 'failures');
  });

  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const [file] = globSync('data/User/globalStorage/**/sandbox.json', { cwd: workbench.server.dataDir });
    const sandbox = JSON.parse(readFileSync(join(workbench.server.dataDir, file!), 'utf8')) as RunningSandbox;
    const answer = await fetch(`${sandbox.control}/open-connectors${path === '' ? '' : `/${path}`}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** How many instances of this name the platform has. */
  async function made(): Promise<number> {
    const { instances } = (await control('GET', '')) as { instances: { name: string }[] };
    return instances.filter((each) => each.name === name).length;
  }

  function press(): Promise<void> {
    return clickUntil(form.locator('#create'), form.locator('#cancel'), 20_000);
  }

  /** Grants access for what was asked, and waits for the summary of the new instance. */
  async function grant(): Promise<void> {
    const page = await consentPage(workbench, press);
    assert.match(await decide(page, 'Allow access'), /Access granted: Close this page and continue in VS Code/);
    await page.close();
    await form.locator('#created').waitFor();
    assert.equal(await made(), 1);
  }

  /** What was filled in is there still, and the button for another try. */
  async function stillFilled(): Promise<void> {
    await form.locator('#create[aria-disabled="false"]').waitFor();
    assert.equal(await form.locator('#name input').inputValue(), name);
    assert.equal(await form.locator('#oauthCallbackUrl input').inputValue(), callback);
    assert.equal(await made(), 0);
  }

  it('makes one, however often the button is pressed', async () => {
    const page = await consentPage(workbench, () => form.locator('#create').dblclick());
    await workbench.question(pasting).waitFor();
    await workbench.picture('create/waiting');
    const said = await decide(page, 'Allow access');
    assert.match(said, /Access granted/);
    await page.close();
    await form.locator('#created').waitFor();
    await workbench.picture('create/created');
    assert.equal(await made(), 1);
    // Nothing waits any more: the address knows nobody.
    await assert.rejects(fetch(`${callback}?code=late&state=late`));
  });

  it('says that access was refused, and asks again', async () => {
    const page = await consentPage(workbench, press);
    assert.match(await decide(page, 'Deny'), /Access not granted: Close this page\. VS Code shows the reason/);
    await page.close();
    await form.getByText('You didn’t grant access in the browser.').waitFor();
    await workbench.picture('create/denied');
    await stillFilled();
    await grant();
  });

  it('waits on after an answer that is not the awaited one, until it is cancelled', async () => {
    const page = await consentPage(workbench, press);
    const stray = await workbench.context.newPage();
    await stray.goto(`${callback}?code=forged&state=forged`);
    await stray.getByRole('heading', { name: 'Unexpected answer' }).waitFor();
    await stray.close();
    // Into the box for pasting, too.
    await workbench.enter(pasting, `${callback}?code=forged&state=forged`);
    await workbench.quickInputWidget.getByText('The URL belongs to another request').waitFor();
    await workbench.picture('create/wrong-state');
    await page.close();
    await clickUntil(form.locator('#cancel'), form.getByText('Cancelled. Nothing was created.'));
    await stillFilled();
    await assert.rejects(fetch(`${callback}?code=late&state=late`));
  });

  it('says that a code is used up, and takes another that is pasted', async () => {
    // Somebody else's callback, as on another machine: nothing comes back by itself.
    callback = elsewhere;
    await form.locator('#oauthCallbackUrl input').fill(callback);
    const used = await consentPage(workbench, press);
    await used.close();
    await workbench.enter(pasting, 'a-code-that-was-used');
    await form.getByText('a code works only once').waitFor();
    await workbench.picture('create/used-code');
    await stillFilled();
    const page = await consentPage(workbench, press);
    const ended = await whereItEnds(page);
    await page.close();
    await workbench.enter(pasting, ended);
    await form.locator('#created').waitFor();
    assert.equal(await made(), 1);
  });

  it("says what the platform says, with the request's id in the log", async () => {
    await control('POST', 'failures', { call: 'POST /instances', status: 400, message: 'The tag is not allowed' });
    const page = await consentPage(workbench, press);
    await decide(page, 'Allow access');
    await page.close();
    await form.getByText('The tag is not allowed').waitFor();
    await workbench.picture('create/refused');
    await stillFilled();
    const line = await until(() => /.*The tag is not allowed.*request \w+/.exec(log())?.[0]);
    assert.doesNotMatch(line, /secret/);
    await grant();
  });

  it('finds the instance of a call that got no answer, and makes no other', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const page = await consentPage(workbench, press);
    await decide(page, 'Allow access');
    await page.close();
    await workbench.dialog.getByText(`Open Connectors has a new instance “${name}”`).waitFor();
    await workbench.picture('create/found');
    await workbench.answerDialog('Use This Instance');
    await form.locator('#created').waitFor();
    assert.equal(await made(), 1);
  });

  it('does not say that nothing was made where the call was cancelled under way', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const page = await consentPage(workbench, press);
    await decide(page, 'Allow access');
    await page.close();
    await workbench.notification('Creating instance').waitFor();
    await form.locator('#cancel').click();
    await form.getByText('Cancelled. No new instance has the name you entered.').waitFor();
    await workbench.picture('create/cancelled-under-way');
    await stillFilled();
    await grant();
  });

  it('makes no other after the window was loaded anew half way, and none where the one found is not wanted', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const page = await consentPage(workbench, press);
    await decide(page, 'Allow access');
    await page.close();
    await until(async () => (await made()) === 1 || undefined, 30_000);
    await workbench.reload();
    form = workbench.webviewFrame();
    await form.locator('#do-useSandbox').click();
    await form.getByText('Sandbox values filled in.').waitFor();
    assert.equal(await form.locator('#name input').inputValue(), name);
    await form.locator('#create[aria-disabled="false"]').waitFor();
    await press();
    await workbench.dialog.getByText(`Open Connectors has a new instance “${name}”`).waitFor();
    await workbench.page.keyboard.press('Escape');
    await form.getByText('The existing instance wasn’t changed.').waitFor();
    await workbench.picture('create/declined');
    assert.equal(await made(), 1);
  });

  it('is forgotten where the sandbox has it no longer: another sandbox begins with nothing', async () => {
    const view = 'campaignMonitorRelay.instances';
    await grant();
    await workbench.openViewContainer(category);
    const header = workbench.view(view).locator('.pane-header');
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
    await workbench.treeRow(view, name).waitFor();
    await control('DELETE', 'instances');
    await workbench.runCommand(`${category}: Refresh`);
    await workbench.view(view).getByText('No instances of the Campaign Monitor connector yet').waitFor();
  });

  function log(): string {
    return globSync('data/logs/**/*Campaign Monitor Relay.log', { cwd: workbench.server.dataDir })
      .map((path) => readFileSync(join(workbench.server.dataDir, path), 'utf8'))
      .join('\n');
  }
});
