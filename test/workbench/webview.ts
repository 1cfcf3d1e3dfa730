/** The document of a webview, to look into and to check with axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame } from 'playwright-core';
import type { Workbench } from './workbench.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The innermost frame of the webview in sight, whose document is the extension's page. */
export async function webviewDocument(workbench: Workbench): Promise<Frame> {
  const outer = await workbench.page.locator('iframe.webview.ready').last().elementHandle();
  const inner = await (await outer.contentFrame())?.waitForSelector('#active-frame', { state: 'attached' });
  const frame = await inner?.contentFrame();
  if (frame == null) throw new Error('the webview has no document');
  return frame;
}

/** What axe finds in the document, a line each: rule, why, and where. */
export async function axeViolations(frame: Frame): Promise<string[]> {
  await frame.evaluate(`typeof axe === 'undefined' && (() => { ${axe} })()`);
  return frame.evaluate<string[]>(`axe.run(document).then(({ violations }) => violations.flatMap(
    ({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target.flat().join(' '), failureSummary].join(': '))))`);
}
