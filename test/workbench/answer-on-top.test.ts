import assert from 'node:assert/strict';
import { startReceiver } from '../relay/receiver.ts';
import type { Receiver } from '../relay/receiver.ts';
import { category, eventsView, stopRelays } from './relay.ts';
import { tableDocument } from './table.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/** The most that a newcomer has to do until there are rows, and until a notification that failed is sent again. */
const maxActions = { rows: 2, sentAgain: 9 };

describe('From an empty window to “I know why it failed, and it is sent again”', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  const actions: string[] = [];
  /** An action is a click, a key, or a text that is typed and entered. */
  const act = async (what: string, action: Promise<unknown>): Promise<void> => {
    actions.push(what);
    await action;
  };
  const hold = (max: number): void => {
    assert.ok(actions.length <= max, `${actions.length}: ${actions.join(', ')}`);
  };

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      folder: false,
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
    await receiver.stop();
  });

  it(`shows rows, and how to go on, after ${maxActions.rows} actions`, async () => {
    await act('click the icon of the activity bar', workbench.openViewContainer(category));
    const button = workbench.welcomeButton(eventsView, 'Send Sample Events');
    await button.waitFor();
    const shown = workbench.view(eventsView).locator('.pane-body .monaco-button');
    assert.deepEqual(await shown.allInnerTexts(), ['Send Sample Events']);
    await workbench.welcomeButton(eventsView, 'Get Started').waitFor();
    await workbench.picture('answer-on-top/empty');
    await act('click Send Sample Events', button.click());
    const table = await tableDocument(workbench);
    await table.locator('[role="row"]', { hasText: 'Deactivate' }).waitFor();
    await table.locator('.next', { hasText: 'Until you add a destination' }).waitFor();
    await workbench.view(eventsView).locator('.monaco-list-row', { hasText: 'sent 200' }).nth(2).waitFor();
    assert.equal(await workbench.quickInputWidget.isVisible(), false);
    await workbench.picture('answer-on-top/rows');
    hold(maxActions.rows);
  });

  it(`sends twenty events to a callback, says why one failed, and sends it again, after ${maxActions.sentAgain}`, async () => {
    const { page } = workbench;
    receiver.answer({ status: 500, body: 'no contact list is set up' });
    const table = await tableDocument(workbench);
    const add = table.getByRole('button', { name: 'Add Destination' });
    await act('click Add Destination', add.click());
    await act('type the URL and press Enter', workbench.enter('The URL of your callback', receiver.url));
    await workbench.question('Which format?').waitFor();
    await act('press Enter at the first format', page.keyboard.press('Enter'));
    await add.waitFor({ state: 'hidden' });
    await workbench.view(eventsView).locator('.pane-header').hover();
    const beaker = workbench.view(eventsView).getByRole('button', { name: 'Send Sample Events…' });
    await act('click Send Sample Events…', beaker.click());
    const twenty = workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: '20 Mixed Events' });
    await act('click 20 Mixed Events', twenty.click());
    const failed = workbench.treeRow(eventsView, '500');
    await act('click the event that failed', failed.click());
    const event = workbench.webviewFrame();
    await event.getByText('no contact list is set up').first().waitFor();
    await workbench.picture('answer-on-top/why');

    receiver.answer({ status: 200 });
    await act(
      'click Resend',
      event
        .getByRole('button', { name: /^(?:Resend|Try Now)$/ })
        .first()
        .click(),
    );
    await event.locator('.heading .pill.sent').waitFor();
    await workbench.picture('answer-on-top/sent-again');
    hold(maxActions.sentAgain);
  });
});
