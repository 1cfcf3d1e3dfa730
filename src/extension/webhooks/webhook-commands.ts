/** Commands about webhooks: register, test, activate, deactivate, delete, copy. */
import * as vscode from 'vscode';
import type { AccountStore } from '../accounts/account-store.ts';
import { CommandError } from '../command-error.ts';
import { cancellable, working } from '../cancellable-progress.ts';
import { commandId } from '../commands.ts';
import type { CommandHandlers } from '../commands.ts';
import { inMessage, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { maskUrl } from './hook-url.ts';
import type { Registration, StoredJournal } from './journal.ts';
import type { ListNode, WebhookNode, WebhooksNode } from './webhook-node.ts';
import type { ListPicker } from './pick-lists.ts';
import { openPublicUrls } from '../relay-urls.ts';
import { testWords } from './test-words.ts';
import { sayFailure } from './webhook-keeper.ts';
import type { Outcome, WebhookKeeper } from './webhook-keeper.ts';
import type { WebhooksView } from './webhooks-view.ts';

export type WebhookCommand =
  | 'refreshWebhooks'
  | 'registerWebhooks'
  | 'testWebhook'
  | 'activateWebhook'
  | 'deactivateWebhook'
  | 'deleteWebhook'
  | 'deleteOldWebhooks'
  | 'copyWebhookUrl'
  | 'copyWebhookId';

export interface WebhookCommandParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: StoredJournal;
  readonly view: WebhooksView;
  readonly keeper: WebhookKeeper;
  readonly picker: ListPicker;
}

/** The handlers of these commands. */
export function createWebhookCommands(parts: WebhookCommandParts): Pick<CommandHandlers, WebhookCommand> {
  const { view } = parts;
  return {
    refreshWebhooks: () => view.refresh(),
    registerWebhooks: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) => register(parts, node, nodes),
    testWebhook: (node?: WebhooksNode) => test(parts, one(view, node)),
    activateWebhook: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) =>
      change(parts, 'activate', some(view, node, nodes)),
    deactivateWebhook: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) =>
      change(parts, 'deactivate', some(view, node, nodes)),
    deleteWebhook: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) =>
      change(parts, 'delete', some(view, node, nodes)),
    deleteOldWebhooks: () => deleteOld(parts),
    copyWebhookUrl: (node?: WebhooksNode) => copy(one(view, node).hook.url),
    copyWebhookId: (node?: WebhooksNode) => copy(one(view, node).hook.webhookId),
  };
}

/** @throws CommandError where no webhook is selected */
function some(
  view: WebhooksView,
  node?: WebhooksNode,
  nodes?: readonly WebhooksNode[],
): [WebhookNode, ...WebhookNode[]] {
  const [first, ...others] = view.selected(node, nodes).filter((each) => each.kind === 'webhook');
  if (first !== undefined) return [first, ...others];
  throw new CommandError(
    vscode.l10n.t('No webhook is selected'),
    vscode.l10n.t('Select one in the webhooks view and try again.'),
  );
}

function one(view: WebhooksView, node?: WebhooksNode): WebhookNode {
  return some(view, node)[0];
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 5000);
}

