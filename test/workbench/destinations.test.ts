import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import type { Receiver } from '../relay/receiver.ts';
import { category, dataDirs, settingsFile, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.destinations';

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
    until(() => Promise.resolve(JSON.stringify(inSettings()) === JSON.stringify(expected)));
  const quickInputWidget = () => workbench.quickInputWidget;
  const chooseField = async (label: string): Promise<void> => {
    const field = quickInputWidget().locator('.monaco-list-row').filter({ hasText: label }).first();
    await field.waitFor();
    await field.click();
  };

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
    await workbench.openViewContainer(category);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
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

  it('are the sample receiver while the settings name none', async () => {
    await row('Sample receiver').filter({ hasText: 'until you add a destination' }).waitFor();
    await startRelay(workbench);
    await row('Sample receiver').filter({ hasText: 'Ready' }).waitFor();
    await workbench.picture('destinations/sample');
  });

  it('are added by their URL and the format, without another question', async () => {
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

  it('are changed field by field from their row, lists and types too', async () => {
    await untilDone(async () => {
      await row(place()).hover({ timeout: 5000 });
      await row(place()).getByRole('button', { name: 'Edit Destination…' }).click({ timeout: 5000 });
      await workbench.question('Choose a setting to change').waitFor({ timeout: 5000 });
    });
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
    await workbench.question('The key itself').waitFor();
    const key = quickInputWidget().locator('.quick-input-box input').first();
    await key.fill('s3cret');
    await key.press('Enter');
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
});
