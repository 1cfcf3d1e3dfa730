import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { Params } from '../../src/protocol/methods.ts';
import type { Status } from '../../src/protocol/status.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import {
  category,
  changeSettings,
  dataDirs,
  eventsView,
  startRelay,
  statusIfRunning,
  statusItem,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { openTable, sizePanel } from './table.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { checkedThemes, clickUntil, openWorkbench, themes, untilDone, type Workbench } from './workbench.ts';

describe('What is held, as a person sees it and lets it go', function () {
  this.timeout(240_000);
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;

  const dataDir = (): string => dataDirs(workbench)[0]!;
  const status = (): Promise<Status> => statusOf(dataDir());
  const row = (text: string): Locator => workbench.treeRow(eventsView, text);
  const key = (name: string): Promise<void> => workbench.page.keyboard.press(name);
  const frame = () => workbench.webviewFrame();
  /** Sends a delivery, and waits for its row. */
  const deliver = async (name: string, how: string): Promise<void> => {
    await send(url, { body: sampleBody({ email: `${name}@example.com` }) });
    await row(`${name}@example.com`).filter({ hasText: how }).waitFor();
  };
  /** The addresses that the callback got, in order. */
  const taken = (from = 0): string[] =>
    receiver.requests.slice(from).map(({ text }) => /[a-z-]+@example\.com/.exec(text)?.[0] ?? '');
  /** A button of the view's title, which the pointer in the view brings to sight. */
  const titleButton = async (name: string): Promise<void> => {
    const button = workbench.view(eventsView).locator('.pane-header').getByRole('button', { name, exact: true });
    await untilDone(async () => {
      await workbench.view(eventsView).locator('.pane-header').hover({ timeout: 5000 });
      await button.click({ timeout: 5000 });
    });
  };
  const menuOfStatus = async (entry: string): Promise<void> => {
    await untilDone(
      async () => {
        await workbench.statusBarItem(statusItem).click({ timeout: 5000 });
        await workbench.page
          .locator('.quick-input-list .monaco-list-row')
          .filter({ hasText: entry })
          .first()
          .click({ timeout: 5000 });
      },
      () => key('Escape'),
    );
  };
  /** Asks as a client of another kind, as a terminal is. */
  const ask = async (
    method: 'debug/pause' | 'debug/breakpoints' | 'events/clear',
    params: Params<typeof method>,
  ): Promise<void> => {
    const client = await connectToRelay(dataDir());
    try {
      await client.request(method, params);
    } finally {
      client.close();
    }
  };

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startRelay(workbench);
    url = (await status()).campaignMonitorUrl;
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('sending is paused by a button of the view’s title, and everything says so', async () => {
    await titleButton('Pause Sending');
    await untilStatusBar(workbench, 'Sending paused at');
    // Where nothing has come in yet, too.
    await workbench.view(eventsView).getByText('Sending is paused, so new events are held.').waitFor();
    await deliver('ann', 'held: sending is paused');
    await deliver('bea', 'held: sending is paused');
    await deliver('cai', 'held: sending is paused');
    assert.match(await untilStatusBar(workbench, 'Held: 3.'), /by VS Code\. Held: 3\.\n.*from this machine only/);
    assert.equal(await workbench.statusBarText(statusItem), 'CM Relay paused, 3 held');
    await workbench
      .view(eventsView)
      .getByText(/^Sending paused at .* by VS Code\. Held: 3\.$/)
      .waitFor();
    const tooltip = await workbench.tooltipOf(row('ann@example.com'), 'held: sending paused at');
    assert.match(await tooltip.innerText(), /by VS Code/);
    assert.equal(receiver.requests.length, 0);
    await workbench.treeRow('campaignMonitorRelay.destinations', 'sending is paused').waitFor();
    await workbench.page.mouse.move(900, 500);
    await workbench.page.locator('.workbench-hover').waitFor({ state: 'detached' });
    await workbench.view(eventsView).locator('.pane-header').hover();
    await workbench.picture('held/paused');
    const width = (await workbench.sideBar.boundingBox())?.width ?? 0;
    await workbench.widenSideBar(260);
    await workbench.view(eventsView).locator('.pane-header').hover();
    await workbench.picture('held/paused-260');
    await workbench.widenSideBar(width);
  });

  it('the table says so, with buttons that go on; in every theme as axe wants it', async () => {
    const table = await openTable(workbench);
    await sizePanel(workbench, 320);
    const banner = table.locator('.sending');
    await banner.getByText(/^Sending paused at .* by VS Code\. Held: 3\.$/).waitFor();
    for (const theme of checkedThemes) {
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      await until(async () => (await axeViolations(table)).length === 0, 20_000).catch(async () =>
        assert.deepEqual(await axeViolations(table), []),
      );
      await workbench.view(eventsView).locator('.pane-header').hover();
      await workbench.picture(`held/table-${theme}`);
    }
    await banner.getByRole('button', { name: 'Send Next' }).click();
    await receiver.received(1);
    assert.deepEqual(taken(), ['ann@example.com']);
    await banner.getByText(/Held: 2\./).waitFor();
    // By keyboard in the table, as in the tree.
    await deliver('dea', 'held: sending is paused');
    await table.locator('.rows .row:not([hidden])').filter({ hasText: 'dea@example.com' }).first().click();
    await table.getByRole('grid').focus();
    await key('Control+Enter');
    await receiver.received(2);
    assert.deepEqual(taken(1), ['dea@example.com']);
    await row('dea@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await key('Control+j');
  });

  it('rows are released from their menu and by a key, and one is discarded', async () => {
    const before = receiver.requests.length;
    await workbench.chooseFromContextMenu(row('cai@example.com'), 'Release');
    await receiver.received(before + 1);
    for (const name of ['eva', 'fay', 'gil']) await deliver(name, 'held: sending is paused');
    await row('eva@example.com').click();
    await row('fay@example.com').click({ modifiers: ['ControlOrMeta'] });
    await workbench.chooseFromContextMenu(row('fay@example.com'), 'Release');
    await receiver.received(before + 3);
    // In the order in which they came, whatever was selected first.
    assert.deepEqual(taken(before), ['cai@example.com', 'eva@example.com', 'fay@example.com']);
    await deliver('gia', 'held: sending is paused');
    await row('gia@example.com').click();
    // A key that comes before VS Code has told the extension what is selected acts on what was: then once more.
    await untilDone(async () => {
      await key('Control+Enter');
      await until(() => receiver.requests.length === before + 4, 5000);
    });
    assert.equal(taken().at(-1), 'gia@example.com');
    await workbench.chooseFromContextMenu(row('gil@example.com'), 'Discard');
    await row('gil@example.com').filter({ hasText: 'discarded' }).waitFor();
    await workbench.page
      .locator('.statusbar')
      .getByText(/^Discarded .*gil@example\.com/)
      .waitFor();
    // Only what the first of all has left is held.
    await untilStatusBar(workbench, 'Held: 1.');
    await row('bea@example.com').click();
    await key('F10');
    await receiver.received(before + 5);
    assert.equal(taken().at(-1), 'bea@example.com');
  });

  it('is edited and released; a body that cannot be sent leaves the original held, and says where', async () => {
    const before = receiver.requests.length;
    await deliver('hal', 'held: sending is paused');
    const tab = workbench.page.locator('.tab.active').filter({ hasText: '.held.campaign-monitor.json' });
    await workbench.chooseUntil(row('hal@example.com'), 'Edit and Resend', tab);
    const editor = workbench.page.locator('.editor-group-container.active .monaco-editor').first();
    const write = async (text: string, holds: string): Promise<void> => {
      await workbench.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
      // Away from the tab, whose tooltip would lie above the text.
      await workbench.page.mouse.move(900, 600);
      await editor.click({ position: { x: 200, y: 40 } });
      await key('Control+a');
      await key('Control+v');
      // A browser pastes a moment later.
      await editor.locator('.view-line').filter({ hasText: holds }).first().waitFor();
    };
    await editor.getByText('Release', { exact: false }).first().waitFor();
    await workbench.picture('held/edit-and-release');
    await write('{"Events": [7]}', '[7]');
    await key('Control+Enter');
    await workbench.showNotification('The original is still held');
    await workbench.notification('The original is still held').getByText('Events[0]').waitFor();
    await workbench.picture('held/refused');
    assert.equal((await status()).counts.held, 1);
    await workbench.runCommand('Notifications: Clear All Notifications');
    await write(sampleBody({ email: 'hal-edited@example.com' }), 'hal-edited@example.com');
    await key('Control+Enter');
    await receiver.received(before + 1);
    assert.deepEqual(taken(before), ['hal-edited@example.com']);
    await workbench.page.locator('.statusbar').getByText('replacing').waitFor();
    await row('hal@example.com').filter({ hasText: 'discarded' }).waitFor();
    // Nothing of it is to be saved.
    await tab.waitFor({ state: 'detached' });
    assert.equal(await workbench.dialog.count(), 0);
    // What is not held any more is not released, and can be sent as another event.
    await deliver('ham', 'held: sending is paused');
    await workbench.chooseUntil(row('ham@example.com'), 'Edit and Resend', tab);
    await workbench.chooseFromContextMenu(row('ham@example.com'), 'Release');
    await receiver.received(before + 2);
    await write(sampleBody({ email: 'ham-edited@example.com' }), 'ham-edited@example.com');
    await key('Control+Enter');
    await workbench.answerNotification('Not released:', 'Send as New Event');
    await row('ham-edited@example.com').filter({ hasText: 'held: sending is paused' }).waitFor();
    await tab.waitFor({ state: 'detached' });
  });

  it('the event editor says who holds it, and releases it', async () => {
    const before = receiver.requests.length;
    await row('ham-edited@example.com').filter({ hasText: 'held' }).click();
    await frame().locator('#do-release').waitFor();
    await frame()
      .getByText(/held: sending paused at .* by VS Code/)
      .first()
      .waitFor();
    assert.equal(await frame().locator('#do-manageSecrets').count(), 0);
    assert.deepEqual(await axeViolations(await webviewDocument(workbench)), []);
    await workbench.picture('held/editor');
    await frame().locator('#do-release').click();
    await receiver.received(before + 1);
    await frame().locator('.heading .pill.sent').waitFor();
    await deliver('ian', 'held: sending is paused');
    await row('ian@example.com').click();
    await frame()
      .getByRole('heading', { level: 1, name: /ian@example\.com/ })
      .waitFor();
    await frame().locator('#more').click();
    await frame().getByRole('menuitem', { name: 'Discard' }).click();
    await frame().locator('.heading .pill.discarded').waitFor();
    await workbench.runCommand('View: Close Editor');
  });

  it('goes on from the status bar’s menu, and all that was held is sent in order', async () => {
    const before = receiver.requests.length;
    for (const name of ['jan', 'kay']) await deliver(name, 'held: sending is paused');
    await clickUntil(workbench.statusBarItem(statusItem), workbench.page.locator('.quick-input-list .monaco-list-row'));
    const items = await workbench.quickPickItems();
    assert.match(items[0] ?? '', /Continue Sending.*2 held/);
    await workbench.picture('held/menu');
    await key('Escape');
    await menuOfStatus('Continue Sending');
    await receiver.received(before + 2);
    assert.deepEqual(taken(before), ['jan@example.com', 'kay@example.com']);
    await until(async () => !/paused/.test(await untilStatusBar(workbench, 'reachable from this machine only')));
    await workbench
      .view(eventsView)
      .getByText(/^Sending paused at/)
      .waitFor({ state: 'detached' });
    await deliver('lea', 'sent 200');
  });

  it('says once that it stopped at a breakpoint of somebody else, and leads to the event', async () => {
    await workbench.runCommand('Notifications: Clear All Notifications');
    await ask('debug/breakpoints', {
      owner: 'terminal',
      add: [{ at: 'event', condition: 'type:subscribe' }],
    });
    await deliver('mia', 'held at breakpoint b1');
    await workbench.showNotification('Sending stopped at breakpoint b1');
    await workbench.picture('held/stopped');
    assert.match(await untilStatusBar(workbench, 'by breakpoint b1'), /Held: 1\./);
    await deliver('noa', 'held: sending is paused');
    await workbench
      .view(eventsView)
      .getByText(/by breakpoint b1\. Held: 2\.$/)
      .waitFor();
    await workbench.answerNotification('Sending stopped at breakpoint b1', 'Show Event');
    await frame()
      .getByRole('heading', { level: 1, name: /mia@example\.com/ })
      .waitFor();
    await frame()
      .getByText(/held at breakpoint b1 since/)
      .first()
      .waitFor();
    await workbench.picture('held/breakpoint');
    await ask('debug/breakpoints', { owner: 'terminal', remove: 'all' });
    await workbench.runCommand('View: Close Editor');
  });

  it('a restart keeps what is held without a question, and says so once the relay runs', async () => {
    const { pid } = await status();
    await workbench.runCommand('Notifications: Clear All Notifications');
    await workbench.runCommand(`${category}: Restart Relay`);
    await until(async () => {
      const found = await statusIfRunning(dataDir());
      return found !== undefined && found.pid !== pid;
    });
    await workbench.showNotification('Sending paused at');
    await workbench.answerNotification('Sending paused at', 'Show Held Events');
    await workbench.view(eventsView).getByText('Filter: state:held').waitFor();
    assert.equal((await status()).counts.held, 2);
    await workbench.runCommand(`${category}: Clear Filter`);
  });

  it('a stop asks: left, kept and said so, released, dropped', async () => {
    const stop = async (answer: string): Promise<void> => {
      await untilDone(async () => {
        await workbench.runCommand(`${category}: Stop Relay`);
        await workbench.dialog.getByText('Stop the relay? ').waitFor({ timeout: 10_000 });
      });
      await workbench.answerDialog(answer);
    };
    const before = receiver.requests.length;
    await untilDone(async () => {
      await workbench.runCommand(`${category}: Stop Relay`);
      await workbench.dialog.getByText('Stop the relay? 2 notifications are held.').waitFor({ timeout: 10_000 });
    });
    await workbench.picture('held/stop');
    await workbench.answerDialog('Cancel');
    assert.equal((await status()).counts.held, 2);
    await stop('Keep Held');
    await untilStatusBar(workbench, 'stopped');
    const view = workbench.view(eventsView);
    await view.getByText('Sending is paused and stays paused when the relay starts. Held: 2.').waitFor();
    await row('noa@example.com').filter({ hasText: 'held: sending is paused' }).waitFor();
    await workbench.picture('held/stopped-relay');
    await startRelay(workbench);
    await untilStatusBar(workbench, 'Held: 2.');
    assert.equal(receiver.requests.length, before);
    await stop('Release');
    await receiver.received(before + 2);
    assert.deepEqual(taken(before), ['mia@example.com', 'noa@example.com']);
    await untilStatusBar(workbench, 'stopped');
    await startRelay(workbench);
    assert.equal((await status()).sending.state, 'flowing');
    url = (await status()).campaignMonitorUrl;
    await workbench.runCommand(`${category}: Pause Sending`);
    await untilStatusBar(workbench, 'Sending paused at');
    await deliver('ola', 'held: sending is paused');
    await stop('Discard');
    await untilStatusBar(workbench, 'stopped');
    await row('ola@example.com').filter({ hasText: 'discarded' }).waitFor();
    await startRelay(workbench);
    assert.equal((await status()).sending.state, 'flowing');
    assert.equal(receiver.requests.length, before + 2);
    // Where nothing is held, nothing is asked.
    await workbench.runCommand(`${category}: Stop Relay`);
    await untilStatusBar(workbench, 'stopped');
  });

  it('deliveries are answered on purpose by status, delay and how many, which is said everywhere, and ended by the first item', async () => {
    await startRelay(workbench);
    url = (await status()).campaignMonitorUrl;
    await ask('events/clear', {});
    const before = receiver.requests.length;
    const command = `${category}: Answer Deliveries With…`;
    await workbench.runCommand(command);
    const offered = await workbench.quickPickItems();
    assert.ok(!offered.some((item) => item.startsWith('As Usual')));
    assert.equal(offered.filter((item) => item.includes('the sender doesn’t post again')).length, 1);
    await workbench.quickInput.fill('507');
    await workbench.pick('507 Insufficient Storage');
    await workbench.pick('At once');
    await workbench.quickInputWidget.getByText('For the next delivery').waitFor();
    await workbench.quickInput.fill('7');
    await workbench.pick('For the next 7 deliveries');
    const told =
      /Deliveries are answered with 507 until (\w+ \d+ )?[\d:]+ and not forwarded \(set by VS Code\)\. Left: 7\./;
    assert.match(await untilStatusBar(workbench, 'answered with 507'), told);
    assert.equal(await workbench.statusBarText(statusItem), 'CM Relay answers 507');
    // Where nothing has come in yet, too.
    await workbench.view(eventsView).getByText('Deliveries are answered with a status that you chose').waitFor();

    assert.equal((await send(url, { body: sampleBody({ email: 'ann@example.com' }) })).status, 507);
    await workbench.treeRow(eventsView, 'ann@example.com').filter({ hasText: 'answered 507 on purpose' }).waitFor();
    await workbench
      .view(eventsView)
      .getByText(/^Deliveries are answered with 507 .* Left: 6\.$/)
      .waitFor();
    const table = await openTable(workbench);
    await sizePanel(workbench, 320);
    await table
      .locator('.sending')
      .getByText(/^Deliveries are answered with 507 .* Left: 6\.$/)
      .waitFor();
    assert.deepEqual(await axeViolations(table), []);
    await workbench.page.mouse.move(900, 300);
    await workbench.picture('answering/on-purpose');

    await table.locator('.sending').getByRole('button', { name: 'Answer Deliveries With…' }).click();
    const [first] = await workbench.quickPickItems();
    assert.match(first ?? '', /^As Usual/);
    await workbench.pick('As Usual');
    // Where nothing else comes, the heading goes all the same.
    await workbench.view(eventsView).getByText('Deliveries are answered').waitFor({ state: 'detached' });
    await untilStatusBar(workbench, 'reachable from this machine only');
    await until(async () => (await status()).answering.state === 'as-usual');
    assert.equal((await send(url, { body: sampleBody({ email: 'bea@example.com' }) })).status, 200);
    await receiver.received(before + 1);
    assert.equal(await table.locator('.sending:visible').count(), 0);
  });
});
