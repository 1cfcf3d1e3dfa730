import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { category, dataDirs, eventsView, startByButton, statusOf, stopRelays } from './relay.ts';
import { clickUntil, openWorkbench, type Workbench } from './workbench.ts';

describe('Deliveries in VS Code’s debugger', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;

  const toolbar = (): Locator => workbench.page.locator('.debug-toolbar');
  const tool = (name: string): Locator => toolbar().locator(`.action-label[aria-label^="${name}"]`);
  /** Presses a key of the debugger once its tool can be used: before that, VS Code ignores the key. */
  const pressOf = async (name: string, key: string): Promise<void> => {
    await tool(name).and(workbench.page.locator(':not(.disabled)')).waitFor();
    await workbench.page.keyboard.press(key);
  };
  const callStack = (): Locator => workbench.page.locator('.debug-call-stack');
  const inCallStack = (text: string): Locator => callStack().locator('.monaco-list-row').filter({ hasText: text });
  /** The document in sight is that of an event's notification. */
  const shown = (eventId: string): Locator =>
    workbench.page.locator('.tab.active .label-name').filter({ hasText: new RegExp(`^${eventId}\\snotification`) });
  const unfold = async (row: Locator): Promise<void> => {
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
    await row.and(workbench.page.locator('[aria-expanded="true"]')).waitFor();
  };
  const variables = (): Locator => workbench.page.locator('.debug-variables');
  const variable = (text: string): Locator => variables().locator('.monaco-list-row').filter({ hasText: text }).first();
  const breakpoint = (text: string): Locator =>
    workbench.page.locator('.debug-breakpoints .monaco-list-row').filter({ hasText: text }).first();
  const deliver = (name: string): Promise<unknown> =>
    send(url, { body: sampleBody({ email: `${name}@example.org` }), headers: { 'Content-Type': 'application/json' } });
  const sent = (): string[] => receiver.requests.map(({ text }) => /([\w-]+)@example\.org/.exec(text)?.[1] ?? '');

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      viewport: { width: 1600, height: 1000 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startByButton(workbench);
    await workbench.view(eventsView).getByText('No events yet.').waitFor();
    ({ campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!));
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('begin by one command, and stop at the first event that comes, with its thread, frames, variables and document', async () => {
    await workbench.runCommand(`${category}: Debug Deliveries`);
    await toolbar().first().waitFor();
    // The toolbar is there before the relay knows of the breakpoint.
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).sending.breakpoints === 1);
    await deliver('ann');
    await inCallStack('ann@example.org').first().waitFor();
    await inCallStack('Before sending').first().waitFor();
    // The view was not there yet when the session stopped.
    await unfold(inCallStack('ann@example.org').first());
    await inCallStack('before sending to').waitFor();
    await inCallStack('n1 normalized').waitFor();
    await inCallStack('d1 received').waitFor();
    await shown('e1').waitFor();
    await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor();
    await unfold(variable('Event'));
    await variable('EmailAddress').filter({ hasText: 'ann@example.org' }).waitFor();
    assert.deepEqual(sent(), []);
    await workbench.page.mouse.move(1000, 400);
    await workbench.picture('debugging/stopped');
  });

  it('step over with the pointer and the keyboard, one after another, in order', async () => {
    await deliver('bob');
    await deliver('cid');
    await inCallStack('cid@example.org').first().waitFor();
    await tool('Step Over').click();
    await receiver.received(1);
    await inCallStack('ann@example.org').first().waitFor({ state: 'detached' });
    await shown('e2').waitFor();
    await pressOf('Step Over', 'F10');
    await receiver.received(2);
    assert.deepEqual(sent(), ['ann', 'bob']);
    await shown('e3').waitFor();
  });

  it('continue from the one that was stepped to, and pause again by the button and the key', async () => {
    await deliver('dan');
    await inCallStack('dan@example.org').first().waitFor();
    await pressOf('Continue', 'F5');
    await receiver.received(3);
    await shown('e4').waitFor();
    // Every event stops: that is taken away.
    await breakpoint('Every Event').locator('.monaco-checkbox, input[type="checkbox"]').first().click();
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).sending.breakpoints === 0);
    await tool('Continue').click();
    await receiver.received(4);
    await tool('Pause').waitFor();
    await deliver('eli');
    await receiver.received(5);
    await tool('Pause').click();
    await tool('Continue').waitFor();
    await deliver('fay');
    await inCallStack('fay@example.org').first().waitFor();
    await workbench.picture('debugging/paused');
    await pressOf('Continue', 'F5');
    await receiver.received(6);
    await tool('Pause').waitFor();
    assert.deepEqual(sent(), ['ann', 'bob', 'cid', 'dan', 'eli', 'fay']);
  });

  it('stop at a function breakpoint with a condition, which says how often it was met', async () => {
    const { page } = workbench;
    const input = page.locator('.debug-breakpoints .inputBoxContainer input');
    await breakpoint('Every Event').hover();
    await clickUntil(page.locator('.pane-header [aria-label^="Add Function Breakpoint"]'), input);
    await input.fill('Subscribe');
    await input.press('Enter');
    await breakpoint('Subscribe').waitFor();
    await until(async () => (await statusOf(dataDirs(workbench)[0]!)).sending.breakpoints === 1);
    await deliver('gil');
    await inCallStack('gil@example.org').first().waitFor();
    await inCallStack('Before sending').first().waitFor();
    await workbench.tooltipOf(breakpoint('Subscribe'), 'Checked: 1, matched: 1, stopped: 1.');
    await workbench.picture('debugging/function-breakpoint');
  });

  it('end without a word to what is held: a message says that it is, and goes on where one wants that', async () => {
    const before = receiver.requests.length;
    await tool('Disconnect').click();
    await workbench.showNotification('sending is still paused. Held: 1.');
    await workbench.picture('debugging/ended');
    assert.equal((await statusOf(dataDirs(workbench)[0]!)).sending.state, 'paused');
    assert.equal((await statusOf(dataDirs(workbench)[0]!)).sending.breakpoints, 0);
    await workbench.answerNotification('sending is still paused', 'Continue Sending');
    await receiver.received(before + 1);
    assert.equal((await statusOf(dataDirs(workbench)[0]!)).sending.state, 'flowing');
  });
});
