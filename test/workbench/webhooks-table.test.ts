import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { category, changeSettings, dataDirs, eventsView, statusOf, stopRelays, untilStatusBar } from './relay.ts';
import { openTable, sizePanel, tableDocument } from './table.ts';
import { axeViolations } from './webview.ts';
import { checkedThemes, openWorkbench, themes, type Workbench } from './workbench.ts';

describe('The table of webhooks, as a person uses it', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let table: Frame;
  let url: string;

  const post = async (body: string): Promise<void> => {
    await send(url, { body, headers: { 'Content-Type': 'application/json' } });
  };
  const row = (text: string) => table.locator('.rows .row:not([hidden])').filter({ hasText: text }).first();
  const grid = () => table.getByRole('grid');
  /** The cells of a column, from the top, of the rows in sight. */
  const cells = async (column: string): Promise<string[]> =>
    table.evaluate<string[]>(`[...document.querySelectorAll('.rows .row:not([hidden])')]
      .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
      .map((row) => row.querySelector('[data-column="${column}"]').textContent.trim())`);
  const untilCells = (column: string, begin: readonly string[]) =>
    until(async () => (await cells(column)).slice(0, begin.length).join() === begin.join());
  /** Waits until the active row, which a screen reader is told of, has this text. */
  const untilActive = (text: string) =>
    until(() =>
      table.evaluate<boolean>(
        `(document.getElementById(document.querySelector('[role=grid]').getAttribute('aria-activedescendant'))?.innerText ?? '').includes('${text}')`,
      ),
    );
  const key = (name: string) => workbench.page.keyboard.press(name);
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
    table = await openTable(workbench);
    await sizePanel(workbench, 340);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('says that the relay is stopped, and starts it', async () => {
    await table.getByText('The relay isn’t running.').waitFor();
    await workbench.picture('table/stopped');
    await table.getByRole('button', { name: 'Start Relay' }).click();
    await untilStatusBar(workbench, 'reachable from this machine only');
    await table.getByText('No events yet.').waitFor();
    await workbench.picture('table/empty');
    url = (await statusOf(dataDirs(workbench)[0]!)).campaignMonitorUrl;
  });

  it('shows each event with its state in word and shape, its answer, and its waterfall in words', async () => {
    await post(sampleBody({ email: 'ann@example.com' }));
    await row('ann@example.com').filter({ hasText: 'Sent' }).waitFor();
    receiver.answer({ status: 404 });
    await post(sampleBody({ type: 'Update', email: 'bea@example.com' }));
    await row('bea@example.com').filter({ hasText: 'Failed' }).waitFor();
    receiver.answer({ status: 200 });
    await post('not JSON');
    await post('{}');
    await untilCells('type', ['Test call', 'Rejected', 'Update', 'Subscribe']);
    assert.deepEqual(await cells('status'), ['', '', '404', '200']);
    assert.deepEqual(await cells('state'), ['Test call', 'Rejected', 'Failed', 'Sent']);
    const waterfall = row('bea@example.com').getByRole('img');
    assert.match(
      (await waterfall.getAttribute('aria-label')) ?? '',
      /^relay answered 200, attempt 1: 404 in [\d.]+ m?s \(started after .*\)$/,
    );
    assert.equal(await waterfall.locator('.failed').count(), 1);
    assert.equal(await grid().getAttribute('aria-rowcount'), '5');
    assert.equal(await row('ann@example.com').getAttribute('aria-rowindex'), '5');
    await table.getByText('4 events', { exact: true }).waitFor();
    await workbench.picture('table/rows');
  });

  it('is gone through by keyboard, and opens an event by a click and by Enter', async () => {
    await row('bea@example.com').click();
    await workbench.page.locator('.tab.active').filter({ hasText: /e2\b/ }).waitFor();
    await grid().focus();
    await key('End');
    await untilActive('ann@example.com');
    assert.equal(await row('ann@example.com').getAttribute('aria-selected'), 'true');
    await key('Enter');
    await workbench.page.locator('.tab.active').filter({ hasText: /e1\b/ }).waitFor();
    await table.getByRole('columnheader', { name: 'Answer' }).click();
    await untilCells('status', ['404', '200', '', '']);
    await table.getByRole('columnheader', { name: 'Time' }).click();
    await untilCells('type', ['Test call', 'Rejected', 'Update', 'Subscribe']);
  });

  it('has one filter with the tree: set by what it completes, and cleared where nothing matches', async () => {
    await grid().focus();
    await key('Control+f');
    await table.locator('.filter input:focus').waitFor();
    await workbench.page.keyboard.type('state:fa');
    await table.getByRole('option').filter({ hasText: 'state:failed' }).first().waitFor();
    await workbench.picture('table/filter-half-typed');
    // Enter takes how it goes on.
    await key('Enter');
    await untilCells('address', ['bea@example.com']);
    await table.locator('.count', { hasText: '1 of 4' }).waitFor();
    await workbench.view(eventsView).getByText('Filter: state:failed').first().waitFor();
    const box = table.getByRole('combobox', { name: 'Filter' });
    await box.fill('state:broken');
    await key('Enter');
    await table.getByText('expected one of failed, waiting').waitFor();
    await workbench.picture('table/filter-error');
    await box.fill('nobody@example.com');
    await key('Enter');
    await table.getByText('No event matches the filter.').waitFor();
    await workbench.picture('table/no-match');
    await table.getByRole('button', { name: 'Show All Events' }).click();
    await row('ann@example.com').waitFor();
    await workbench.treeRow(eventsView, 'ann@example.com').waitFor();
  });

  it('stands still while it is frozen, says so, counts what is new, and goes on', async () => {
    const freeze = table.getByRole('button', { name: 'Freeze List', exact: true });
    await freeze.click();
    await table.getByRole('button', { name: 'Unfreeze List' }).waitFor();
    await table.locator('.frozen').getByText('The list is frozen, so new events don’t appear.').waitFor();
    await post(sampleBody({ email: 'cai@example.com' }));
    await post(sampleBody({ email: 'dan@example.com' }));
    const news = table.getByRole('button', { name: '2 new' });
    await news.waitFor();
    await untilCells('type', ['Test call', 'Rejected', 'Update', 'Subscribe']);
    // It is the tree's, too.
    await workbench.treeRow(eventsView, 'List is frozen: 2 new').waitFor();
    await workbench.picture('table/frozen');
    await news.click();
    await untilCells('address', ['dan@example.com', 'cai@example.com']);
    await freeze.waitFor();
    await news.waitFor({ state: 'hidden' });
    await workbench.treeRow(eventsView, 'List is frozen').waitFor({ state: 'detached' });
  });

  it('does with a row what its menu says, by pointer and keyboard', async () => {
    const before = receiver.requests.length;
    await workbench.chooseFromContextMenu(row('ann@example.com'), 'Resend');
    await until(() => receiver.requests.length === before + 1);
    await row('bea@example.com').click();
    await row('dan@example.com').click({ modifiers: ['ControlOrMeta'] });
    await until(async () => (await table.locator('[aria-selected="true"]:visible').count()) === 2);
    await grid().focus();
    const curl = await workbench.copied(() => key('Control+c'));
    assert.equal(curl.match(/^curl /gm)?.length, 2);
  });

  it('follows the selection of the tree', async () => {
    await workbench.treeRow(eventsView, 'cai@example.com').click();
    await table.locator('[aria-selected="true"]').filter({ hasText: 'cai@example.com' }).waitFor();
  });

  it('is in the colors of every theme, axe finds nothing, and at 200 % all of it is there', async () => {
    for (const theme of checkedThemes) {
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      const kind = { dark: 'dark', light: 'light', highContrast: 'high-contrast', highContrastLight: 'high-contrast' };
      await until(async () =>
        table.evaluate<boolean>(`document.body.className.split(' ').includes('vscode-${kind[theme]}')`),
      );
      await workbench.picture(`table/${theme}`);
      assert.deepEqual(await axeViolations(table), []);
    }
    const size = workbench.page.viewportSize()!;
    await workbench.page.setViewportSize({ width: 640, height: 520 });
    table = await tableDocument(workbench);
    await row('ann@example.com').waitFor();
    await workbench.picture('table/zoomed');
    await workbench.page.setViewportSize(size);
  });
});
