import { say } from '../../common/say.ts';
import { CommandError } from '../ui/command-error.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { copy, type RowCopy } from '../ui/status-message.ts';
import type { CommandHandlers } from '../commands.ts';
import { changeWebhooks, deleteOldWebhooks } from './change-webhooks.ts';
import type { WebhookNode, WebhooksNode } from './webhook-source.ts';
import { registerWebhooks, type WebhookCommandParts } from './register-webhooks.ts';
import { testWebhook } from './test-webhook.ts';
import type { WebhooksView } from './webhooks-view.ts';

export function createWebhookCommands(parts: WebhookCommandParts): CommandHandlers<'webhooks'> {
  const { view } = parts;
  return {
    refreshWebhooks: () => view.refresh(),
    registerWebhooks: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) => registerWebhooks(parts, node, nodes),
    testWebhook: (node?: WebhooksNode) => testWebhook(parts, one(view, node)),
    // The clicked webhook decides the action for the whole selection.
    toggleWebhook: (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) => {
      const chosen = some(view, node, nodes);
      const { hook } = node?.kind === 'webhook' ? node : chosen[0];
      return changeWebhooks(parts, hook.active ? 'deactivate' : 'activate', chosen);
    },
    deleteWebhook: byKeyToo(view.focused, (node?: WebhooksNode, nodes?: readonly WebhooksNode[]) =>
      changeWebhooks(parts, 'delete', some(view, node, nodes)),
    ),
    deleteOldWebhooks: () => deleteOldWebhooks(parts),
  };
}

/** One per line, only of the clicked row's kind. @param nodes the selection with the clicked row */
export function copiesOfWebhooks(node: WebhooksNode, nodes: readonly WebhooksNode[]): readonly RowCopy[] {
  const alike = nodes.filter((each) => each.kind === node.kind);
  const ids = alike.flatMap(idsOf).join('\n');
  const urls = alike.flatMap((each) => (each.kind === 'webhook' ? [each.hook.url] : [])).join('\n');
  return [
    ...(urls === '' ? [] : [{ label: say('URL'), copy: () => copy(urls) }]),
    ...(ids === '' ? [] : [{ label: say('ID'), copy: () => copy(ids) }]),
  ];
}

function idsOf(node: WebhooksNode): string[] {
  switch (node.kind) {
    case 'webhook':
      return [node.hook.webhookId];
    case 'list':
      return [node.listId];
    case 'client':
      return [node.clientId];
    default:
      return [];
  }
}

/** @throws CommandError if no webhook is selected */
function some(
  view: WebhooksView,
  node?: WebhooksNode,
  nodes?: readonly WebhooksNode[],
): [WebhookNode, ...WebhookNode[]] {
  const [first, ...others] = view.selected(node, nodes).filter((each) => each.kind === 'webhook');
  if (first !== undefined) return [first, ...others];
  throw new CommandError(
    say('No webhook is selected'),
    say('Select a webhook in the Webhooks view, and then try again.'),
  );
}

function one(view: WebhooksView, node?: WebhooksNode): WebhookNode {
  return some(view, node)[0];
}
