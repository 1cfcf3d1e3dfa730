/** How soon the table is drawn and how smoothly it is scrolled, in real VS Code: needs dist/ and Chromium. */
import { loadavg } from 'node:os';
import type { Frame } from 'playwright-core';
import { until } from '../test/relay/until.ts';
import { openTable, sizePanel } from '../test/workbench/table.ts';
import { postAll, withView } from './events-view.ts';
import { boundRow } from './report.ts';
import type { Result } from './report.ts';
import { spread } from './statistics.ts';

const events = 100_000;

/**
 * Notes in the page, frame by frame: the times between frames, how long each placeholder in sight stood, and how many
 * rows the document has at most.
 */
const watch = `{
  const noted = (globalThis.noted = { frames: [], placeholders: [], mostRows: 0 });
  const since = new Map();
  let before = performance.now();
  const frame = (now) => {
    noted.frames.push(now - before);
    before = now;
    const rows = document.querySelectorAll('[role="row"]');
    noted.mostRows = Math.max(noted.mostRows, rows.length);
    const box = document.querySelector('[role="grid"]').getBoundingClientRect();
    const loading = new Set();
    for (const row of document.querySelectorAll('.rows .row.loading:not([hidden])')) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > box.top && top < box.bottom) loading.add(row.ariaRowIndex);
    }
    for (const row of loading) if (!since.has(row)) since.set(row, now);
    for (const [row, at] of since) {
      if (loading.has(row)) continue;
      since.delete(row);
      noted.placeholders.push(now - at);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}`;

interface Noted {
  readonly frames: readonly number[];
  readonly placeholders: readonly number[];
  readonly mostRows: number;
}

/** Resolves, once every row in sight is filled, to what was noted since the last time, and begins to note anew. */
async function noted(table: Frame): Promise<Noted> {
  // Two frames: one draws what the last key or notch asks for, the next notes it.
  const twoFrames = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`;
  await table.evaluate(twoFrames);
  await until(() => table.evaluate<boolean>(`document.querySelector('.rows .row.loading:not([hidden])') === null`));
  await table.evaluate(twoFrames);
  return table.evaluate<Noted>(`(() => {
    const { noted } = globalThis;
    const since = { ...noted };
    Object.assign(noted, { frames: [], placeholders: [], mostRows: 0 });
    return since;
  })()`);
}

/** How far the table is scrolled, in pixels. */
function scrolled(table: Frame): Promise<number> {
  return table.evaluate<number>(`document.querySelector('[role="grid"]').scrollTop`);
}

/** (l) The table of 100,000 events: its first draw, and scrolling through it by wheel, by keys, and by its bar. */
export function tableOfEvents(rounds: number): Promise<Result> {
  return withView(async ({ workbench, url }) => {
    const { page } = workbench;
    await postAll(url, events, 1000);
    const firstDraws: number[] = [];
    let table = await openTable(workbench);
    await sizePanel(workbench, 400);
    for (let round = 0; round < rounds; round++) {
      await page.keyboard.press('Control+j');
      await page.locator('.part.panel').waitFor({ state: 'hidden' });
      const began = performance.now();
      await page.keyboard.press('Control+j');
      table = await openTable(workbench);
      await until(() =>
        table.evaluate<boolean>(`document.querySelector('.rows .row:not([hidden]):not(.loading)') !== null`),
      );
      firstDraws.push(performance.now() - began);
    }
    await table.evaluate(watch);
    const grid = table.getByRole('grid');
    const box = (await grid.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const wheel: Noted[] = [];
    const keys: Noted[] = [];
    const bar: Noted[] = [];
    for (let round = 0; round < rounds; round++) {
      await grid.focus();
      await page.keyboard.press('Home');
      await noted(table);
      for (let step = 0; step < 150; step++) await page.mouse.wheel(0, 400);
      wheel.push(await noted(table));
      if ((await scrolled(table)) < 150 * 300) throw new Error('the wheel has not scrolled the table');
      await page.keyboard.press('Home');
      await noted(table);
      for (let step = 0; step < 60; step++) await page.keyboard.press('PageDown');
      await page.keyboard.press('End');
      keys.push(await noted(table));
      // As by a drag of the scroll bar, which a browser without a screen does not draw.
      for (let step = 0; step < 40; step++)
        await table.evaluate(`new Promise((done) => {
          const grid = document.querySelector('[role="grid"]');
          grid.scrollTop = (grid.scrollHeight * ${(step * 7) % 40}) / 40;
          requestAnimationFrame(() => requestAnimationFrame(done));
        })`);
      bar.push(await noted(table));
    }
    const all = [...wheel, ...keys, ...bar];
    const longest = (each: Noted): number => Math.max(0, ...each.frames);
    const filled = (each: Noted): number => Math.max(0, ...each.placeholders);
    const over = all.flatMap(({ frames }) => frames).filter((ms) => ms > 50).length;
    const frames = all.reduce((sum, each) => sum + each.frames.length, 0);
    const mostRows = Math.max(...all.map((each) => each.mostRows));
    return {
      letter: 'l',
      title: `The table of ${events.toLocaleString('en-US')} events`,
      rows: [
        boundRow('from the key that shows the panel until its rows are drawn', 'ms', spread(firstDraws), null),
        boundRow('longest time between two frames: by wheel', 'ms', spread(wheel.map(longest)), 50),
        boundRow('the same: by Page Down, Home and End', 'ms', spread(keys.map(longest)), 50),
        boundRow('the same: by jumps of the scroll bar', 'ms', spread(bar.map(longest)), 50),
        boundRow('longest time that a placeholder in sight stood: by wheel', 'ms', spread(wheel.map(filled)), 100),
        boundRow('the same: by Page Down, Home and End', 'ms', spread(keys.map(filled)), 100),
        boundRow('the same: by jumps of the scroll bar', 'ms', spread(bar.map(filled)), 100),
        boundRow('rows in the document, at most', '', spread([mostRows]), 300),
      ],
      remarks: [
        `${rounds} rounds: 150 notches of the wheel of 400 px each, 60 pages, and 40 jumps over the whole history, the next after two frames. ${over} of ${frames} frames came more than 50 ms after the one before. The frames are the browser's, without a graphics processor.`,
        `The load of the machine was ${loadavg()[0]!.toFixed(1)} at the end.`,
      ],
    };
  });
}
