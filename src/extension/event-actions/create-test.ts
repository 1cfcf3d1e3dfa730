/** A test of the user's handler, made of one event. */
import * as vscode from 'vscode';
import type { CommandHandlers } from '../commands.ts';
import type { EventsNode } from '../events/event-node.ts';
import { connected } from '../session/connected.ts';
import { chosenRow } from '../events/chosen.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { openUntitled } from '../events/untitled.ts';
import { askReplaced, createScenario } from './create-scenario.ts';

/** The handlers of these commands. */
export function createTestCommands(parts: ActionParts): CommandHandlers<'tests'> {
  return {
    createTest: (node?: EventsNode) => createTest(parts, node),
    saveCreated: async () => {
      await vscode.commands.executeCommand('workbench.action.files.saveAs');
    },
    createScenario: (node?: EventsNode, nodes?: readonly EventsNode[]) => createScenario(parts, node, nodes),
  };
}

async function createTest(parts: ActionParts, node: EventsNode | undefined): Promise<void> {
  const { l10n } = vscode;
  const client = connected(parts.session);
  const row = chosenRow(parts, node);
  const { mainNotification, maskHeaders, testFile } = await import('../deferred.ts');
  const { notifications } = await client.request('events/get', { id: row.id });
  const notification = mainNotification(notifications);
  if (notification === undefined) {
    throw new CommandError(
      l10n.t('No notification was made of {0}', row.id),
      l10n.t('Test calls and rejected deliveries have none.'),
    );
  }
  const { destinations } = await client.request('relay/status', {});
  const configured = destinations.filter((each) => each.configured);
  const sentTo = notification.forwardings.find(({ destinationId }) =>
    configured.some((each) => each.destinationId === destinationId),
  );
  const replaced = await askReplaced(
    l10n.t('Create Test from Event'),
    l10n.t('The test can be shared. No signature fits: the test reads it from the environment.'),
    {
      label: l10n.t('As it was sent'),
      detail: l10n.t('The very bytes, with the subscriber’s data: a signature fits. Do not share the test.'),
    },
  );
  if (replaced === undefined) return;
  const url = await askUrl(sentTo?.destination ?? configured[0]?.url ?? '');
  if (url === undefined) return;
  const rendered = await client.request('notifications/render', {
    id: notification.id,
    ...(sentTo !== undefined && { destinationId: sentTo.destinationId }),
  });
  const text = testFile({
    subject: l10n.t('The callback of Campaign Monitor Relay'),
    // No address: titles end in reports.
    title: l10n.t('takes {0}', row.type ?? row.kind),
    comment: l10n.t('Made of {0}, received {1}. Run: npx mocha <this file>', row.id, row.receivedAt),
    url,
    headers: maskHeaders(rendered.headers),
    body: Buffer.from(rendered.body, 'base64'),
    replaced,
  });
  await openUntitled(`${[row.type ?? row.kind, row.id].join('-').replace(/[^\w-]/g, '-')}.test.mjs`, text);
}

async function askUrl(value: string): Promise<string | undefined> {
  const { l10n } = vscode;
  const url = await vscode.window.showInputBox({
    title: l10n.t('Create Test from Event'),
    prompt: l10n.t('The URL of your handler. The test posts the notification there and expects a 2xx.'),
    value,
    placeHolder: 'http://localhost:3000/callback',
    ignoreFocusOut: true,
    validateInput: (text) => {
      const parsed = URL.canParse(text.trim()) ? new URL(text.trim()).protocol : '';
      return /^https?:$/.test(parsed) ? undefined : l10n.t('Give a URL that begins with http:// or https://');
    },
  });
  return url?.trim();
}
