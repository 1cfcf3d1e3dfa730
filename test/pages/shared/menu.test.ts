import assert from 'node:assert/strict';
import { openPageStage, type PageStage } from '../page-stage.ts';

const script = `
import { html, render } from 'lit/html.js';
import { menuButton, openMenu } from './src/pages/shared/menu.ts';
const state = { on: false, done: [] };
const entries = () => [
  { label: 'Address', checked: state.on, choose: () => (state.on = !state.on) },
  { label: 'Reset', heading: 'Both', choose: () => state.done.push('reset') },
  { label: 'Apply', choose: () => state.done.push('apply') },
];
const part = document.createElement('div');
document.querySelector('main').append(part);
render(html\`\${menuButton('choose', 'Columns', entries, 'Choose columns')}<button id="other">Other</button>\`, part);
Object.assign(window, { state, openAt: (x, y) =>
  openMenu({ label: 'Rows', entries, back: document.getElementById('other') }, { x, y }) });
`;

describe('A menu of a page', () => {
  let stage: PageStage;
  before(async () => {
    stage = await openPageStage(script);
  });
  after(() => stage.close());

  const focused = (): Promise<string> => stage.page.evaluate<string>('document.activeElement.innerText.trim()');
  const key = (name: string): Promise<void> => stage.page.keyboard.press(name);
  const menu = () => stage.page.getByRole('menu');

  it('is gone through by keyboard: arrows, letters, Escape, and the focus goes back', async () => {
    const button = stage.page.getByRole('button', { name: 'Columns' });
    await button.focus();
    await key('ArrowUp');
    assert.equal(await focused(), 'Apply');
    assert.equal(await button.getAttribute('aria-expanded'), 'true');
    await key('ArrowDown');
    assert.equal(await focused(), 'Address');
    await key('r');
    assert.equal(await focused(), 'Reset');
    await key('a');
    assert.equal(await focused(), 'Apply');
    await key('Home');
    assert.equal(await focused(), 'Address');
    await key('Escape');
    assert.equal(await menu().count(), 0);
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
    assert.equal(await focused(), 'Columns');
  });

  it('opens at a place, within the window, and closes by a click elsewhere', async () => {
    const { page } = stage;
    await page.evaluate('openAt(100000, 100000)');
    const box = (await menu().boundingBox())!;
    const size = page.viewportSize()!;
    assert.ok(box.x + box.width <= size.width && box.y + box.height <= size.height);
    assert.match(await focused(), /Address$/);
    await page.mouse.click(5, size.height - 5);
    await menu().waitFor({ state: 'detached' });
    await page.evaluate('openAt(10, 10)');
    await key('Tab');
    assert.equal(await menu().count(), 0);
  });
});
