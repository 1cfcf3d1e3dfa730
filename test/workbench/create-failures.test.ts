import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { until } from '../relay/until.ts';
import { consentPage, decide, whereItEnds } from './consent.ts';
import { category } from './relay.ts';
import { clickUntil, openWorkbench, untilDone, type Workbench } from './workbench.ts';

interface RunningSandbox {
  readonly control: string;
}

/** What the box asks that takes an answer which did not come back by itself. */
const pasting = 'copy the whole URL from the address bar';
/** One of the callbacks that the sandbox's app is registered with. */
const elsewhere = 'https://example.org/oauth/callback';

describe('Creating an instance, and what can go wrong', () => {
  const name = 'Instance';
  let workbench: Workbench;
  let form: FrameLocator;
  /** The callback of a page on this machine, and the one that is filled in. */
  let loopback: string;
  let callback: string;

  // One form for all: what goes wrong leaves it as it was filled in.
  before(async () => {
    loopback = `http://localhost:${await freePort()}/oauth/callback`;
    callback = loopback;
    workbench = await openWorkbench({
      viewport: { width: 1280, height: 1000 },
      settings: { 'campaignMonitorRelay.openConnectors.timeoutSeconds': 10 },
    });
    form = workbench.webviewFrame();
    await workbench.runCommand(`${category}: New Instance…`);
    await clickUntil(form.locator('#do-useSandbox'), form.getByText('Sandbox values filled in.'), 20_000);
    await form.locator('#name input').fill(name);
    await form.locator('#oauthCallbackUrl input').fill(callback);
    // By the field that goes with it.
    await untilDone(async () => {
      if (await form.locator('#callbackUrl').isHidden()) return;
      await form.locator('#eventsEnabled').click({ timeout: 5000 });
      await form.locator('#callbackUrl').waitFor({ state: 'detached', timeout: 5000 });
    });
    await form.locator('#create[aria-disabled="false"]').waitFor();
  });
  after(() => workbench.close());

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

  /** How many instances the platform has. */
  async function made(): Promise<number> {
    const { instances } = (await control('GET', '')) as { instances: unknown[] };
    return instances.length;
  }

  function press(): Promise<void> {
    return clickUntil(form.locator('#create'), form.locator('#cancel'), 20_000);
  }

  /** What was filled in is there still, and the button for another try. */
  async function stillFilled(): Promise<void> {
    await form.locator('#create[aria-disabled="false"]').waitFor();
    assert.equal(await form.locator('#name input').inputValue(), name);
    assert.equal(await form.locator('#oauthCallbackUrl input').inputValue(), callback);
    assert.equal(await made(), 0);
  }

  it('says that access was refused', async () => {
    const page = await consentPage(workbench, press);
    await workbench.question(pasting).waitFor();
    await workbench.picture('create/waiting');
    assert.match(await decide(page, 'Deny'), /Access not granted: Close this page\. VS Code shows the reason/);
    await page.close();
    await form.getByText('You didn’t grant access in the browser.').waitFor();
    await workbench.picture('create/denied');
    await stillFilled();
    // Nothing waits any more: the address knows nobody.
    await assert.rejects(fetch(`${callback}?code=late&state=late`));
  });

  it("says what the platform says, with the request's id in the log", async () => {
    await control('POST', 'failures', { call: 'POST /instances', status: 400, message: 'The tag is not allowed' });
    const page = await consentPage(workbench, press);
    await decide(page, 'Allow access');
    await page.close();
    const said = form.getByText('The tag is not allowed');
    await said.waitFor();
    assert.match(await said.innerText(), /a code works only once/);
    await workbench.picture('create/refused');
    await stillFilled();
    const line = await until(() => /.*The tag is not allowed.*request \w+/.exec(log())?.[0]);
    assert.doesNotMatch(line, /secret/);
  });

  it('takes the answer that is pasted, and does not say that nothing was made where the call was canceled', async () => {
    // Somebody else's callback, as on another machine: nothing comes back by itself.
    callback = elsewhere;
    await form.locator('#oauthCallbackUrl input').fill(callback);
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const page = await consentPage(workbench, press);
    await workbench.enter(pasting, `${callback}?code=forged&state=forged`);
    await workbench.quickInputWidget.getByText('The URL belongs to another request').waitFor();
    await workbench.picture('create/wrong-state');
    const ended = await whereItEnds(page);
    await page.close();
    await workbench.quickInput.fill(ended);
    await workbench.quickInput.press('Enter');
    await workbench.notification('Creating instance').waitFor();
    await form.locator('#cancel').click();
    await form.getByText('Canceled. No new instance has the name you entered.').waitFor();
    await workbench.picture('create/canceled-under-way');
    await stillFilled();
  });

  it('finds the instance of a call that got no answer, and makes no other', async () => {
    callback = loopback;
    await form.locator('#oauthCallbackUrl input').fill(callback);
    await form.locator('#create[aria-disabled="false"]').waitFor();
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    // However often the button is pressed.
    const page = await consentPage(workbench, () => form.locator('#create').dblclick());
    assert.match(await decide(page, 'Allow access'), /Access granted: Close this page and continue in VS Code/);
    await page.close();
    await workbench.dialog.getByText(`Open Connectors has a new instance “${name}”`).waitFor();
    await workbench.picture('create/found');
    await workbench.answerDialog('Use This Instance');
    await form.locator('#created').waitFor();
    await workbench.picture('create/created');
    assert.equal(await made(), 1);
  });

  function log(): string {
    return globSync('data/logs/**/*Campaign Monitor Relay.log', { cwd: workbench.server.dataDir })
      .map((path) => readFileSync(join(workbench.server.dataDir, path), 'utf8'))
      .join('\n');
  }
});
