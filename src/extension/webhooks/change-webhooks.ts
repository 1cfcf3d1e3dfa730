import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import { cancelable, working } from '../ui/progress.ts';
import { CommandError } from '../ui/command-error.ts';
import { messageOf } from '../ui/error-words.ts';
import { offer } from '../ui/offer.ts';
import { inMessage, printable } from '../ui/printable.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { maskUrl } from '../public-url/url-place.ts';
import type { WebhookCommandParts } from './register-webhooks.ts';
import type { WebhookNode } from './webhook-source.ts';
import type { WebhooksView } from './webhooks-view.ts';

export type Change = 'activate' | 'deactivate' | 'delete';

/** Foreign webhooks are changed one at a time, after confirmation. Deleting needs confirmation: it can't be undone. */
export async function changeWebhooks(
  parts: WebhookCommandParts,
  what: Change,
  nodes: readonly WebhookNode[],
): Promise<void> {
  const { view } = parts;
  const foreign = nodes.filter((node) => !view.isCreated(node));
  if (foreign.length > 0 && nodes.length > 1 && foreign.some((node) => view.placeOf(node) === 'foreign')) {
    throw new CommandError(
      say('Some of these webhooks weren’t created in VS Code on this machine'),
      say('To change those webhooks, select one at a time.'),
    );
  }
  if (what === 'delete' && !(await confirmDeletion(view, nodes, foreign))) return;
  if (what === 'deactivate' && foreign.length > 0 && !(await confirmDeactivation(view, foreign))) return;
  await changeAll(parts, what, nodes);
}

/** Returns the number changed: all, unless the user canceled. @throws CommandError if any failed */
async function changeAll(parts: WebhookCommandParts, what: Change, nodes: readonly WebhookNode[]): Promise<number> {
  const failures: string[] = [];
  let changed = 0;
  await cancelable(titleOf(what), async (signal) => {
    for (const node of nodes) {
      if (signal.aborted) return;
      try {
        await changeOne(parts, what, node, signal);
        parts.log.info(`webhook ${node.hook.webhookId} of list ${node.list.listId}: ${what}d`);
        changed += 1;
      } catch (error) {
        const { kind } = error as Error & { kind?: string };
        if (kind !== 'canceled') failures.push(messageOf(error));
      }
    }
  });
  parts.view.refreshWebhooks(nodes.map(({ list }) => list));
  const [failure] = failures;
  if (failure === undefined) return changed;
  throw new CommandError(
    say('Webhooks not changed: {0} of {1}. {2}', failures.length, nodes.length, failure),
    say('Refresh the Webhooks view, and then try again.'),
  );
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
  return {
    activate: say('Activating webhooks'),
    deactivate: say('Deactivating webhooks'),
    delete: say('Deleting webhooks'),
  }[what];
}

async function confirmDeletion(
  view: WebhooksView,
  nodes: readonly WebhookNode[],
  foreign: readonly WebhookNode[],
): Promise<boolean> {
  const [first] = nodes;
  const question =
    nodes.length === 1
      ? foreign.length === 0
        ? say('Delete the webhook of “{0}”?', inMessage(first?.list.name ?? '', 60))
        : say('Delete a webhook that wasn’t created in VS Code on this machine?')
      : say('Delete {0} webhooks?', nodes.length);
  const consequence =
    foreign.length === 0
      ? say('Deleted webhooks no longer send events. You can register the relay again.')
      : consequenceFor(view, foreign, nodes);
  return isAgreed(question, nodes, consequence, say('Delete'));
}

function confirmDeactivation(view: WebhooksView, foreign: readonly WebhookNode[]): Promise<boolean> {
  const question =
    foreign.length === 1
      ? say('Deactivate a webhook that wasn’t created in VS Code on this machine?')
      : say('Deactivate {0} webhooks that weren’t created in VS Code on this machine?', foreign.length);
  return isAgreed(question, foreign, consequenceFor(view, foreign, foreign), say('Deactivate'));
}

function consequenceFor(view: WebhooksView, foreign: readonly WebhookNode[], shown: readonly WebhookNode[]): string {
  return foreign.some((node) => view.placeOf(node) === 'foreign')
    ? say('The webhook’s owner will no longer get events for this list.')
    : notCreatedHere(foreign.length, shown.length);
}

function isAgreed(
  question: string,
  nodes: readonly WebhookNode[],
  consequence: string,
  action: string,
): Promise<boolean> {
  return isConfirmed(question, [...nodes.map(placeInWords), consequence].join('\n'), action);
}

function placeInWords({ list, hook }: WebhookNode): string {
  return `${printable(list.name, 60)}: ${printable(maskUrl(hook.url))}`;
}

export async function deleteOldWebhooks(parts: WebhookCommandParts): Promise<void> {
  const { accounts, source, view } = parts;
  const old = await working(say('Looking for old URLs'), async (signal) => {
    const found: WebhookNode[] = [];
    for (const account of accounts.all()) {
      if (!(await accounts.isReachable(account.id))) continue;
      const api = await accounts.api(account);
      for (const { lists } of await source.lists(account, signal)) {
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
    void offer('Information', say('No webhook uses an old URL of this machine.'), {});
    return;
  }
  const question = say('Delete webhooks that use old URLs of this machine?');
  if (!(await isConfirmed(question, old.map(placeInWords).join('\n'), say('Delete')))) return;
  const deleted = await changeAll(parts, 'delete', old);
  showStatusMessage(say('Deleted webhooks with old URLs: {0}.', deleted));
}

function notCreatedHere(count: number, shown: number): string {
  if (count === shown)
    return count === 1
      ? say('The webhook points to this machine but wasn’t created in VS Code.')
      : say('The webhooks point to this machine but weren’t created in VS Code.');
  return count === 1
    ? say('One of these webhooks points to this machine but wasn’t created in VS Code.')
    : say('{0} of these webhooks point to this machine but weren’t created in VS Code.', count);
}
