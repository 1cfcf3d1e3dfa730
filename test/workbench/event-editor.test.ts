import assert from 'node:assert/strict';
import type { Frame, Locator } from 'playwright-core';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { category, changeSettings, dataDirs, eventsView, startByButton, statusOf, stopRelays } from './relay.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { checkedThemes, openWorkbench, themes, untilDone, type Workbench } from './workbench.ts';
import { isLong } from '../long.ts';

/** The classes of a page's body. */
const classes = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  highContrast: 'vscode-high-contrast',
  highContrastLight: 'vscode-high-contrast-light',
} as const;

describe('The event editor', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;

  const row = (text: string): Locator => workbench.treeRow(eventsView, text);
  const frame = () => workbench.webviewFrame();
  const heading = (text: string): Locator => frame().getByRole('heading', { level: 1, name: text });
  const column = (name: 'cameIn' | 'sent' | 'answered'): Locator => frame().locator(`#column-${name}`);
  const step = (text: string): Locator => frame().getByRole('option').filter({ hasText: text });
  const document = (): Promise<Frame> => webviewDocument(workbench);
  const open = async (text: string, shows: string): Promise<void> => {
    await untilDone(async () => {
      await row(text).click({ timeout: 5000 });
      await heading(shows).waitFor({ timeout: 10_000 });
    });
  };
  /** Chooses from the menu in which all is that has no button of its own. */
  const chooseMore = (entry: string): Promise<void> =>
    untilDone(async () => {
      const menu = frame().getByRole('menu');
      if (!(await menu.isVisible())) await frame().locator('#more').click({ timeout: 5000 });
      await menu.getByRole('menuitem', { name: entry, exact: true }).click({ timeout: 5000 });
    });
  const focused = async (): Promise<string> =>
    (await document()).evaluate<string>(
      `(document.activeElement?.id || document.activeElement?.dataset.step || document.activeElement?.textContent || '').trim()`,
    );

  const pictureInThemes = async (name: string): Promise<void> => {
    for (const theme of isLong ? (['light', 'highContrast', 'dark'] as const) : []) {
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      await frame().locator(`body.${classes[theme]} #reason`).waitFor();
      await workbench.picture(`event-editor/${name}-${theme}`);
    }
  };

  before(async () => {
    receiver = await startReceiver({
      answer: { body: '{"taken":true}', headers: { 'content-type': 'application/json' } },
    });
    workbench = await openWorkbench({
      viewport: { width: 1600, height: 900 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'sap',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startByButton(workbench);
    await workbench.view(eventsView).getByText('No events yet.').waitFor();
    ({ campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!));
    await send(url, { body: sampleBody({ email: 'ann@example.com', seed: 7 }) });
    await send(url, { body: sampleBody({ events: 5, type: 'Update', seed: 3 }) });
    await row('ann@example.com').filter({ hasText: 'sent 200' }).waitFor();
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('opens by a click as a preview tab, and leaves the keyboard in the tree', async () => {
    await open('ann@example.com', 'Subscribe · ann@example.com');
    assert.equal(await workbench.page.locator('.tab').count(), 1);
    await workbench.page.locator('.tab .label-name').filter({ hasText: 'Subscribe · ann@example.com' }).waitFor();
    await workbench.page
      .locator('.tab.active em, .tab.active .italic, .tab.active .monaco-icon-label.italic')
      .first()
      .waitFor();
    await column('cameIn').getByText('"EmailAddress": "ann@example.com"').waitFor();
    await column('sent').getByText('"topic"').waitFor();
    await column('answered').getByText('"taken": true').waitFor();
    await frame().locator('.heading .pill.sent', { hasText: 'Sent' }).waitFor();
    await workbench.picture('event-editor/sent');
  });

  it('goes to the editor on Enter', async () => {
    await row('joana.sample').click();
    await workbench.page.keyboard.press('ArrowDown');
    await workbench.page.keyboard.press('Enter');
    await heading('Subscribe · ann@example.com').waitFor();
    await until(() => workbench.page.evaluate<boolean>(`document.activeElement?.tagName === 'IFRAME'`));
  });

  it('marks an event in its batch, and says what became of its fields', async () => {
    await open('dorota.yildiz', 'Update · dorota.yildiz');
    await frame().getByText('3 of 5').waitFor();
    // Ids are for who looks for them.
    assert.equal(await frame().locator('#details dd').first().isVisible(), false);
    await frame().locator('#details summary').click();
    await frame().locator('#details').getByText('d2', { exact: true }).waitFor();
    const marked = column('cameIn').locator('.this-event');
    assert.match(await marked.innerText(), /^ {4}\{[^]*"EmailAddress": "dorota\.yildiz[^]*\n {4}\},?\s*$/);
    assert.equal((await marked.innerText()).match(/"EmailAddress"/g)?.length, 1);
    // In the notification it stands twice: as the vendor wrote it, and normalized.
    assert.equal(await column('sent').locator('.this-event').count(), 2);
    const mapping = column('sent').locator('.mapping');
    assert.equal(await mapping.isVisible(), false);
    await column('sent').locator('#mapping-sent summary').click();
    await mapping.getByRole('row', { name: /EmailAddress dorota\.yildiz\S+ objectId dorota\.yildiz/ }).waitFor();
    await mapping.getByRole('row', { name: /Type Update eventType/ }).waitFor();
    // It is in sight without scrolling.
    const pre = await column('cameIn').locator('pre').boundingBox();
    const mark = await marked.boundingBox();
    assert.ok(pre !== null && mark !== null && mark.y >= pre.y - 1 && mark.y < pre.y + pre.height);
    await workbench.picture('event-editor/batch');
  });

  it('begins a failed event at its answer, counts down to the next attempt, and shows what is resent as it comes', async () => {
    receiver.answer({ status: 500, body: '<h1>no</h1>', headers: { 'content-type': 'text/html' } });
    await send(url, { body: sampleBody({ type: 'Deactivate', email: 'fay@example.com' }) });
    await open('fay@example.com', 'Deactivate · fay@example.com');
    await frame().locator('.heading .pill.retrying').waitFor();
    await column('answered').getByText('Answered 500').waitFor();
    // Text of outside is text.
    await column('answered').getByText('<h1>no</h1>').waitFor();
    // The second is due in a minute: time enough to look at it.
    await step('Attempt 2')
      .getByText(/^500 in/)
      .waitFor();
    const next = step('Next Attempt');
    await next.getByText(/in \d+ (s|min)/).waitFor();
    const left = async (): Promise<number> => Number(/in (\d+) s/.exec(await next.innerText())?.[1]);
    const before = await left();
    await until(async () => (await left()) < before);
    assert.equal(await next.locator('[data-due]').getAttribute('aria-live'), 'off');
    await workbench.picture('event-editor/retrying');
    receiver.answer({ status: 200, body: '{"taken":true}', headers: { 'content-type': 'application/json' } });
    await chooseMore('Discard');
    await frame().locator('.heading .pill.discarded').waitFor();
    await frame().locator('#do-resend').click();
    await step('Attempt 3 (resent)')
      .getByText(/^200 in/)
      .waitFor();
    await column('answered').getByText('Attempt 3 (resent) at').waitFor();
    await column('answered').getByText('"taken": true').waitFor();
    await frame().locator('.heading .pill.sent').waitFor();
    assert.equal(await step('Attempt 3').getAttribute('aria-selected'), 'true');
    await workbench.picture('event-editor/resent');
  });

  it('is operated by keyboard: steps by arrows, menus by arrows and Escape', async () => {
    await step('Attempt 3').click();
    await workbench.page.keyboard.press('ArrowLeft');
    await until(async () => (await step('Attempt 2').getAttribute('aria-selected')) === 'true');
    await workbench.page.keyboard.press('ArrowLeft');
    await until(async () => (await step('Attempt 1').getAttribute('aria-selected')) === 'true');
    await column('answered').getByText('<h1>no</h1>').waitFor();
    await workbench.page.keyboard.press('Home');
    await until(async () => (await step('Received').getAttribute('aria-selected')) === 'true');
    await column('answered').getByText('Relay’s answer to the delivery').waitFor();
    assert.equal(await focused(), 'received');
    const more = frame().getByRole('button', { name: 'More' });
    await more.focus();
    await workbench.page.keyboard.press('ArrowDown');
    await until(async () => (await focused()) === 'Resend To…');
    assert.equal(await more.getAttribute('aria-expanded'), 'true');
    await workbench.picture('event-editor/more');
    await workbench.page.keyboard.press('ArrowDown');
    await until(async () => (await focused()) === 'Resend on Save');
    await workbench.page.keyboard.press('Escape');
    await until(async () => (await focused()) === 'more');
    assert.equal(await more.getAttribute('aria-expanded'), 'false');
    const text = await workbench.copied(
      async () => {
        await more.press('Enter');
        await until(async () => (await focused()) === 'Resend To…');
        // The first that begins with this letter.
        await workbench.page.keyboard.press('c');
        await until(async () => (await focused()) === 'Create Test…');
        await workbench.page.keyboard.press('c');
        await until(async () => (await focused()) === 'cURL');
        await workbench.page.keyboard.press('Enter');
      },
      (each) => each.includes('curl'),
    );
    assert.match(text, /fay@example\.com/);
  });

  it('opens each document as text', async () => {
    await step('Attempt 1').click();
    await column('answered').getByText('Answered 500').waitFor();
    await frame().locator('#text-answered').click();
    const editor = (text: string): Locator =>
      workbench.page.locator('.editor-group-container.active .view-line').filter({ hasText: text }).first();
    await editor('Answered 500').waitFor();
    await open('fay@example.com', 'Deactivate · fay@example.com');
    await workbench.runCommand(`${category}: Open as Text…`);
    assert.deepEqual(
      (await workbench.quickPickItems()).map((item) => item.split(',')[0]),
      ['Body', 'Notification', 'Answer'],
    );
    await workbench.pick('Notification');
    await editor('"topic"').waitFor();
  });

  it('shows a part of a large body, and leads to all of it', async () => {
    const body = JSON.parse(sampleBody({ email: 'hal@example.com' })) as { Events: Record<string, unknown>[] };
    body.Events = [
      { ...body.Events[0], Type: 'Update', EmailAddress: 'first@example.com', Name: 'x'.repeat(2_000_000) },
      ...body.Events,
    ];
    await send(url, { body: JSON.stringify(body) });
    await open('hal@example.com', 'Subscribe · hal@example.com');
    await column('cameIn')
      .getByText(/Showing (the first )?[\d,]+ of/)
      .waitFor();
    const page = await document();
    assert.ok((await page.evaluate<number>(`document.querySelector('#body-cameIn').textContent.length`)) <= 100_000);
    await frame().locator('#text-cameIn').waitFor();
  });

  it('is there after a reload, as it was left, with the relay stopped too', async () => {
    await open('dorota.yildiz', 'Update · dorota.yildiz');
    await workbench.runCommand('View: Pin Editor');
    await step('Received').click();
    await column('sent').locator('#headers-sent summary').click();
    await workbench.runCommand(`${category}: Stop Relay`);
    await frame().getByText('The relay isn’t running; showing the event’s last recorded state.').waitFor();
    await frame().locator('#do-resend').waitFor({ state: 'detached' });
    await workbench.picture('event-editor/stopped');
    await workbench.reload();
    // Read from the history, which needs no relay.
    await heading('Update · dorota.yildiz').waitFor();
    await frame().getByText('The relay isn’t running; showing the event’s last recorded state.').waitFor();
    await until(async () => (await step('Received').getAttribute('aria-selected')) === 'true');
    await frame().locator('#headers-sent[open]').waitFor();
    await column('cameIn').locator('.this-event').waitFor();
    assert.equal(await frame().locator('#do-resend').count(), 0);
    await frame().locator('#do-start').click();
    await frame().locator('#do-resend').waitFor();
    await frame().locator('#do-start').waitFor({ state: 'detached' });
    await workbench.runCommand('View: Unpin Editor');
  });

  it('has tabs where there is little room for columns, and arrows choose among them', async () => {
    await open('fay@example.com', 'Deactivate · fay@example.com');
    await workbench.page.setViewportSize({ width: 1000, height: 900 });
    const tab = (name: string): Locator => frame().getByRole('tab', { name, exact: true });
    await tab('Received').click();
    await column('cameIn').waitFor();
    assert.equal(await column('sent').isVisible(), false);
    await workbench.page.keyboard.press('ArrowRight');
    await until(async () => (await tab('Sent').getAttribute('aria-selected')) === 'true');
    await column('sent').getByText('"topic"').waitFor();
    assert.equal(await column('cameIn').isVisible(), false);
    await workbench.picture('event-editor/tabs');
    await workbench.page.setViewportSize({ width: 720, height: 900 });
    await workbench.picture('event-editor/narrow');
    await workbench.page.setViewportSize({ width: 1600, height: 900 });
    await tab('Sent').waitFor({ state: 'detached' });
  });

  it('has the reason of a failure on top, with the panel open too, and stays readable in 260 pixels', async function () {
    this.timeout(300_000);
    receiver.answer({
      status: 422,
      body: '{"message":"The list a58ee1d3 is not known here"}',
      headers: { 'content-type': 'application/json' },
    });
    await send(url, { body: sampleBody({ type: 'Update', email: 'jo@example.com' }) });
    await workbench.page.setViewportSize({ width: 1280, height: 800 });
    await open('jo@example.com', 'Update · jo@example.com');
    await workbench.runCommand('View: Toggle Panel Visibility');
    const reason = frame().locator('#reason');
    for (const text of [
      `422 from ${receiver.url}`,
      'The list a58ee1d3 is not known here',
      'check the body that was sent',
    ])
      await reason.getByText(text).waitFor();
    // Heard as well as seen.
    await frame().getByRole('status').filter({ hasText: 'The list a58ee1d3 is not known here' }).waitFor();
    const bottom = async (selector: string): Promise<number> =>
      (await document()).evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().bottom`);
    assert.ok((await bottom('#reason')) <= 200, `the reason ends at ${await bottom('#reason')}`);
    assert.ok((await bottom('.actions')) <= 250, `the buttons end at ${await bottom('.actions')}`);
    assert.deepEqual(await frame().locator('.actions vscode-button').allInnerTexts(), ['Resend', 'Edit and Resend']);
    await pictureInThemes('failed');
    await workbench.runCommand('View: Toggle Panel Visibility');
    await workbench.widenSideBar(300);
    await workbench.page.setViewportSize({ width: 610, height: 800 });
    await until(async () => (await (await document()).evaluate<number>('innerWidth')) <= 270);
    await reason.waitFor();
    // Nothing is cut off at the side, and nothing in itself.
    const wider = `[...document.querySelectorAll('main *')].filter((each) => each.clientWidth > 0 &&
      each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.className || each.id)`;
    assert.deepEqual(await (await document()).evaluate<string[]>(wider), []);
    await pictureInThemes('failed-260');
    await workbench.page.setViewportSize({ width: 1600, height: 900 });
  });

  it('wraps a long way, uncut, and tries now what is being retried, by the button that stays where it is', async () => {
    receiver.answer({ status: 503, body: 'busy' });
    await send(url, { body: sampleBody({ email: 'kim@example.com' }) });
    await workbench.page.setViewportSize({ width: 1280, height: 800 });
    await workbench.runCommand('View: Toggle Panel Visibility');
    await open('kim@example.com', 'Subscribe · kim@example.com');
    const first = frame().locator('.actions vscode-button').first();
    const place = async (): Promise<string> => JSON.stringify((await first.boundingBox())?.y);
    await frame().locator('.heading .pill.retrying').waitFor();
    await first.getByText('Try Now').waitFor();
    const before = await place();
    for (let number = 2; number <= 12; number++) {
      await first.click();
      await step(`Attempt ${number} (resent)`)
        .getByText(/^503 in/)
        .waitFor();
      assert.equal(await place(), before);
    }
    const page = await document();
    const cut = `(() => { const box = document.querySelector('.timeline [role=listbox]');
      return box.scrollHeight - box.clientHeight; })()`;
    assert.equal(await page.evaluate<number>(cut), 0);
    await workbench.picture('event-editor/long-way');
    receiver.answer({ body: '{"taken":true}', headers: { 'content-type': 'application/json' } });
    await first.click();
    await frame().locator('.heading .pill.sent').waitFor();
    await frame().locator('#reason').waitFor({ state: 'detached' });
    await workbench.runCommand('View: Toggle Panel Visibility');
    await workbench.page.setViewportSize({ width: 1600, height: 900 });
  });

  it('is fit for everybody in every theme: axe finds nothing', async function () {
    this.timeout(300_000);
    receiver.answer({ status: 503, body: 'busy' });
    await send(url, { body: sampleBody({ email: 'ida@example.com' }) });
    for (const theme of checkedThemes) {
      const name = classes[theme];
      await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
      await open('ida@example.com', 'Subscribe · ida@example.com');
      await frame().locator(`body.${name}`).waitFor();
      await column('answered').getByText('busy').waitFor();
      for (const details of ['details', 'mapping-sent', 'headers-cameIn', 'headers-sent', 'headers-answered'])
        if (!(await frame().locator(`#${details}[open]`).isVisible()))
          await frame().locator(`#${details} summary`).click();
      await frame().locator('#reason').getByText('busy').waitFor();
      const menu = frame().getByRole('button', { name: 'More' });
      await menu.click();
      assert.deepEqual(await axeViolations(await document()), [], theme);
      await menu.click();
      await workbench.picture(`event-editor/${name}`);
      await workbench.page.setViewportSize({ width: 1000, height: 900 });
      await frame().getByRole('tab').first().waitFor();
      assert.deepEqual(await axeViolations(await document()), [], `${theme}, with tabs`);
      await workbench.picture(`event-editor/${name}-tabs`);
      await workbench.page.setViewportSize({ width: 1600, height: 900 });
      await frame().getByRole('tab').first().waitFor({ state: 'detached' });
    }
  });
});
