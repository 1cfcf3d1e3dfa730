import assert from 'node:assert/strict';
import { startReceiver } from '../relay/receiver.ts';
import type { Receiver } from '../relay/receiver.ts';
import { category, eventsView, stopRelays, untilStatusBar } from './relay.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/** The most that somebody has to do from an empty window to a notification that is sent again. */
const mostActions = 12;

describe('From an empty window to “I know why it failed, and it is sent again”', () => {
  let workbench: Workbench;
  let receiver: Receiver;

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

  it(`takes at most ${mostActions} actions: each a click, a key, or a text that is typed and entered`, async () => {
    const { page } = workbench;
    const actions: string[] = [];
    const act = async (what: string, action: Promise<unknown>): Promise<void> => {
      actions.push(what);
      await action;
    };
    const welcome = (name: string) => workbench.welcomeButton(eventsView, name);
    receiver.answer({ status: 500, body: 'no contact list is set up' });

    await act('click the icon of the activity bar', workbench.openViewContainer(category));
    await act('click Start Relay', welcome('Start Relay').click());
    await untilStatusBar(workbench, 'reachable from this machine only');
    await act('click Add Destination', welcome('Add Destination').click());
    await act('type the URL and press Enter', workbench.enter('The URL of your callback', receiver.url));
    await workbench.question('Which format?').waitFor();
    await act('press Enter at the first format', page.keyboard.press('Enter'));
    await workbench.quickInputWidget.getByText('Added').waitFor();
    await act('press Enter at Done', page.keyboard.press('Enter'));
    await welcome('Add Destination').waitFor({ state: 'hidden' });
    await act('click Send Sample Events', welcome('Send Sample Events').click());
    await workbench.quickInputWidget.filter({ hasText: 'One event of each type' }).waitFor();
    await act('press Enter at the first choice', page.keyboard.press('Enter'));
    const failed = workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: '500' }).first();
    await failed.waitFor();
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
    assert.ok(actions.length <= mostActions, `${actions.length}: ${actions.join(', ')}`);
  });
});
