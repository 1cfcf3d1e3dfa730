import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { FrameLocator, Page } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { EventRow } from '../../src/protocol/history.ts';
import { signatureHeader } from '../../src/open-connectors/signature.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { LocaltunnelServer } from '../relay/tunnel/stage.ts';
import { until } from '../relay/until.ts';
import { consentPage, decide } from './consent.ts';
import {
  category,
  dataDirs,
  eventsView,
  isStopped,
  startRelay,
  stopRelays,
  stopSandbox,
  untilStatusBar,
} from './relay.ts';
import { clickUntil, openWorkbench, picturesFolder, type Workbench } from './workbench.ts';
import { isLong } from '../long.ts';

const instancesView = 'campaignMonitorRelay.instances';

/** A notification, as far as it is looked at. */
interface Notification {
  readonly topic: string;
  readonly message: {
    readonly instanceName: string;
    readonly raw: { readonly ListID: string; readonly Events: readonly { readonly EmailAddress: string }[] };
    readonly events: readonly { readonly eventType: string; readonly objectId: string }[];
  };
}

describe('From nothing to a working instance', function () {
  this.timeout(180_000);
  let workbench: Workbench;
  let receiver: Receiver;
  let tunnel: LocaltunnelServer;
  let tries = 0;

  before(async () => {
    receiver = await startReceiver();
    tunnel = await LocaltunnelServer.start();
    workbench = await openWorkbench({
      viewport: { width: 1280, height: 960 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'localtunnel',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.keepAliveMinutes': 0.2,
      },
      machineSettings: { 'campaignMonitorRelay.tunnel.host': tunnel.host },
    });
    await workbench.openViewContainer(category);
  });
  after(async () => {
    await stopSandbox(workbench);
    await stopRelays(workbench);
    await workbench.close();
    await tunnel.kill();
    await receiver.stop();
  });

  /** Somebody subscribes at the vendor, to a list of the instance. */
  async function subscribe(name: string, address: string): Promise<void> {
    await workbench.chooseFromContextMenu(workbench.treeRow(instancesView, name), 'Add Subscriber in Sandbox…');
    const rows = workbench.page.locator('.quick-input-list .monaco-list-row');
    // The list of the instance is offered first.
    await rows.filter({ hasText: 'Newsletter' }).first().waitFor();
    await workbench.picture('loop/list');
    await workbench.page.keyboard.press('Enter');
    await workbench.quickInputWidget.filter({ hasText: 'Add Subscriber to Newsletter' }).waitFor();
    await workbench.picture('loop/subscriber');
    await workbench.enter('Add Subscriber to Newsletter', address);
    await workbench.showNotification(`Added ${address} to the list Newsletter. The event appears in the Events view.`);
    await workbench.picture('loop/subscribed');
  }

  async function eventOf(address: string): Promise<EventRow | undefined> {
    const client = await connectToRelay(dataDirs(workbench)[0]!);
    try {
      const { events } = await client.request('events/query', { filter: `address:${address}` });
      return events[0];
    } finally {
      client.close();
    }
  }

  /** Opens the public URL where it is not open, and agrees to it where that is asked. */
  async function makePublic(): Promise<void> {
    if (await isStopped(workbench)) await startRelay(workbench);
    if ((await untilStatusBar(workbench, category)).includes('open at')) return;
    await workbench.runCommand(`${category}: Open or Close Public URL`);
    const agreement = workbench.dialog.getByText('can read deliveries');
    await until(async () => {
      if (await agreement.isVisible()) await workbench.answerDialog('Open Public URL');
      return (await untilStatusBar(workbench, 'Campaign Monitor Relay')).includes('open at') || undefined;
    }, 60_000);
    await workbench.runCommand('Notifications: Clear All Notifications');
  }

  it('leads through form, consent and instance to a verified notification at the callback', async () => {
    tries += 1;
    const name = tries === 1 ? 'API Instance' : `API Instance ${tries}`;
    const address = tries === 1 ? 'ada@example.com' : `ada${tries}@example.com`;
    // The relay, reachable from outside.
    await makePublic();

    // The form, with the sandbox in place of both vendors.
    await workbench.runCommand('View: Close All Editors');
    await workbench.runCommand(`${category}: New Instance…`);
    const form: FrameLocator = workbench.webviewFrame();
    await clickUntil(form.locator('#do-useSandbox'), form.getByText('Sandbox values filled in.'), 20_000);
    await form.locator('#name input').fill(name);
    await form.locator('#oauthCallbackUrl input').fill(`http://localhost:${await freePort()}/oauth/callback`);
    await clickUntil(form.locator('#do-fillCallback'), form.getByText('This is the public URL of the relay.'), 20_000);
    await clickUntil(
      form.locator('#do-generateKey'),
      form.locator('#preview', { hasText: '"event.notification.signature.key": "********"' }),
    );
    await form.locator('#create[aria-disabled="false"]').waitFor();
    await workbench.picture('loop/form');

    // The consent in the browser.
    const page: Page = await consentPage(workbench, () =>
      clickUntil(form.locator('#create'), form.locator('#cancel'), 20_000),
    );
    await page.setViewportSize({ width: 900, height: 760 });
    if (isLong) await page.screenshot({ path: join(picturesFolder, 'loop', 'consent.png') });
    assert.match(await decide(page, 'Allow access'), /Access granted/);
    await page.close();

    // The instance.
    await form.locator('#created').waitFor();
    for (const progress of ['Creating instance', 'Grant access in the browser'])
      await workbench.notification(progress).waitFor({ state: 'hidden' });
    await workbench.picture('loop/created');
    await workbench.unfoldView(instancesView);
    await workbench.treeRow(instancesView, name).filter({ hasText: 'events on · to this relay' }).waitFor();

    // Somebody subscribes: webhook, platform, tunnel, relay, callback.
    await subscribe(name, address);
    const event = await until(async () => {
      const row = await eventOf(address);
      return row?.forwardings[0]?.state === 'sent' ? row : undefined;
    }, 60_000);
    assert.equal(event.source, 'open-connectors');
    assert.equal(event.signature, 'valid');
    assert.equal(event.type, 'CREATED');
    await workbench.treeRow(eventsView, address).filter({ hasText: 'sent 200' }).waitFor();
    await clickUntil(
      workbench.treeRow(eventsView, address),
      workbench.webviewFrame().locator('#body-cameIn').filter({ hasText: 'instanceName' }),
    );
    await workbench.picture('loop/event');

    const request = receiver.requests.find(({ text }) => text.includes(address));
    assert.ok(request);
    assert.match(request.header(signatureHeader) ?? '', /^sha256=/);
    const { topic, message } = request.json() as Notification;
    assert.match(topic, /^instance-\d+-campaignmonitor-events$/);
    assert.equal(message.instanceName, name);
    assert.equal(message.raw.ListID, documentedListId);
    assert.equal(message.raw.Events[0]?.EmailAddress, address);
    assert.deepEqual(
      message.events.map(({ eventType, objectId }) => [eventType, objectId]),
      [['CREATED', address]],
    );
  });
});
