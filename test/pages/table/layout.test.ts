/** How the table's page lays out its columns, in Chromium: nothing that tells something is cut. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import type { Sort, TableRow } from '../../../src/extension/event-table/messages.ts';
import { until } from '../../relay/until.ts';
import { launchBrowser } from '../../vscode/browser.ts';
import { openTablePage, rowOf, viewOf, type TablePage } from './table-page.ts';

/** As wide as the panel beside the side bar of a window of 1,280 pixels. */
const usualWidth = 930;

describe('The columns of the table’s page', () => {
  let browser: Browser;
  let table: TablePage;
  let generation = 0;

  /** Opens the page, with these rows. @param kept what VS Code has kept for it */
  const open = async (rows: readonly TableRow[], kept?: unknown): Promise<void> => {
    table = await openTablePage(browser, kept);
    await table.stage.page.setViewportSize({ width: usualWidth, height: 300 });
    await table.tell({ type: 'whole', all: rows.length, same: ['list', 'destination'] });
    await show(rows, { by: 'time', descending: true });
  };
  const show = (rows: readonly TableRow[], sort: Sort): Promise<void> =>
    table.tell(viewOf({ generation: (generation += 1), sort, total: rows.length, windows: [{ offset: 0, rows }] }));
  const header = (name: string) => table.stage.page.getByRole('columnheader', { name, exact: true });
  const headers = (): Promise<(string | null)[]> =>
    table.stage.page
      .getByRole('columnheader')
      .evaluateAll((each: { readonly dataset: { readonly column: string } }[]) =>
        each.map(({ dataset }) => dataset.column),
      );
  const lastSort = async (): Promise<Sort | undefined> => (await table.said('sort')).at(-1)?.sort;
  const key = (name: string): Promise<void> => table.stage.page.keyboard.press(name);

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  afterEach(() => table.stage.close());

  // A window has the font of its system.
  for (const font of ['sans-serif', 'system-ui', '"DejaVu Sans"', '"Liberation Sans"']) {
    it(`cut no number, no type and no arrow of the order: ${font}`, async () => {
      const cells = { ...rowOf(1).cells, status: '404', duration: '1,104', attempts: '12' };
      const rows = ['Subscribe', 'Update', 'Deactivate'].map((type, at) => {
        return { ...rowOf(at + 1), cells: { ...cells, type } };
      });
      await open(rows);
      const { page } = table.stage;
      await page.addStyleTag({ content: `:root { --vscode-font-family: ${font}; }` });
      for (const [name, by] of [
        ['ms', 'duration'],
        ['Answer', 'status'],
        ['Time', 'time'],
      ] as const) {
        await header(name).click();
        await until(async () => (await lastSort())?.by === by);
        await show(rows, { by, descending: true });
        await until(async () => (await header(name).getAttribute('aria-sort')) === 'descending');
        const arrow = (await header(name).locator('.order').boundingBox())!;
        const box = (await header(name).boundingBox())!;
        assert.ok(arrow.width > 4 && arrow.x + arrow.width <= box.x + box.width, `${name}: the arrow is cut`);
      }
      const cut = (): Promise<string[]> =>
        page.evaluate<string[]>(
          `[...document.querySelectorAll('.rows .row:not([hidden]) :is(.numbers, [data-column=time], [data-column=type])')]
            .filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent.trim())`,
        );
      assert.deepEqual(await cut(), []);
      // Beside a wide side bar.
      await page.setViewportSize({ width: usualWidth - 200, height: 300 });
      assert.deepEqual(await cut(), []);
    });
  }

  it('are chosen by pointer and keyboard, kept while the page is hidden, and as at first once that is wanted', async () => {
    await open([rowOf(1), rowOf(2)]);
    // There is one list and one destination: nothing is said by them.
    const atFirst = ['time', 'type', 'address', 'state', 'status', 'duration', 'waterfall'];
    await until(async () => (await headers()).join() === atFirst.join());
    const menu = table.stage.page.getByRole('menu', { name: 'Columns' });
    await header('State').click({ button: 'right' });
    await menu.getByRole('menuitemcheckbox', { name: 'List' }).click();
    await menu.getByRole('menuitemcheckbox', { name: 'State' }).click();
    await key('Escape');
    await menu.waitFor({ state: 'detached' });
    await table.stage.page.getByRole('button', { name: 'Columns' }).press('Enter');
    await menu.locator(':focus').filter({ hasText: 'Time' }).waitFor();
    for (let step = 0; step < 7; step++) await key('ArrowDown');
    await menu.locator(':focus').filter({ hasText: 'Attempts' }).waitFor();
    await key('Enter');
    await key('Escape');
    await table.stage.page.locator('#choose:focus').waitFor();
    const chosen = ['time', 'type', 'address', 'list', 'status', 'duration', 'attempts', 'waterfall'];
    await until(async () => (await headers()).join() === chosen.join());

    const kept = await table.stage.kept();
    await table.stage.close();
    await open([rowOf(1), rowOf(2)], kept);
    await until(async () => (await headers()).join() === chosen.join());
    await table.stage.page.getByRole('button', { name: 'Columns' }).click();
    await table.stage.page.getByRole('menuitem', { name: 'Reset Columns' }).click();
    await until(async () => (await headers()).join() === atFirst.join());
  });

  it('hold rows in thousands with few in the document, and no text of them is selected with Shift', async () => {
    table = await openTablePage(browser);
    const { page } = table.stage;
    const all = 4006;
    await table.tell({ type: 'whole', all, same: [] });
    const window = (offset: number) => {
      return { offset, rows: Array.from({ length: Math.min(200, all - offset) }, (_, at) => rowOf(all - offset - at)) };
    };
    await table.tell(viewOf({ total: all, windows: [window(0)] }));
    const row = (number: number) => page.locator('.rows .row:not([hidden])').filter({ hasText: `person${number}@` });
    await row(4006).click();
    await row(4003).click({ modifiers: ['Shift'] });
    await page.locator('.count', { hasText: '4 selected' }).waitFor();
    assert.equal(await page.evaluate<string>('getSelection().toString()'), '');
    // Keys act on them at once.
    await page.locator('.grid:focus').waitFor();
    await key('End');
    await until(async () => {
      const wanted = (await table.said('want')).flatMap(({ offsets }) => offsets);
      for (const offset of wanted) await table.tell({ type: 'rows', generation: 1, window: window(offset) });
      return row(1).isVisible();
    });
    assert.equal(await row(1).getAttribute('aria-rowindex'), '4007');
    assert.ok((await page.locator('[role="row"]').count()) <= 300);
  });
});
