import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import type { Receiver } from '../relay/receiver.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { tableDocument } from './table.ts';
import { clickAway, openWorkbench, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

describe('Several events at once, as a person acts on them', function () {
  this.timeout(120_000);
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;
  const status = async () => statusOf(dataDirs(workbench)[0]!);
  const badge = () => workbench.page.locator(`.activitybar .action-item:has([aria-label^="${category}"]) .badge`);
  const row = (text: string) => workbench.treeRow(eventsView, text);

  const choose = (text: string, entry: string) => workbench.chooseFromContextMenu(row(text), entry);

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 0.2,
      },
    });
    await workbench.openViewContainer(category);
    await startRelay(workbench);
    url = (await status()).campaignMonitorUrl;
  });
  beforeEach(async () => {
    receiver.answer({ status: 200 });
    await workbench.runCommand('Notifications: Clear All Notifications');
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('a selection is resent, every event of it once', async () => {
    for (const name of ['ann', 'bea', 'cai']) await send(url, { body: sampleBody({ email: `${name}@example.com` }) });
    for (const name of ['ann', 'bea', 'cai'])
      await row(`${name}@example.com`).filter({ hasText: 'sent 200' }).waitFor();
    const before = receiver.requests.length;
    await row('cai@example.com').click();
    await row('bea@example.com').click({ modifiers: ['ControlOrMeta'] });
    await choose('bea@example.com', 'Resend');
    await receiver.received(before + 2);
    const addresses = receiver.requests
      .slice(before)
      .map(({ body }) => /[a-z]+@example\.com/.exec(body.toString())?.[0]);
    assert.deepEqual(addresses.sort(), ['bea@example.com', 'cai@example.com']);
  });

  it('an event is resent whenever a file is saved, and the status bar shows the response until it is clicked', async () => {
    const { page } = workbench;
    const item = workbench.statusBarItem('campaignMonitorRelay.resendOnSave');
    receiver.answer({ status: 500 });
    writeFileSync(join(workbench.folder!, 'server.py'), '');
    await send(url, { body: sampleBody({ email: 'eve@example.com' }) });
    await row('eve@example.com').filter({ hasText: '500' }).waitFor();
    await row('eve@example.com').click();
    await choose('eve@example.com', 'Resend on Save');
    await item
      .filter({ hasText: /^ *e\d+: 500$/ })
      .and(page.locator('.error-kind'))
      .waitFor();
    await workbench.picture('actions/resend-on-save-failed');
    receiver.answer({ status: 200 });
    await page.keyboard.press('Control+p');
    await workbench.quickInput.fill('server.py');
    await clickAway(workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'server.py' }).first());
    await page.locator('.editor-group-container.active .monaco-editor').first().click();
    await page.keyboard.type('#');
    await page.keyboard.press('Control+s');
    await item
      .filter({ hasText: /^ *e\d+: 200$/ })
      .and(page.locator(':not(.error-kind)'))
      .waitFor();
    await workbench.picture('actions/resend-on-save-sent');
    await row('eve@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await item.click();
    await item.waitFor({ state: 'detached' });
    await workbench.runCommand('View: Close All Editors');
  });

  it('samples are chosen in one picker: 20 mixed, or any number that is typed', async () => {
    const offered = (text: string) => workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: text });
    const total = async (): Promise<number> => (await status()).counts.events;
    for (const [typed, label, count] of [
      ['', '20 mixed', 20],
      ['7', '7 × Update', 7],
      ['30', '30 events in one delivery', 30],
    ] as const) {
      const before = await total();
      await workbench.runCommandThatAsks(`${category}: Send Sample Events…`, 'One event of each type');
      if (typed === '') await workbench.picture('actions/samples-picker');
      else await workbench.quickInput.fill(typed);
      await clickAway(offered(label));
      await until(async () => ((await total()) === before + count ? true : undefined), 30_000);
    }
  });

  it('the palette finds resending, which asks what, and the table', async () => {
    await send(url, { body: sampleBody({ email: 'palette@example.com' }) });
    await row('palette@example.com').filter({ hasText: 'sent 200' }).waitFor();
    const before = receiver.requests.length;
    await workbench.runCommandThatAsks(`${category}: Resend`, 'palette@example.com');
    await workbench.picture('actions/resend');
    await clickAway(
      workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'palette@example.com' }).first(),
    );
    await receiver.received(before + 1);
    assert.match(receiver.requests.at(-1)?.body.toString() ?? '', /palette@example\.com/);
    // What was done is seen in the view: no message covers it.
    assert.equal(await workbench.notification('Resending').count(), 0);
    await workbench.runCommand(`${category}: Show Webhook Events`);
    await tableDocument(workbench);
  });

  it('all that failed are resent by the view’s own button, and the badge goes', async () => {
    receiver.answer({ status: 500 });
    await send(url, { body: sampleBody({ events: 60, seed: 5 }) });
    await until(async () => ((await status()).counts.failed >= 3 ? true : undefined), 30_000);
    await badge().waitFor();
    await workbench.picture('actions/failed');
    receiver.answer({ status: 200 });
    await workbench.runCommand(`${category}: Resend All Failed`);
    await until(async () => ((await status()).counts.failed === 0 ? true : undefined), 30_000);
    await badge().waitFor({ state: 'hidden' });
  });

  it('what waits is discarded when that is confirmed, and stays in the history', async () => {
    receiver.answer({ status: 500 });
    for (let seed = 0; seed < 4; seed++) await send(url, { body: sampleBody({ events: 1000, seed: 100 + seed }) });
    await until(async () => ((await status()).counts.failed >= 200 ? true : undefined), 90_000);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    receiver.answer(() => released.then(() => ({ status: 200 })));
    await workbench.runCommand(`${category}: Resend All Failed`);
    await workbench.dialog.getByText(/^Resend all \d+ failed notifications\?$/).waitFor();
    await workbench.answerDialog('Resend');
    await until(async () => ((await status()).counts.waiting >= 200 ? true : undefined), 60_000);
    const { discarded } = (await status()).counts;
    await workbench.runCommand(`${category}: Discard All Waiting and Held…`);
    await workbench.dialog.getByText('stay in the history').waitFor();
    await workbench.picture('actions/discard');
    await workbench.answerDialog('Discard');
    await until(async () => ((await status()).counts.discarded >= discarded + 190 ? true : undefined), 60_000);
    release();
    await until(async () => ((await status()).counts.waiting === 0 ? true : undefined), 60_000);
  });
});

