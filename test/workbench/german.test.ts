import assert from 'node:assert/strict';
import { category, eventsView, stopRelays, untilStatusBar } from './relay.ts';
import { openWalkthrough, stepOf, ticked } from './walkthrough.ts';
import { itLong } from '../long.ts';
import { tableDocument } from './table.ts';
import { openWorkbench } from './workbench.ts';

describe('In German', () => {
  it('views, palette, status bar, quick picks, menus, documents, dialogs and the walkthrough are German', async () => {
    const workbench = await openWorkbench({
      locale: 'de',
      viewport: { width: 1440, height: 900 },
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 },
    });
    const rows = workbench.view(eventsView).locator('.monaco-list-row');
    try {
      await workbench.openViewContainer(category);
      await workbench.view(eventsView).getByText('Das Relay läuft nicht.').waitFor();
      for (const name of ['Ziele', 'Instanzen', 'Webhooks'])
        await workbench.page.locator('.sidebar .pane-header').filter({ hasText: name }).waitFor();
      await workbench.picture('german/stopped');

      await workbench.runCommand(`${category}: Relay starten`);
      await untilStatusBar(workbench, 'nur von diesem Rechner erreichbar');
      await workbench.runCommand(`${category}: Beispiel-Events senden …`);
      const sent = rows.filter({ hasText: 'gesendet 200' });
      await sent.nth(2).waitFor();
      const next = (await tableDocument(workbench)).locator('.next', { hasText: 'Bis Sie ein Ziel hinzufügen' });
      await next.getByRole('button', { name: 'Ziel hinzufügen' }).waitFor();
      await workbench.picture('german/samples');
      // What a screen reader says is German, too; the vendor's types stay as they are.
      assert.match((await sent.last().getAttribute('aria-label')) ?? '', /^Subscribe, .*gesendet 200 .*Liste /);

      await workbench.chooseFromContextMenu(sent.last(), 'Als Text öffnen …');
      await workbench.pick('Benachrichtigung');
      await workbench.page.locator('.tab.active').filter({ hasText: 'notification' }).waitFor();

      await workbench.runCommand(`${category}: Ziel hinzufügen …`);
      await workbench.quickInputWidget.filter({ hasText: 'Ziel hinzufügen' }).waitFor();
      await workbench.quickInput.fill('nirgends');
      await workbench.quickInputWidget.getByText('Geben Sie eine URL mit http:// oder https:// ein').waitFor();
      await workbench.picture('german/destination');
      await workbench.page.keyboard.press('Escape');

      await workbench.runCommand(`${category}: Verlauf löschen …`);
      await workbench.dialog.getByRole('button', { name: 'Verlauf löschen' }).waitFor();
      await workbench.answerDialog('Cancel');

      await openWalkthrough(workbench, 'Erste Schritte mit Campaign Monitor Relay');
      await workbench.page.locator('.gettingStartedContainer').getByText('Ein Event ansehen').first().waitFor();
      // What was done before it was opened, and by other ways than its own, is ticked.
      for (const title of ['Relay starten', 'Beispiel-Events senden']) await ticked(workbench, title);
      const isTicked = stepOf(workbench, 'Echte Events empfangen').locator('.codicon-getting-started-step-checked');
      assert.equal(await isTicked.count(), 0);
      await workbench.picture('german/walkthrough');
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });

  itLong('it is said how the tunnel is, which only the relay knows', async () => {
    const workbench = await openWorkbench({
      locale: 'de',
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'fixed',
        // Nobody listens there.
        'campaignMonitorRelay.tunnel.url': 'http://127.0.0.1:1',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    try {
      await workbench.runCommand(`${category}: Öffentliche URL öffnen oder schließen`);
      await workbench.dialog.getByText('geheimen Pfad').waitFor();
      await workbench.answerDialog('Öffentliche URL öffnen');
      const said = await untilStatusBar(workbench, 'antwortet nicht (');
      assert.match(
        said,
        /http:\/\/127\.0\.0\.1:1 antwortet nicht \(Verbindung abgelehnt\); neuer Versuch in \d+ (?:m?s)\./,
      );
      await workbench.picture('german/tunnel');
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
