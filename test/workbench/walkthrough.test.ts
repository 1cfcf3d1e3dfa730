import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { startReceiver } from '../relay/receiver.ts';
import { until } from '../relay/until.ts';
import { category, dataDirs, eventsView, statusItem, statusOf, stopRelays } from './relay.ts';
import { openWalkthrough, stepOf, steps, ticked } from './walkthrough.ts';
import { clickAway, clickUntil, openWorkbench, type Workbench } from './workbench.ts';

/** The tab of an event, which is called as its row. */
function eventTab(workbench: Workbench): Locator {
  return workbench.page.locator('.tab').filter({ hasText: /^\w+ · \S+@/ });
}

describe('The walkthrough', () => {
  it('leads from an empty VS Code to a sample that is normalized and answered, and on, by clicks alone', async function () {
    this.timeout(180_000);
    const began = Date.now();
    const callback = await startReceiver();
    const workbench = await openWorkbench({
      // Wide enough for the pictures beside the steps.
      viewport: { width: 1680, height: 900 },
      settings: { 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
    const container = workbench.page.locator('.gettingStartedContainer');
    const step = (title: string) => stepOf(workbench, title);
    const expanded = (title: string) => step(title).and(workbench.page.locator('.expanded'));
    const choose = async (title: string): Promise<void> => {
      // A step that completes itself opens the next one, perhaps at this moment.
      await clickUntil(step(title), expanded(title));
    };
    const button = (title: string, name: string) => step(title).getByRole('button', { name, exact: true });
    const done = (title: string) => ticked(workbench, title);
    const listens = workbench
      .statusBarItem(statusItem)
      .and(workbench.page.locator(':has([aria-label*="reachable from this machine only"])'));
    const begin = async (): Promise<void> => {
      await openWalkthrough(workbench);
      await step(steps.start).waitFor();
    };
    try {
      await begin();
      assert.equal(await container.locator('.getting-started-step').count(), Object.keys(steps).length);
      await workbench.picture('walkthrough/1-start');

      await choose(steps.start);
      await clickUntil(button(steps.start, 'Start Relay'), listens, 20_000);
      await done(steps.start);

      await choose(steps.sample);
      await workbench.runCommand('Notifications: Clear All Notifications');
      await workbench.picture('walkthrough/2-sample');
      // The walkthrough may be drawn anew meanwhile: the choice stays.
      await clickUntil(button(steps.sample, 'Send Sample Events'), workbench.page.locator('.part.panel'), 20_000);
      await workbench.picture('walkthrough/2-sample-sent');
      await done(steps.sample);

      await choose(steps.look);
      const answered = workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' });
      await clickUntil(button(steps.look, 'Show Events'), answered.nth(2));
      const { counts } = await statusOf(dataDirs(workbench)[0]!);
      assert.deepEqual({ events: counts.events, sent: counts.sent }, { events: 3, sent: 3 });
      console.log(`      after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      await workbench.picture('walkthrough/3-look');
      await clickUntil(answered.first(), eventTab(workbench));
      await workbench.picture('walkthrough/3-event');

      await begin();
      await done(steps.look);
      await choose(steps.look);
      const fails = workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: '500' });
      await clickUntil(button(steps.look, 'Choose the Receiver’s Answer…'), fails);
      await clickAway(fails);
      await workbench.runCommandThatAsks(`${category}: Send Sample Events…`, 'One event of each type');
      await workbench.page.keyboard.press('Enter');
      await workbench.treeRow(eventsView, '500').first().waitFor();
      await workbench.picture('walkthrough/3-failure');

      await begin();
      await choose(steps.callback);
      await workbench.picture('walkthrough/4-callback');
      await clickUntil(
        button(steps.callback, 'Add Destination'),
        workbench.quickInputWidget.filter({ hasText: 'The URL of your callback' }),
      );
      await workbench.picture('walkthrough/4-destination');
      await workbench.page.keyboard.press('Escape');
      await workbench.quickInputWidget.waitFor({ state: 'hidden' });

      // Every question of a sequence has the focus: nothing is typed into the walkthrough behind it.
      await begin();
      await choose(steps.callback);
      const asks = (question: string) => workbench.quickInputWidget.filter({ hasText: question });
      const type = async (question: string, text: string): Promise<void> => {
        await asks(question).locator('input:focus').waitFor();
        await workbench.page.keyboard.press('Control+A');
        await workbench.page.keyboard.type(text);
        // As a person does, who holds a key down for a while: what has the focus by then hears of its end.
        await workbench.page.keyboard.press('Enter', { delay: 120 });
      };
      // The step that was clicked takes the focus a quarter of a second later.
      await step(steps.callback).and(workbench.page.locator(':focus')).waitFor();
      await clickUntil(button(steps.callback, 'Add Destination'), asks('The URL of your callback'));
      await type('The URL of your callback', callback.url);
      await type('what SAP Open Connectors would post', 'Open Connectors');
      await done(steps.callback);
      await until(async () => {
        const { destinations } = (await statusOf(dataDirs(workbench)[0]!)).settings;
        return destinations[0]?.url === callback.url;
      });

      await begin();
      await choose(steps.public);
      await workbench.picture('walkthrough/5-public');
      await clickUntil(
        button(steps.public, 'Open Public URL'),
        workbench.quickInputWidget.getByText('nothing to install'),
        20_000,
      );
      await workbench.pick('localtunnel');
      await workbench.dialog.getByText('can read deliveries').waitFor();
      await workbench.answerDialog('Cancel');
      assert.equal((await statusOf(dataDirs(workbench)[0]!)).tunnel.state, 'closed');

      await clickUntil(
        button(steps.public, 'New Instance…'),
        workbench.webviewFrame().getByRole('heading', { name: 'New Instance' }),
        20_000,
      );
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