describe('The built-in sample receiver', function () {
  this.timeout(120_000);

  it('is the destination where none is set, and answers what one chooses', async () => {
    const workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 0.2,
      },
    });
    const answer = async (label: string): Promise<void> => {
      await untilDone(async () => {
        await workbench.chooseUntil(
          workbench.treeRow('campaignMonitorRelay.destinations', 'Sample receiver'),
          'Choose the Sample Receiver’s Answer…',
          workbench.quickInputWidget.getByText('Sample Receiver’s Answer'),
        );
        await clickAway(workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: label }));
        // Chosen is not yet told: the extension says when it is, for a while.
        await workbench.page.locator('.statusbar').getByText(`now answers: ${label}`).waitFor({ timeout: 10_000 });
      });
    };
    try {
      await workbench.openViewContainer(category);
      await startRelay(workbench);
      const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
      await answer('500');
      await send(campaignMonitorUrl, { body: sampleBody({ email: 'fails@example.com' }) });
      await workbench.treeRow(eventsView, 'fails@example.com').filter({ hasText: '500' }).waitFor();
      await answer('200');
      await send(campaignMonitorUrl, { body: sampleBody({ email: 'works@example.com' }) });
      await workbench.treeRow(eventsView, 'works@example.com').filter({ hasText: 'sent 200' }).waitFor();
      await workbench.picture('actions/sample-receiver');
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
