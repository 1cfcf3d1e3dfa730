import assert from 'node:assert/strict';
import { startReceiver } from '../relay/receiver.ts';
import type { Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import {
  category,
  dataDirs,
  eventsView,
  startRelay,
  statusItem,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { openTable, sizePanel } from './table.ts';
import { axeViolations } from './webview.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

describe('Deliveries that are answered on purpose, as a person has it done', () => {
  let workbench: Workbench;
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startRelay(workbench);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('is asked for by status, delay and how many, said everywhere, and ended by the first item', async () => {
    const [dataDir = ''] = dataDirs(workbench);
    const { campaignMonitorUrl: url } = await statusOf(dataDir);
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
    const told = /Deliveries are answered with 507 until [\d:]+ and not forwarded \(set by VS Code\)\. Left: 7\./;
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
    await until(async () => (await statusOf(dataDir)).answering.state === 'as-usual');
    assert.equal((await send(url, { body: sampleBody({ email: 'bea@example.com' }) })).status, 200);
    await receiver.received(1);
    assert.equal(await table.locator('.sending:visible').count(), 0);
  });
});
