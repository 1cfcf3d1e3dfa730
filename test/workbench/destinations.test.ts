import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { category, dataDirs, eventsView, settingsFile, statusOf, stopRelays } from './relay.ts';
import { tableDocument } from './table.ts';
import { clickAway, openWorkbench, untilDone, type Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.destinations';

/** The most that a newcomer has to do until there are rows, and until a notification that failed is sent again. */
const maxActions = { rows: 2, sentAgain: 9 };

describe('Destinations, as a person adds, changes and removes them', () => {
  let workbench: Workbench;
  let receiver: Receiver;

  const row = (text: string) => workbench.treeRow(view, text);
  /** Undefined while the file is being written. */
  const inSettings = (): unknown => {
    const text = readFileSync(settingsFile(workbench), 'utf8');
    if (text === '') return undefined;
    return (JSON.parse(text) as Record<string, unknown>)['campaignMonitorRelay.destinations'];
  };
  const place = (): string => receiver.url.replace('http://', '');
  /** The settings name this destination and no other. */
  const untilSettings = (expected: unknown): Promise<unknown> =>
    until(() => isDeepStrictEqual(inSettings(), expected), undefined, `settings ${JSON.stringify(expected)}`);
  const quickInputWidget = () => workbench.quickInputWidget;
  const chooseField = async (label: string): Promise<void> => {
    const field = quickInputWidget().locator('.monaco-list-row').filter({ hasText: label }).first();
    await field.waitFor();
    await field.click();
  };

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
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
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

  it('stand above views that open to a height in which their first step is seen, on top', async () => {
    for (const [name, step] of [
      ['instances', 'Set Open Connectors Secrets'],
      ['webhooks', 'Sign In'],
    ] as const) {
      const below = `campaignMonitorRelay.${name}`;
      await workbench.unfoldView(below);
      const button = workbench.welcomeButton(below, step).first();
      await button.waitFor();
      await workbench.picture(`destinations/${name}-unfolded`);
      const whole = async (): Promise<boolean> => {
        const body = await workbench.view(below).locator('.pane-body').boundingBox();
        const box = await button.boundingBox();
        return body !== null && box !== null && body.height >= 120 && box.y + box.height <= body.y + body.height;
      };
      await until(whole);
      await workbench.unfoldView(below, false);
    }
  });

  it('are changed field by field from their row, lists and types too', async () => {
    await untilDone(async () => {
      await row(place()).hover({ timeout: 5000 });
      await row(place()).getByRole('button', { name: 'Edit Destination…' }).click({ timeout: 5000 });
    });
    // A second click would open the picker again, on top of the next question.
    await workbench.question('Choose a setting to change').waitFor();
    await chooseField('Lists');
    await workbench.enter('List IDs, separated by commas.', '96c0bbdaa54760c8d9e62a2b7ffa2e13');
    await untilSettings([{ url: receiver.url, lists: ['96c0bbdaa54760c8d9e62a2b7ffa2e13'] }]);
    await chooseField('Format');
    await workbench.question('Which format?').waitFor();
    await chooseField('Campaign Monitor’s own bytes');
    const changed = { url: receiver.url, lists: ['96c0bbdaa54760c8d9e62a2b7ffa2e13'], mode: 'raw' };
    await untilSettings([changed]);
    await quickInputWidget().getByText('Done').click();
    await row(place()).filter({ hasText: 'raw deliveries' }).waitFor();
    // A field is changed from its own row, too.
    await workbench.unfoldRow(view, place());
    await workbench.picture('destinations/unfolded');
    await row('Lists').click();
    await workbench.enter('List IDs, separated by commas.', '');
    await untilSettings([{ url: receiver.url, mode: 'raw' }]);
    await row('Lists').filter({ hasText: 'all' }).waitFor();
    await row('Signature key').click();
    await workbench.enter('Not Signed', 'New Key');
    await workbench.enter('Name of the key', 'added');
    await workbench.enter('as your callback knows it', 's3cret');
    await untilSettings([{ url: receiver.url, mode: 'raw', signatureKeyName: 'added' }]);
    // The rows are of the changed settings, too: the next spec removes one.
    await row('Signature key').filter({ hasText: 'added' }).waitFor();
  });

  it('are removed by a key from the focused row, once that is confirmed', async () => {
    await untilDone(async () => {
      await row(place()).click({ timeout: 5000 });
      await workbench.page.keyboard.press('Delete');
      await workbench.dialog.getByText('Remove the destination').waitFor({ timeout: 5000 });
    });
    await workbench.picture('destinations/remove');
    await workbench.answerDialog('Remove');
    await untilSettings([]);
    await row('Sample receiver').waitFor();
    assert.equal(await workbench.view(view).locator('.monaco-list-row').count(), 1);
  });

  it('are the sample receiver while the settings name none, which answers what one chooses', async () => {
    await row('Sample receiver')
      .filter({ hasText: 'Ready' })
      .filter({ hasText: 'until you add a destination' })
      .waitFor();
    await workbench.picture('destinations/sample');
    const answer = async (label: string): Promise<void> => {
      await untilDone(async () => {
        await workbench.chooseUntil(
          row('Sample receiver'),
          'Choose the Sample Receiver’s Answer…',
          quickInputWidget().getByText('Sample Receiver’s Answer'),
        );
        await clickAway(quickInputWidget().locator('.monaco-list-row').filter({ hasText: label }));
        // Chosen is not yet told: the extension says when it is, for a while.
        await workbench.page.locator('.statusbar').getByText(`now answers: ${label}`).waitFor({ timeout: 10_000 });
      });
    };
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    await answer('500');
    await send(campaignMonitorUrl, { body: sampleBody({ email: 'fails@example.com' }) });
    await workbench.treeRow(eventsView, 'fails@example.com').filter({ hasText: '500' }).waitFor();
    await answer('200');
    await send(campaignMonitorUrl, { body: sampleBody({ email: 'works@example.com' }) });
    await workbench.treeRow(eventsView, 'works@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.picture('actions/sample-receiver');
  });

  it('are added by their URL and the format, without another question', async () => {
    // One that the relay has not met.
    receiver = await startReceiver();
    await workbench.runCommandThatAsks(`${category}: Add Destination…`, 'The URL of your callback');
    // As people write it, and as the terminal takes it.
    await workbench.enter('The URL of your callback', place());
    await workbench.question('Which format?').waitFor();
    const [notifications, raw, ...others] = await workbench.quickPickItems();
    assert.match(notifications ?? '', /^Open Connectors notifications.*what SAP Open Connectors would post/);
    assert.match(raw ?? '', /^Campaign Monitor’s own bytes \(raw\).*exactly what Campaign Monitor posts/);
    assert.deepEqual(others, []);
    await workbench.picture('destinations/format');
    await workbench.page.keyboard.press('Enter');
    await untilSettings([{ url: receiver.url }]);
    await quickInputWidget().waitFor({ state: 'hidden' });
    await workbench.picture('destinations/added');
    // Whether anything listens there is not known yet: no tick.
    await row(place()).filter({ hasText: 'not yet tried' }).waitFor();
    assert.equal(await row(place()).locator('.codicon-check').count(), 0);
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    await send(campaignMonitorUrl, { body: sampleBody() });
    await receiver.received(1);
    await row(place()).filter({ hasText: 'Ready' }).locator('.codicon-check').waitFor();
  });

  it('need no folder: an edited body is saved where one says', async () => {
    await workbench.chooseFromContextMenu(workbench.treeRow(eventsView, 'works@example.com'), 'Edit and Resend');
    await workbench.page.locator('.tab.active').filter({ hasText: 'campaign-monitor.json' }).waitFor();
    await untilDone(async () => {
      await workbench.page.locator('.editor-group-container.active .monaco-editor').first().click();
      await workbench.page.keyboard.press('Control+s');
      await quickInputWidget().getByText('Save As').first().waitFor({ timeout: 5000 });
    });
    await workbench.picture('actions/save-without-folder');
  });
});