async function register(
  parts: WebhookCommandParts,
  node?: WebhooksNode,
  nodes?: readonly WebhooksNode[],
): Promise<void> {
  const { keeper, view, picker } = parts;
  const chosen = node === undefined ? [] : view.selected(node, nodes).filter((each) => each.kind === 'list');
  const title = vscode.l10n.t('Register this relay');
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

async function registerOn(
  parts: WebhookCommandParts,
  lists: readonly ListNode[],
  events: readonly string[],
  format: 'json' | 'xml',
): Promise<void> {
  const { session, keeper, view } = parts;
  const url = (await openPublicUrls(session))?.campaignMonitor;
  if (url === undefined) return;
  const outcome = await cancellable(vscode.l10n.t('Registering webhooks'), (signal) =>
    keeper.register(lists, { events, format }, url, signal),
  );
  if (outcome.done.length > 0) void sayRegistered(outcome);
  const isOf = (list: ListNode, all: readonly { readonly registration: Registration }[]): boolean =>
    all.some(({ registration }) => registration.accountId === list.account.id && registration.listId === list.listId);
  await view.unfold(lists.filter((list) => isOf(list, outcome.done)));
  const [failure] = outcome.failures;
  if (failure === undefined) return;
  const again = vscode.l10n.t('Try Again');
  const choice = await vscode.window.showErrorMessage(sayFailure(failure), again);
  if (choice !== again) return;
  const left = lists.filter((list) => isOf(list, outcome.failures));
  await registerOn(parts, left, events, format);
}

function sayRegistered({ done }: Outcome): Thenable<unknown> {
  const names = done.map(({ registration }) => inMessage(registration.listName, 60)).join(', ');
  return vscode.window.showInformationMessage(
    done.every(({ brought }) => brought === 'kept')
      ? vscode.l10n.t('This relay was registered already: {0}.', names)
      : vscode.l10n.t('This relay is registered: {0}. Changes of subscribers now arrive in the events view.', names),
  );
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

async function test(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const { accounts, log, view } = parts;
  const { list, hook } = node;
  const api = await accounts.api(list.account);
  try {
    await working(vscode.l10n.t('Testing the webhook'), (signal) =>
      api.testWebhook(list.listId, hook.webhookId, signal),
    );
  } catch (error) {
    const { kind, resultData, message } = error as Error & { kind?: string; resultData?: unknown };
    if (kind !== 'webhook-test-failed') throw error;
    const { explainTestFailure } = await import('../client.ts');
    const { why, next, step } = testWords(explainTestFailure(resultData), view.placeOf(node), vscode.l10n);
    log.warn(`the test of webhook ${hook.webhookId} failed: ${why} (${message})`);
    await sayTestFailed(parts, node, why, next, step);
    return;
  }
  void vscode.window.showInformationMessage(
    vscode.l10n.t('Campaign Monitor reached {0}.', inMessage(maskUrl(hook.url))),
  );
}

async function sayTestFailed(
  parts: WebhookCommandParts,
  node: WebhookNode,
  why: string,
  next: string,
  step: 'move' | 'open-public-url' | 'none',
): Promise<void> {
  const again = vscode.l10n.t('Test Again');
  const steps = {
    move: [vscode.l10n.t('Register This Relay')],
    'open-public-url': [vscode.l10n.t('Open Public URL')],
    none: [],
  };
  const choice = await vscode.window.showErrorMessage(
    vscode.l10n.t('The test of the webhook failed: {0}. {1}', why, next),
    ...steps[step],
    again,
  );
  if (choice === again) await test(parts, node);
  else if (choice !== undefined && step === 'move') {
    const { hook } = node;
    await registerOn(parts, [node.list], hook.events, hook.format ?? 'json');
  } else if (choice !== undefined) await vscode.commands.executeCommand(commandId('openTunnel'));
}

type Change = 'activate' | 'deactivate' | 'delete';

/** Of somebody else's, one alone is changed, and only after a question; of ours, any number. */
async function change(parts: WebhookCommandParts, what: Change, nodes: readonly WebhookNode[]): Promise<void> {
  const { view } = parts;
  const foreign = nodes.filter((node) => !view.isCreated(node));
  if (foreign.length > 0 && nodes.length > 1 && foreign.some((node) => view.placeOf(node) === 'foreign')) {
    throw new CommandError(
      vscode.l10n.t('Some of these webhooks are not this tool’s'),
      vscode.l10n.t('Somebody else’s are changed one at a time: select one alone.'),
    );
  }
  if (foreign.length > 0 && what !== 'activate' && !(await confirm(view, what, foreign))) return;
  const failures: string[] = [];
  await cancellable(titleOf(what), async (signal) => {
    for (const node of nodes) {
      if (signal.aborted) return;
      try {
        await changeOne(parts, what, node, signal);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  });
  view.refreshWebhooks(nodes.map(({ list }) => list));
  const [failure] = failures;
  if (failure !== undefined) {
    throw new CommandError(
      vscode.l10n.t('{0} of {1} webhooks were not changed: {2}', failures.length, nodes.length, failure),
      vscode.l10n.t('Refresh the view and try again.'),
    );
  }
}

async function changeOne(
  { accounts, journal }: WebhookCommandParts,
  what: Change,
  { list, hook }: WebhookNode,
  signal: AbortSignal,
): Promise<void> {
  const { account, listId } = list;
  const api = await accounts.api(account);
  switch (what) {
    case 'activate':
      await api.activateWebhook(listId, hook.webhookId, signal);
      await journal.switchHook(account.id, listId, hook.webhookId, 'active');
      return;
    case 'deactivate':
      await api.deactivateWebhook(listId, hook.webhookId, signal);
      await journal.switchHook(account.id, listId, hook.webhookId, 'off');
      return;
    case 'delete':
      await api.deleteWebhook(listId, hook.webhookId, signal);
      await journal.forgetHook(account.id, listId, hook.webhookId);
  }
}

function titleOf(what: Change): string {
  switch (what) {
    case 'activate':
      return vscode.l10n.t('Activating webhooks');
    case 'deactivate':
      return vscode.l10n.t('Deactivating webhooks');
    case 'delete':
      return vscode.l10n.t('Deleting webhooks');
  }
}

async function confirm(
  view: WebhooksView,
  what: 'deactivate' | 'delete',
  nodes: readonly WebhookNode[],
): Promise<boolean> {
  const { l10n } = vscode;
  const go = what === 'delete' ? l10n.t('Delete') : l10n.t('Deactivate');
  const [first] = nodes;
  const place = first === undefined ? 'foreign' : view.placeOf(first);
  const choice = await vscode.window.showWarningMessage(
    what === 'delete'
      ? l10n.t('Delete a webhook that this tool did not create?')
      : l10n.t('Deactivate a webhook that this tool did not create?'),
    {
      modal: true,
      detail: [
        ...nodes.map(({ list, hook }) => `${printable(list.name, 60)}: ${printable(maskUrl(hook.url))}`),
        place === 'foreign'
          ? l10n.t('Whoever registered it no longer hears of this list’s subscribers.')
          : l10n.t('It points to this machine, but was not registered from here.'),
      ].join('\n'),
    },
    go,
  );
  return choice === go;
}

/** Everything that points to a URL at which a relay of this machine was public and is no more, on every list. */
async function deleteOld(parts: WebhookCommandParts): Promise<void> {
  const { accounts, view } = parts;
  const { l10n } = vscode;
  const old = await working(l10n.t('Looking for old URLs'), async (signal) => {
    const found: WebhookNode[] = [];
    for (const account of accounts.all()) {
      if (!(await accounts.isReachable(account.id))) continue;
      const api = await accounts.api(account);
      for (const { lists } of await view.lists(account, signal)) {
        for (const list of lists) {
          for (const hook of await api.webhooks(list.listId, signal)) {
            const node: WebhookNode = { kind: 'webhook', list, hook };
            if (view.placeOf(node) === 'old') found.push(node);
          }
        }
      }
    }
    return found;
  });
  if (old.length === 0) {
    void vscode.window.showInformationMessage(l10n.t('No webhook points to an old URL of this machine.'));
    return;
  }
  const remove = l10n.t('Remove');
  const choice = await vscode.window.showWarningMessage(
    l10n.t('Remove webhooks that point to old URLs of this machine?'),
    {
      modal: true,
      detail: old.map(({ list, hook }) => `${printable(list.name, 60)}: ${printable(maskUrl(hook.url))}`).join('\n'),
    },
    remove,
  );
  if (choice !== remove) return;
  const failures: string[] = [];
  await cancellable(titleOf('delete'), async (signal) => {
    for (const node of old) {
      await changeOne(parts, 'delete', node, signal).catch((error: unknown) => failures.push((error as Error).message));
    }
  });
  view.refreshWebhooks(old.map(({ list }) => list));
  const [failure] = failures;
  if (failure !== undefined) {
    throw new CommandError(
      l10n.t('{0} of {1} webhooks were not changed: {2}', failures.length, old.length, failure),
      l10n.t('Refresh the view and try again.'),
    );
  }
  void vscode.window.showInformationMessage(l10n.t('Removed: {0} webhooks that pointed to old URLs.', old.length));
}
