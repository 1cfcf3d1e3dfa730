/** The table's page in Chromium, with an extension that says what a test has it say. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { until } from '../../relay/until.ts';
import { launchBrowser } from '../../vscode/browser.ts';
import type { PageStage } from '../page-stage.ts';
import { openTablePage, rowOf, viewOf, type Said, type TablePage, type View } from './table-page.ts';

describe('The table’s page', () => {
  let browser: Browser;
  let stage: PageStage;
  let tell: TablePage['tell'];
  let said: TablePage['said'];

  const turn = async (): Promise<number> => (await said('choose')).at(-1)?.turn ?? 0;
  /** A view of the newest so many events; the first 200 are there. */
  const view = async (generation: number, newest: number, changes: Partial<View> = {}): Promise<void> => {
    // While the pointer is on a row, that stays where it is.
    await stage.page.mouse.move(5, 5);
    const rows = Array.from({ length: Math.min(200, newest) }, (_, at) => rowOf(newest - at));
    const around = { generation, before: `e${newest + 1}`, turn: await turn() };
    await tell(viewOf({ ...around, total: newest, windows: [{ offset: 0, rows }], ...changes }));
  };
  const row = (number: number) =>
    stage.page.locator('.rows .row:not([hidden])').filter({ hasText: `person${number}@` });
  const key = (name: string): Promise<void> => stage.page.keyboard.press(name);
  const lastAct = async (): Promise<Said<'act'> | undefined> => (await said('act')).at(-1);

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(async () => {
    ({ stage, tell, said } = await openTablePage(browser));
    const { page } = stage;
    await tell({ type: 'filter', filter: '', offered: [{ filter: 'state:failed', description: '', begins: false }] });
    await tell({ type: 'whole', all: 1200, same: [] });
    await view(1, 1200);
    await row(1200).waitFor();
    await page.getByRole('grid').focus();
  });
  afterEach(() => stage.close());

  it('tells rows by their ids, also those of a range that it does not have, once it was told them', async () => {
    await key('Home');
    await key('Shift+ArrowDown');
    await key('Control+r');
    const few = await until(lastAct);
    assert.deepEqual([few.action, few.chosen], ['resend', { ids: ['e1200', 'e1199'], active: 'e1199' }]);
    await key('Home');
    await key('Shift+End');
    const range = await until(async () => (await said('range')).at(-1));
    assert.deepEqual(range, { type: 'range', turn: await turn(), generation: 1, from: 0, to: 1199 });
    // Nothing is chosen before, and another view waits.
    await key('Delete');
    await view(2, 1201);
    await until(async () => (await said('see')).some(({ again }) => again));
    const ids = Array.from({ length: 1200 }, (_, at) => `e${1200 - at}`);
    await tell({ type: 'range', turn: range.turn, ids });
    await stage.page.getByText('1,200 events · 1,200 selected').waitFor();
    await key('Delete');
    const many = await until(async () => {
      const act = await lastAct();
      return act?.action === 'discard' ? act : undefined;
    });
    assert.deepEqual('ids' in many.chosen && many.chosen.ids, ids);
    assert.equal((await said('act')).length, 2);
  });

  it('tells all rows by the filter, up to the newest that is seen, except those that were left out', async () => {
    await tell({ type: 'live', generation: 1, added: [rowOf(1204)], changed: [] });
    await row(1204).waitFor();
    await key('Control+a');
    await stage.page.getByText('1,201 events · 1,201 selected').waitFor();
    await row(1198).click({ modifiers: ['Control'] });
    await tell({ type: 'live', generation: 1, added: [rowOf(1205)], changed: [] });
    await stage.page.getByText('1,202 events · 1,200 selected').waitFor();
    await row(1205).waitFor({ state: 'attached' });
    await row(1204).dispatchEvent('contextmenu');
    const context = await row(1204).getAttribute('data-vscode-context');
    const { chosen } = JSON.parse(context ?? '{}') as { chosen: unknown };
    assert.deepEqual(chosen, { filter: '', before: 'e1205', except: ['e1198'], count: 1200, active: 'e1198' });
    await view(2, 1150, { chosen: { ids: [], count: 1149, active: null } });
    await stage.page.getByText('1,150 events · 1,149 selected').waitFor();
    await view(3, 1100, { filter: 'kind:test' });
    await stage.page.getByText('1,100 events', { exact: true }).waitFor();
  });

  it('tells the menu of a row which rows that is about', async () => {
    const contextOf = async (number: number): Promise<{ viewItem: string; chosen: { ids: string[] } }> => {
      await row(number).dispatchEvent('contextmenu');
      return JSON.parse((await row(number).getAttribute('data-vscode-context')) ?? '') as never;
    };
    await row(1198).click({ modifiers: ['Control'] });
    await row(1197).click({ modifiers: ['Control'] });
    const both = await contextOf(1197);
    assert.deepEqual([both.viewItem, both.chosen.ids], [';row;;notification;', ['e1198', 'e1197']]);
    const other = await contextOf(1190);
    assert.deepEqual(other.chosen.ids, ['e1190']);
  });

  it('shows in another view what that says is chosen, and none that was read for another choice', async () => {
    for (const number of [1199, 1197]) await row(number).click({ modifiers: ['Control'] });
    const before = await turn();
    await row(1195).click({ modifiers: ['Control'] });
    await view(2, 1100, { turn: before, chosen: { ids: ['e1195'], count: 1, active: null } });
    await until(async () => (await said('see')).some(({ again }) => again));
    assert.equal(await row(1200).count(), 1);
    await view(3, 1198, { chosen: { ids: ['e1197', 'e1195'], count: 2, active: 3 } });
    await row(1198).waitFor();
    await stage.page.getByText('1,198 events · 2 selected').waitFor();
    await key('Control+c');
    const act = await until(lastAct);
    assert.deepEqual(act.chosen, { ids: ['e1197', 'e1195'], active: 'e1195' });
  });

  it('filters while one types, and shows a mistake only of what was meant to be all', async () => {
    const box = stage.page.getByRole('combobox');
    await box.focus();
    await stage.page.keyboard.type('st');
    await until(async () => (await said('filter')).some(({ text, done }) => text === 'st' && !done));
    const way = { filter: 'state:', description: '', begins: true };
    await tell({ type: 'typed', text: 'st', ways: [way], problem: null });
    await stage.page.getByRole('option').getByText('state:', { exact: true }).waitFor();
    assert.equal(await box.getAttribute('aria-invalid'), 'false');
    await box.fill('state:broken');
    await key('Enter');
    await until(async () => (await said('filter')).some(({ text, done }) => text === 'state:broken' && done));
    await tell({ type: 'typed', text: 'state:broken', ways: [], problem: 'expected one of failed' });
    await stage.page.getByText('expected one of failed').waitFor();
    assert.equal(await box.getAttribute('aria-invalid'), 'true');
  });

  it('selects by keys alone all rows, and some that are no neighbors', async () => {
    await key('Control+a');
    await stage.page.getByText('1,200 events · 1,200 selected').waitFor();
    await key('Home');
    await key('Control+ArrowDown');
    await key('Control+ArrowDown');
    await key('Control+Space');
    await key('Control+r');
    const act = await until(lastAct);
    assert.deepEqual(act.chosen, { ids: ['e1200', 'e1198'], active: 'e1198' });
    await key('Control+Space');
    await stage.page.getByText('1,200 events', { exact: true }).waitFor();
  });

  it('opens the menu of the active row when that was scrolled out of sight, and shows it', async () => {
    await row(1197).click();
    await stage.page.evaluate(`document.querySelector('.grid').scrollTop = 3000`);
    await row(1197).waitFor({ state: 'detached' });
    await key('Shift+F10');
    const context = await row(1197).getAttribute('data-vscode-context');
    assert.deepEqual((JSON.parse(context ?? '{}') as { chosen?: { ids: string[] } }).chosen?.ids, ['e1197']);
  });

  it('tells a screen reader what was found, what is selected, frozen and paused: what is new of it', async () => {
    const spoken = stage.page.locator('.unseen[role="status"]');
    const says = async (text: string): Promise<void> => {
      await until(async () => (await spoken.textContent()) === text);
    };
    await says('');
    await key('Home');
    await key('Shift+ArrowDown');
    await says('2 selected');
    await tell({ type: 'news', paused: true, count: 0 });
    await says('The list is frozen, so new events don’t appear. Sending isn’t affected.');
    await tell({
      type: 'sending',
      paused: 'Sending has been paused.',
      canGoOn: true,
      onPurpose: null,
      hasSampleReceiver: false,
    });
    await says('Sending has been paused.');
    const onPurpose = 'Deliveries are answered with 503.';
    await tell({ type: 'sending', paused: null, canGoOn: true, onPurpose, hasSampleReceiver: false });
    await says(onPurpose);
    await stage.page.locator('.sending', { hasText: onPurpose }).getByRole('button').click();
    assert.deepEqual((await stage.said()).at(-1), { type: 'answerDeliveries' });
    const next = stage.page.locator('.next');
    assert.equal(await next.isVisible(), false);
    await tell({ type: 'sending', paused: null, canGoOn: true, onPurpose: null, hasSampleReceiver: true });
    await says((await next.locator('span').textContent()) ?? '');
    await next.getByRole('button', { name: 'Add Destination' }).click();
    assert.deepEqual((await stage.said()).at(-1), { type: 'addDestination' });
    await tell({ type: 'sending', paused: null, canGoOn: true, onPurpose: null, hasSampleReceiver: false });
    await tell({ type: 'news', paused: false, count: 0 });
    await says('');
    await tell({ type: 'filter', filter: 'state:failed', offered: [] });
    await tell({ type: 'whole', all: 2024, same: [] });
    await view(2, 523);
    await says('523 of 2,024');
    // What comes is not said one by one.
    await tell({ type: 'live', generation: 2, added: [rowOf(524)], changed: [] });
    await stage.page.locator('.count', { hasText: '524 of 2,024' }).waitFor();
    await says('523 of 2,024');
  });

  it('says how many of how many, and leaves out columns that say the same in every row', async () => {
    const headers = (): Promise<string[]> => stage.page.getByRole('columnheader').locator('.label').allInnerTexts();
    assert.ok((await headers()).includes('List'));
    await tell({ type: 'whole', all: 2024, same: ['list', 'destination'] });
    await tell({ type: 'filter', filter: 'state:failed', offered: [] });
    await view(2, 523);
    await stage.page.locator('.count', { hasText: '523 of 2,024' }).waitFor();
    assert.deepEqual(await headers(), ['Time', 'Type', 'Address', 'State', 'Answer', 'ms', 'Waterfall']);
  });
});
