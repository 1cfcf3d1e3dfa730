import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { startReceiver } from '../relay/receiver.ts';
import type { Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { category, changeSettings, dataDirs, eventsView, statusOf, stopRelays, untilStatusBar } from './relay.ts';
import { openTable, sizePanel, tableDocument } from './table.ts';
import { axeViolations } from './webview.ts';
import { checkedThemes, openWorkbench, themes, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/** In the page: whether an element's text is longer than its place. */
function isCut(element: unknown): boolean {
  const { clientWidth, scrollWidth } = element as { readonly clientWidth: number; readonly scrollWidth: number };
  return scrollWidth > clientWidth;
}

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
  const headers = (): Promise<string[]> =>
    table.evaluate<string[]>(
      `[...document.querySelectorAll('[role=columnheader]')].map((each) => each.dataset.column)`,
    );
  const key = (name: string) => workbench.page.keyboard.press(name);
  /** Types a filter that is to be all. */
  const filterBy = async (filter: string): Promise<void> => {
    await table.getByRole('combobox').fill(filter);
    await key('Enter');
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

  it('is gone through by keyboard: rows, Enter opens, and the order by a header', async () => {
    await row('bea@example.com').click();
    await workbench.page.locator('.tab.active').filter({ hasText: /e2\b/ }).waitFor();
    await grid().focus();
    await key('Home');
    await untilActive('Test call');
    await key('ArrowDown');
    await key('ArrowDown');
    await untilActive('bea@example.com');
    await key('End');
    await untilActive('ann@example.com');
    assert.equal(await row('ann@example.com').getAttribute('aria-selected'), 'true');
    await key('Enter');
    await workbench.page.locator('.tab.active').filter({ hasText: /e1\b/ }).waitFor();
    await grid().focus();
    await key('Home');
    await key('ArrowUp');
    const time = table.getByRole('columnheader', { name: 'Time' });
    await table.locator('[data-column="time"]:focus').waitFor();
    await key('Enter');
    await untilCells('type', ['Subscribe', 'Update', 'Rejected', 'Test call']);
    assert.equal(await time.getAttribute('aria-sort'), 'ascending');
    await table.getByRole('columnheader', { name: 'Answer' }).click();
    await untilCells('status', ['404', '200', '', '']);
    assert.equal(await time.getAttribute('aria-sort'), 'none');
    await time.click();
    await untilCells('type', ['Test call', 'Rejected', 'Update', 'Subscribe']);
  });

  it('has columns by choice and of any width, by pointer and keyboard, kept while it is hidden', async () => {
    // There is one list and one destination: nothing is said by them.
    assert.deepEqual(
      (await headers()).filter((each) => each === 'list' || each === 'destination'),
      [],
    );
    await table.getByRole('columnheader', { name: 'State' }).click({ button: 'right' });
    const menu = table.getByRole('menu', { name: 'Columns' });
    await menu.waitFor();
    await workbench.picture('table/columns');
    await menu.getByRole('menuitemcheckbox', { name: 'List' }).click();
    await menu.getByRole('menuitemcheckbox', { name: 'State' }).click();
    await key('Escape');
    await menu.waitFor({ state: 'detached' });
    await until(async () => (await headers()).includes('list') && !(await headers()).includes('state'));
    const choose = table.getByRole('button', { name: 'Columns' });
    await choose.press('Enter');
    await menu.locator(':focus').filter({ hasText: 'Time' }).waitFor();
    for (let step = 0; step < 7; step++) await key('ArrowDown');
    await menu.locator(':focus').filter({ hasText: 'Attempts' }).waitFor();
    await key('Enter');
    await key('Escape');
    await table.locator('#choose:focus').waitFor();
    const type = table.getByRole('columnheader', { name: 'Type' });
    const widthOf = async (): Promise<number> => Math.round((await type.boundingBox())?.width ?? 0);
    const before = await widthOf();
    await type.focus();
    await key('Alt+ArrowRight');
    await key('Alt+ArrowRight');
    await until(async () => (await widthOf()) === before + 32);
    const box = (await type.boundingBox())!;
    await workbench.page.mouse.move(box.x + box.width - 2, box.y + 8);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(box.x + box.width + 38, box.y + 8, { steps: 4 });
    await workbench.page.mouse.up();
    await until(async () => (await widthOf()) === before + 72);
    const shown = await headers();
    assert.equal(shown.includes('attempts'), true);
    // Hidden, the page is gone.
    await key('Control+j');
    await workbench.page.locator('.part.panel').waitFor({ state: 'hidden' });
    table = await openTable(workbench);
    await row('ann@example.com').waitFor();
    assert.deepEqual(await headers(), shown);
    assert.equal(
      Math.round((await table.getByRole('columnheader', { name: 'Type' }).boundingBox())!.width),
      before + 72,
    );
    await table.getByRole('button', { name: 'Columns' }).click();
    await table.getByRole('menuitem', { name: 'Reset Columns' }).click();
    await key('Escape');
    await until(async () => (await headers()).includes('state') && !(await headers()).includes('list'));
  });

  it('filters while one types, completes what is half typed, and says what is wrong with what is meant', async () => {
    const box = table.getByRole('combobox', { name: 'Filter' });
    await grid().focus();
    await key('Control+f');
    await table.locator('.filter input:focus').waitFor();
    await workbench.page.keyboard.type('state:fa');
    await table.getByRole('option').filter({ hasText: 'state:failed' }).first().waitFor();
    assert.equal(await box.getAttribute('aria-invalid'), 'false');
    await workbench.picture('table/filter-half-typed');
    // Enter takes how it goes on.
    await key('Enter');
    await untilCells('address', ['bea@example.com']);
    await table.locator('.count', { hasText: '1 of 4' }).waitFor();
    await box.fill('ann@');
    await untilCells('address', ['ann@example.com']);
    await key('Escape');
    await key('Escape');
    await untilCells('address', ['bea@example.com']);
    await key('Control+f');
    await box.fill('state:broken');
    await table.getByRole('option').filter({ hasText: 'state:waiting' }).first().waitFor();
    await key('Enter');
    await table.getByText('expected one of failed, waiting').waitFor();
    assert.equal(await box.getAttribute('aria-invalid'), 'true');
    await workbench.picture('table/filter-error');
    await box.fill('');
    await key('ArrowDown');
    await table.getByRole('option', { selected: true }).filter({ hasText: 'state:failed' }).waitFor();
    await workbench.picture('table/filter-offered');
    await key('Enter');
    await untilCells('address', ['bea@example.com']);
    assert.deepEqual(await cells('type'), ['Update']);
    await workbench.view(eventsView).getByText('Filter: state:failed').first().waitFor();
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
    await untilDone(
      async () => {
        await row('ann@example.com').click({ timeout: 5000 });
        await key('Shift+F10');
        await workbench.page.locator('.monaco-menu').getByText('Copy As…').hover({ timeout: 5000 });
      },
      () => key('Escape'),
    );
    await workbench.picture('table/menu');
    await key('Enter');
    const copied = await workbench.copied(() => workbench.pick('Address'));
    assert.equal(copied, 'ann@example.com');
    await row('bea@example.com').click();
    await row('dan@example.com').click({ modifiers: ['ControlOrMeta'] });
    await until(async () => (await table.locator('[aria-selected="true"]:visible').count()) === 2);
    await grid().focus();
    const curl = await workbench.copied(() => key('Control+c'));
    assert.equal(curl.match(/^curl /gm)?.length, 2);
  });

  it('acts by a key on what is seen, and on none of what was filtered away', async () => {
    await row('bea@example.com').click();
    await row('dan@example.com').click({ modifiers: ['ControlOrMeta'] });
    await table.locator('.count', { hasText: '2 selected' }).waitFor();
    const before = receiver.requests.length;
    await filterBy('address:dan');
    await untilCells('address', ['dan@example.com']);
    await table.locator('.count', { hasText: '2 selected' }).waitFor({ state: 'detached' });
    await grid().focus();
    await key('Control+r');
    await until(() => receiver.requests.length > before);
    await filterBy('');
    await untilCells('address', ['dan@example.com', 'cai@example.com']);
    // What was sent again is known by its answer: nothing else is on its way.
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).counts.waiting === 0);
    assert.deepEqual(
      receiver.requests.slice(before).map(({ text }) => /\w+@example\.com/.exec(text)?.[0]),
      ['dan@example.com'],
    );
  });

  it('acts by a key on the active row alone where that is none of the selected ones', async () => {
    await row('bea@example.com').click();
    for (let click = 0; click < 2; click++) await row('dan@example.com').click({ modifiers: ['ControlOrMeta'] });
    await untilActive('dan@example.com');
    await until(async () => (await table.locator('[aria-selected="true"]:visible').count()) === 1);
    await grid().focus();
    const curl = await workbench.copied(() => key('Control+c'));
    assert.match(curl, /dan@example\.com/);
    assert.doesNotMatch(curl, /bea@example\.com/);
  });

  it('follows the selection of the tree', async () => {
    await workbench.treeRow(eventsView, 'cai@example.com').click();
    await table.locator('[aria-selected="true"]').filter({ hasText: 'cai@example.com' }).waitFor();
  });

  it('shows what a stopped relay received, to be read alone, and starts it', async () => {
    await workbench.runCommand(`${category}: Stop Relay`);
    await table.getByText('relay not running').waitFor();
    await row('cai@example.com').waitFor();
    assert.ok(await table.getByRole('button', { name: 'Freeze List' }).isDisabled());
    await table.getByRole('combobox').fill('address:bea');
    await key('Enter');
    await untilCells('address', ['bea@example.com']);
    await table.getByText('1 of 6 · relay not running', { exact: true }).waitFor();
    await workbench.picture('table/read-only');
    await table.getByRole('combobox').fill('');
    await key('Enter');
    await row('cai@example.com').waitFor();
    await table.getByRole('button', { name: 'Start Relay' }).click();
    await untilStatusBar(workbench, 'reachable from this machine only');
    await table.getByText('relay not running').waitFor({ state: 'detached' });
    url = (await statusOf(dataDirs(workbench)[0]!)).campaignMonitorUrl;
  });

  it('scrolls through thousands of events with few rows in the document', async () => {
    for (let seed = 1; seed <= 4; seed++) await post(sampleBody({ events: 1000, seed }));
    await table.getByText('4,006 events', { exact: true }).waitFor();
    await grid().focus();
    await key('End');
    await untilActive('ann@example.com');
    assert.equal(await row('ann@example.com').getAttribute('aria-rowindex'), '4007');
    assert.ok((await table.locator('[role="row"]').count()) <= 300);
    // What comes meanwhile moves nothing that is in sight.
    const before = await cells('address');
    await post(sampleBody({ email: 'eve@example.com' }));
    await table.getByRole('button', { name: '1 new' }).waitFor();
    assert.deepEqual(await cells('address'), before);
    await table.getByRole('button', { name: '1 new' }).click();
    await untilCells('address', ['eve@example.com']);
  });

  it('selects more than is loaded, says how many, asks, and sends them all again', async () => {
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).counts.waiting === 0);
    await grid().focus();
    await key('Home');
    await untilActive('eve@example.com');
    await key('Shift+End');
    await table.locator('.count', { hasText: '4,007 selected' }).waitFor();
    const before = receiver.requests.length;
    await key('Control+r');
    // A test call and a rejected delivery have no notification.
    await workbench.dialog.getByText('Resend 4,005 events?').waitFor();
    await workbench.picture('table/resend-many');
    await workbench.answerDialog('Cancel');
    await workbench.dialog.waitFor({ state: 'detached' });
    assert.equal(receiver.requests.length, before);
    // One less, which makes two stretches.
    await row('ann@example.com').click({ modifiers: ['ControlOrMeta'] });
    await table.locator('.count', { hasText: '4,006 selected' }).waitFor();
    await grid().focus();
    // The row that was taken away has the focus: of the others the menu knows.
    await workbench.chooseFromContextMenu(row('bea@example.com'), 'Resend');
    await workbench.dialog.getByText('Resend 4,004 events?').waitFor();
    await workbench.answerDialog('Resend');
    // 200 notifications of 20 events, and four of one.
    await receiver.received(before + 204, 120_000);
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).counts.waiting === 0, 60_000);
    assert.equal(receiver.requests.length, before + 204);
  });

  it('cuts no number and no arrow of the order at 1,280 pixels', async () => {
    await grid().focus();
    await key('Home');
    receiver.answer({ status: 200, delayMs: 1100 });
    await post(sampleBody({ email: 'fay@example.com' }));
    await row('fay@example.com').filter({ hasText: 'Sent' }).waitFor();
    receiver.answer({ status: 200 });
    for (const name of ['ms', 'Answer', 'Time']) {
      const header = table.getByRole('columnheader', { name, exact: true });
      await header.click();
      await until(async () => (await header.getAttribute('aria-sort')) !== 'none');
      const arrow = (await header.locator('.order').boundingBox())!;
      const box = (await header.boundingBox())!;
      assert.ok(arrow.width > 4 && arrow.x + arrow.width <= box.x + box.width, `${name}: the arrow is cut`);
    }
    await row('fay@example.com').waitFor();
    const cut = await table.evaluate<string[]>(
      `[...document.querySelectorAll('.rows .row:not([hidden]) :is(.numbers, [data-column=time])')]
        .filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)`,
    );
    assert.deepEqual(cut, []);
    assert.match((await row('fay@example.com').locator('[data-column="duration"]').innerText()).trim(), /^1,1\d\d$/);
    await workbench.picture('table/wide');
  });

  it('cuts no type beside a wide side bar', async () => {
    await post(sampleBody({ type: 'Deactivate', email: 'gus@example.com' }));
    await row('gus@example.com').waitFor();
    const width = Math.round((await workbench.sideBar.boundingBox())?.width ?? 0);
    await workbench.widenSideBar(500);
    const type = row('gus@example.com').locator('[data-column="type"]');
    assert.equal(await type.evaluate(isCut), false);
    await workbench.widenSideBar(width);
  });

  it('selects rows with Shift, and no text of them', async () => {
    await row('gus@example.com').click();
    await row('fay@example.com').click({ modifiers: ['Shift'] });
    await table.locator('.count', { hasText: 'selected' }).waitFor();
    assert.equal(await table.evaluate<string>('getSelection().toString()'), '');
    // Keys act on them at once.
    await table.locator('.grid:focus').waitFor();
  });

  it('is in the colours of every theme, axe finds nothing, and at 200 % all of it is there', async () => {
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
    await row('eve@example.com').waitFor();
    await workbench.picture('table/zoomed');
    await workbench.page.setViewportSize(size);
  });
});
