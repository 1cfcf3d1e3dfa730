/** Registers this window's relay on lists: asks which, for which events and in which format. */
import * as vscode from 'vscode';
import { cancellable } from '../../ui/progress.ts';
import { commandId } from '../../commands.ts';
import { inMessage } from '../../ui/printable.ts';
import { openVendorUrls } from '../../relay/urls.ts';
import type { Registration } from './journal.ts';
import type { WebhookCommandParts } from './webhook-command-parts.ts';
import { sayFailure } from './webhook-keeper.ts';
import type { Outcome } from './webhook-keeper.ts';
import type { ListNode, WebhooksNode } from './webhook-node.ts';
import type { WebhooksView } from './webhooks-view.ts';

/** On the lists that are selected in the view, else on those that the user picks. */
export async function registerWebhooks(
  parts: WebhookCommandParts,
  node?: WebhooksNode,
  nodes?: readonly WebhooksNode[],
): Promise<void> {
  const { keeper, view, picker } = parts;
  const chosen = node === undefined ? [] : view.selected(node, nodes).filter((each) => each.kind === 'list');
  const title = vscode.l10n.t('Register This Relay on Lists');
  const registered = new Set(keeper.own().map(({ accountId, listId }) => `${accountId} ${listId}`));
  const lists =
    chosen.length > 0
      ? chosen
      : await picker.pickLists(title, ({ account, listId }) =>
          registered.has(`${account.id} ${listId}`) ? vscode.l10n.t('registered') : '',
        );
  if (lists === undefined || lists.length === 0) return;
  const events = await pickEvents(title);
  if (events === undefined) return;
  const format = await pickFormat(title);
  if (format === undefined) return;
  await registerOn(parts, lists, events, format);
}

/** Makes the relay public where need be, as it is not for the sandbox's account alone; registers it, and says what came of it. */
export async function registerOn(
  parts: WebhookCommandParts,
  lists: readonly ListNode[],
  events: readonly string[],
  format: 'json' | 'xml',
): Promise<void> {
  const { session, keeper, view, log } = parts;
  const isSandbox = lists.every(({ account }) => account.kind === 'sandbox');
  const url = (await openVendorUrls(session, { isSandbox }))?.campaignMonitor;
  if (url === undefined) return;
  const outcome = await cancellable(vscode.l10n.t('Registering webhooks'), (signal) =>
    keeper.register(lists, { events, format }, url, signal),
  );
  const isOf = (list: ListNode, all: readonly { readonly registration: Registration }[]): boolean =>
    all.some(({ registration }) => registration.accountId === list.account.id && registration.listId === list.listId);
  const registered = lists.filter((list) => isOf(list, outcome.done));
  if (registered.length > 0) {
    log.info(`webhooks registered on ${registered.map(({ listId }) => listId).join(', ')}`);
    void sayRegistered(view, outcome, registered);
  }
  await view.unfold(registered);
  const [failure] = outcome.failures;
  if (failure === undefined) return;
  const again = vscode.l10n.t('Try Again');
  const choice = await vscode.window.showErrorMessage(sayFailure(failure), again);
  if (choice !== again) return;
  const left = lists.filter((list) => isOf(list, outcome.failures));
  await registerOn(parts, left, events, format);
}

/** Says so, and offers to test the webhook where it is one. */
async function sayRegistered(
  view: WebhooksView,
  { done }: Outcome,
  [list, ...others]: readonly ListNode[],
): Promise<void> {
  const names = done.map(({ registration }) => inMessage(registration.listName, 60)).join(', ');
  const testIt = vscode.l10n.t('Test Webhook');
  const choice = await vscode.window.showInformationMessage(
    done.every(({ brought }) => brought === 'kept')
      ? vscode.l10n.t('This relay was registered already: {0}.', names)
      : vscode.l10n.t('This relay is registered: {0}. Changes of subscribers now arrive in the events view.', names),
    ...(others.length === 0 ? [testIt] : []),
  );
  if (choice !== testIt || list === undefined) return;
  const node = (await view.getChildren(list)).find(
    (each) => each.kind === 'webhook' && view.placeOf(each) === 'current',
  );
  await vscode.commands.executeCommand(commandId('testWebhook'), node);
}

async function pickEvents(title: string): Promise<string[] | undefined> {
  const { l10n } = vscode;
  const events = [
    { label: 'Subscribe', description: l10n.t('somebody joins'), picked: true },
    { label: 'Update', description: l10n.t('an address, a name or a field changes'), picked: true },
    { label: 'Deactivate', description: l10n.t('somebody leaves, bounces or is deleted'), picked: true },
  ];
  const chosen = await vscode.window.showQuickPick(events, {
    title,
    placeHolder: l10n.t('Which events?'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen === undefined || chosen.length === 0 ? undefined : chosen.map(({ label }) => label);
}

async function pickFormat(title: string): Promise<'json' | 'xml' | undefined> {
  const formats = [
    { label: 'JSON', description: vscode.l10n.t('documented by Campaign Monitor'), format: 'json' },
    {
      label: 'XML',
      description: vscode.l10n.t('read by element names, its exact shape is not documented'),
      format: 'xml',
    },
  ] as const;
  const chosen = await vscode.window.showQuickPick(formats, {
    title,
    placeHolder: vscode.l10n.t('Which format?'),
    ignoreFocusOut: true,
  });
  return chosen?.format;
}
