import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { describeLong } from '../long.ts';
import { until } from '../relay/until.ts';
import { isSandbox } from '../../src/extension/sandbox/shared-sandbox.ts';
import { root } from '../vscode/install.ts';
import { consentPage, decide } from './consent.ts';
import { category, eventsView, sandboxFile, stopRelays, untilStatusBar } from './relay.ts';
import { openWalkthrough, steps, ticked } from './walkthrough.ts';
import { clickAway, clickUntil, openAddress, temporaryFolder, type Workbench } from './workbench.ts';

/** What the script prints that a person uses. */
interface Printed {
  readonly address: string;
  readonly sandboxControl: string;
}

describeLong('`npm run vscode`, as somebody sees it who looks for the first time', function () {
  this.timeout(300_000);
  let data: string;
  let port: number;
  let script: ChildProcess | undefined;
  let said = '';
  let workbench: Workbench | undefined;

  /** Presses Ctrl+C, and waits for the end. */
  const end = async (): Promise<void> => {
    if (script === undefined || script.exitCode !== null) return;
    const ended = once(script, 'exit');
    script.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
  };
  /** Starts the script and resolves to what it prints. One that runs is ended: it has the port. */
  const start = async (): Promise<Printed> => {
    await end();
    const started = spawn(process.execPath, ['scripts/vscode.ts', '--port', String(port), '--data', data], {
      cwd: root,
      env: { ...process.env, VSCODE_KIND: 'browser' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    script = started;
    said = '';
    started.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => {
      if (started.exitCode !== null) assert.fail(`the script ended: ${said}`);
      return said.includes('Ctrl+C ends it.') || undefined;
    });
    return { address: /^ {2}(http:\S+)$/m.exec(said)?.[1] ?? '', sandboxControl: controlIn(said) };
  };
  const controlIn = (text: string): string => [...text.matchAll(/^# Controls: (\S+)$/gm)].at(-1)?.[1] ?? '';
  /** The sandbox that the windows use. */
  const sandboxOfWindows = (window: Workbench): string =>
    (JSON.parse(readFileSync(sandboxFile(window) ?? '', 'utf8')) as { control: string }).control;
  const notifications = async (window: Workbench): Promise<string> => {
    await window.runCommand('Notifications: Show Notifications');
    const center = window.page.locator('.notifications-center.visible');
    await center.waitFor();
    const texts = await center.innerText();
    await window.runCommand('Notifications: Hide Notifications');
    return texts;
  };

  before(async () => {
    // Within a repository, as the script's own folder is.
    const repository = temporaryFolder();
    execFileSync('git', ['init', '--quiet', repository]);
    data = join(repository, 'vscode');
    port = await freePort();
  });
  after(async () => {
    if (workbench !== undefined) await stopRelays(workbench);
    await workbench?.close();
    await end();
  });

  it('authorizes by clicks alone, in the sandbox that was printed, and keeps all for the next time', async () => {
    const first = await start();
    const server = { origin: '', authority: '', dataDir: join(data, 'server'), version: '', close: end };
    workbench = await openAddress(first.address, server);
    const window = workbench;
    const { page } = window;
    await window.openViewContainer(category);
    assert.equal(first.sandboxControl, sandboxOfWindows(window));

    await window.runCommand(`${category}: New Instance…`);
    const form = window.webviewFrame();
    await form.locator('#do-useSandbox').click();
    await form.getByText('Sandbox values filled in.').waitFor();
    assert.equal(first.sandboxControl, sandboxOfWindows(window));
    await clickUntil(form.locator('#do-fillCallback'), form.getByText('Relay URL filled in.'), 30_000);
    const create = form.locator('#create[aria-disabled="false"]');
    const consent = await consentPage(window, () => clickUntil(create, form.locator('#cancel'), 20_000));
    assert.match(await decide(consent, 'Allow access'), /Access granted: Close this page and continue in VS Code/);
    await consent.close();
    await form.getByRole('heading', { name: 'Instance created' }).waitFor();
    await window.picture('first-look/created');
    // Who tries the vendors in the sandbox has done that step, too.
    await openWalkthrough(window);
    await ticked(window, steps.public);

    await window.runCommand(`${category}: Send Sample Events…`);
    await window.view(eventsView).locator('.monaco-list-row').nth(2).waitFor();
    assert.doesNotMatch(await notifications(window), /\bgit\b/i);
    // A browser that prefers light begins with a light theme.
    await page.locator('.monaco-workbench.vs').waitFor();
    await window.runCommandThatAsks('Preferences: Color Theme', 'Dark Modern');
    await window.pick('Dark Modern');
    await page.locator('.monaco-workbench.vs-dark').waitFor();
    // It is drawn before it is written.
    const settings = join(window.userDataDir, 'User', 'settings.json');
    await until(() => (existsSync(settings) && readFileSync(settings, 'utf8').includes('Dark Modern')) || undefined);

    await end();
    assert.equal(await isSandbox(first.sandboxControl), false, 'the sandbox ends with the script');
    const second = await start();
    assert.equal(second.address, first.address);
    assert.notEqual(second.sandboxControl, first.sandboxControl);
    await page.goto(second.address);
    await window.restored();
    await page.locator('.monaco-workbench.vs-dark').waitFor();
    await window.openViewContainer(category);
    // It has gone on, and the window finds it.
    await untilStatusBar(window, 'reachable from this machine only');
    await window.view(eventsView).locator('.monaco-list-row').nth(2).waitFor();
    assert.equal(sandboxOfWindows(window), second.sandboxControl);
    assert.doesNotMatch(await notifications(window), /\bgit\b/i);
    await window.picture('first-look/second-run');

    // Ended and started in the window, it is another: the script says so.
    await window.runCommand(`${category}: Turn Sandbox On or Off`);
    await until(async () => !(await isSandbox(second.sandboxControl)) || undefined);
    await window.runCommand(`${category}: Turn Sandbox On or Off`);
    await until(() => controlIn(said) !== second.sandboxControl || undefined);
    assert.equal(controlIn(said), sandboxOfWindows(window));
    await clickAway(
      window.notification('Sandbox running on this machine').getByRole('button', { name: 'Stop Sandbox' }),
    );
  });

  it('says which port is taken, and what to do', async () => {
    const child = spawn(process.execPath, ['scripts/vscode.ts', '--port', String(port), '--data', temporaryFolder()], {
      cwd: root,
      env: { ...process.env, VSCODE_KIND: 'browser' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let error = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2);
    assert.match(error, new RegExp(`^Port ${port} is in use, .* another port by --port\\.`));
  });
});
