/** The browser's part of asking for access: the page of the sandbox's Campaign Monitor, in the window's own browser. */
import type { Page } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** Does what sends the browser to the consent, and resolves to its page. */
export async function consentPage(workbench: Workbench, begin: () => Promise<unknown>): Promise<Page> {
  const [page] = await Promise.all([workbench.context.waitForEvent('page'), begin()]);
  await page.getByRole('heading', { name: /to use your account/ }).waitFor();
  return page;
}

/** Presses a button of the consent. Resolves to what the page says on which the browser ends. */
export async function decide(page: Page, button: 'Allow access' | 'Deny'): Promise<string> {
  const pressed = page.getByRole('button', { name: button, exact: true });
  await pressed.click();
  // The page that follows has a heading, too.
  await pressed.waitFor({ state: 'detached' });
  const said = await page.getByRole('main').getByRole('heading').innerText();
  return `${said}: ${await page.getByRole('main').getByRole('paragraph').first().innerText()}`;
}

/** Grants access without following: the URL that the browser would end on, which may be on another machine. */
export async function whereItEnds(page: Page): Promise<string> {
  const { origin } = new URL(page.url());
  const answer = await page.request.post(`${origin}/oauth/decision`, {
    headers: { origin },
    form: { request: await page.locator('input[name="request"]').inputValue(), decision: 'allow' },
    maxRedirects: 0,
  });
  return answer.headers()['location'] ?? '';
}
