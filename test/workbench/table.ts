/** The table in the panel, as a person opens and sizes it. */
import type { Frame } from 'playwright-core';
import { until } from '../relay/until.ts';
import { clickUntil, type Workbench } from './workbench.ts';

/** Opens the panel at the table. Resolves to the table's document. */
export async function openTable(workbench: Workbench): Promise<Frame> {
  const { page } = workbench;
  const tab = page
    .locator(
      '.part.panel .composite-bar .action-item[aria-label^="Webhook Events"], .part.panel .composite-bar .action-item:has([aria-label^="Webhook Events"])',
    )
    .first();
  if (!(await page.locator('.part.panel').isVisible())) await page.keyboard.press('Control+j');
  await page.locator('.part.panel').waitFor();
  await clickUntil(tab, tab.and(page.locator('.checked')));
  return tableDocument(workbench);
}

/** The table's document, once its page is drawn. */
export async function tableDocument(workbench: Workbench): Promise<Frame> {
  const frame = await until(async () => {
    for (const each of workbench.page.frames()) {
      const isIt = await each.evaluate<boolean>(`document.querySelector('main > .bar') !== null`).catch(() => false);
      if (isIt) return each;
    }
    return undefined;
  });
  await frame.locator('.bar').waitFor();
  return frame;
}

/** Makes the panel so high, by its edge. @param height in pixels */
export async function sizePanel(workbench: Workbench, height: number): Promise<void> {
  const { page } = workbench;
  const panel = page.locator('.part.panel');
  await until(async () => {
    const box = await panel.boundingBox();
    if (box === null) return false;
    if (Math.abs(box.height - height) <= 2) return true;
    await page.mouse.move(box.x + box.width / 2, box.y - 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - height, { steps: 5 });
    await page.mouse.up();
    return false;
  });
}
