import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { filesHolding } from './files.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { giveSecret } from './secrets.ts';
import { clickUntil, openWorkbench, type Workbench } from './workbench.ts';

const planted = {
  signatureKey: 'planted-signature-key-8271',
  verifyKey: 'planted-verify-key-9164',
  credentials: 'Bearer planted-credentials-5530',
  incoming: 'planted-incoming-token-3307',
};
const secrets = Object.values(planted).flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);

describe('Keys and credentials', () => {
  let workbench: Workbench;
  const choose = (...path: string[]) =>
    workbench.chooseFromContextMenu(workbench.treeRow(eventsView, 'ann@example.com'), ...path);
  const clean = async (): Promise<void> => {
    // What webviews show stands in frames of their own.
    const texts = workbench.page.frames().map((frame) => frame.locator('body').innerText({ timeout: 5000 }));
    const shown = (await Promise.allSettled(texts))
      .map((text) => (text.status === 'fulfilled' ? text.value : ''))
      .join('\n');
    assert.deepEqual(
      secrets.filter((secret) => shown.includes(secret)),
      [],
    );
  };

  it('reach the callback, and stand in no file, document, tooltip, copy or export', async function () {
    this.timeout(240_000);
    const receiver = await startReceiver();
    receiver.answer({ status: 500 });
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
        'campaignMonitorRelay.destinations': [
          { url: receiver.url, signatureKeyName: 'mine', credentialsName: 'callback' },
        ],
      },
    });
    try {
      await workbench.openViewContainer(category);
      await startRelay(workbench);
      const dataDir = dataDirs(workbench)[0]!;
      await giveSecret(
        workbench,
        'Signature Key',
        ['Name of the key', 'mine'],
        ['Signature key “mine”', planted.signatureKey],
      );
      // Stored already, and sent nowhere before the user has said so.
      await workbench.answerDialog('Allow');
      await giveSecret(
        workbench,
        'Verify Key',
        ['Name of the key', 'theirs'],
        ['Verify key “theirs”', planted.verifyKey],
      );
      await giveSecret(
        workbench,
        'Destination Credentials',
        ['Name of the credentials', 'callback'],
        ['Header name for the credentials “callback”', 'Authorization'],
        ['Value of Authorization', planted.credentials],
      );
      await workbench.answerDialog('Allow');
      const { campaignMonitorUrl } = await until(async () => {
        const status = await statusOf(dataDir);
        return status.missingKeys.length === 0 && status.destinations[0]?.state !== 'held' ? status : undefined;
      });
      await send(campaignMonitorUrl, {
        body: sampleBody({ email: 'ann@example.com' }),
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${planted.incoming}` },
      });
      const [request] = await receiver.received(1);
      assert.equal(request?.header('authorization'), planted.credentials);

      const row = workbench.treeRow(eventsView, 'ann@example.com');
      await row.filter({ hasText: '500' }).waitFor();
      await workbench.tooltipOf(row, 'Received');
      await clean();
      const answered = workbench.webviewFrame().locator('#column-answered').getByText('Answered 500');
      await clickUntil(row, answered);
      await clean();
      await workbench.openAsText(row, 'Answer');
      await workbench.editorText();
      await clean();
      // The relay answers without them (test/relay/clients/control.test.ts): one format stands for all.
      const copied = await workbench.copied(async () => {
        await choose('Copy As…');
        await workbench.pick('cURL');
      });
      assert.deepEqual(
        secrets.filter((secret) => copied.includes(secret)),
        [],
      );
      await choose('Export…');
      await workbench.quickInputWidget.filter({ hasText: 'Shareable Fixture' }).waitFor();
      await workbench.pick('HAR');
      // The dialog for saving is the quick input too, with the path that is offered in it.
      await until(async () => (await workbench.quickInput.inputValue()).startsWith('/'), 30_000);
      await workbench.quickInput.press('Enter');
      const file = join(workbench.folder!, 'e1.har');
      const exported = await until(() => (existsSync(file) && readFileSync(file, 'utf8')) || undefined, 30_000);
      assert.deepEqual(
        secrets.filter((secret) => exported.includes(secret)),
        [],
      );
      await workbench.showNotification('Exported');
      await clean();
      assert.deepEqual(filesHolding(workbench.server.dataDir, secrets), []);
      assert.deepEqual(filesHolding(workbench.folder!, secrets), []);
      assert.deepEqual(filesHolding(workbench.userDataDir, secrets), []);
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
