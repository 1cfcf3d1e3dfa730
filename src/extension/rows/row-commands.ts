import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { CommandHandlers } from '../commands.ts';
import type { ViewName } from '../describing.ts';
import type { DestinationsNode } from '../destinations/destination-settings.ts';
import type { DestinationsView } from '../destinations/destinations-view.ts';
import { chosenDestination } from '../destinations/edit-destination.ts';
import type { EventsView } from '../event-tree/events-view.ts';
import { chooseInstance, type InstanceCommandParts } from '../instances/choose-instance.ts';
import { copiesOfInstance } from '../instances/instance-commands.ts';
import type { InstancesNode } from '../instances/instance-node.ts';
import { rowsChanged } from '../ui/focused-rows.ts';
import { copy, type RowCopy } from '../ui/status-message.ts';
import { copiesOfWebhooks } from '../webhooks/webhook-commands.ts';
import type { WebhooksNode } from '../webhooks/webhook-source.ts';
import type { WebhooksView } from '../webhooks/webhooks-view.ts';

export interface RowCommandParts {
  readonly events: EventsView;
  readonly destinations: DestinationsView;
  readonly webhooks: WebhooksView;
  readonly instances: InstanceCommandParts;
}

type CopiedView = Exclude<ViewName, 'events'>;
type RowNode = DestinationsNode | WebhooksNode | InstancesNode;

export function createRowCommands(parts: RowCommandParts): CommandHandlers<'rows'> {
  return {
    // A key binding passes its view instead of a row, and copies the first choice.
    copy: async (node?: RowNode | CopiedView, nodes?: readonly RowNode[]) => {
      if (typeof node !== 'string') return (await askCopy(await copiesOf(parts, node, nodes)))?.copy();
      const view = { ...parts, instances: parts.instances.view }[node];
      const rows: readonly RowNode[] = await view.focused();
      return (await copiesOf(parts, rows[0], rows))[0]?.copy();
    },
    refresh: async () => {
      const { events, webhooks, instances } = parts;
      // A hidden view reads when it is shown.
      if (webhooks.isVisible) webhooks.refresh();
      if (events.progressPlace.isVisible()) await events.refresh();
      if (instances.view.isVisible) await instances.view.refresh();
    },
  };
}

async function copiesOf(
  { instances }: RowCommandParts,
  node: RowNode | undefined,
  nodes: readonly RowNode[] = [],
): Promise<readonly RowCopy[]> {
  switch (node?.kind) {
    case undefined:
      throw rowsChanged();
    case 'destination':
    case 'field':
    case 'sample':
    case 'wrong':
    case 'left':
      return [{ label: say('URL'), copy: () => copy(chosenDestination(node).setting.url) }];
    case 'account':
    case 'client':
    case 'list':
    case 'webhook':
    case 'note':
      return copiesOfWebhooks(node, nodes.length === 0 ? [node] : (nodes as readonly WebhooksNode[]));
    case 'instance':
    case 'fact':
    case 'gone':
    case 'failure': {
      const chosen = await chooseInstance(instances, node, say('Copy'));
      return chosen === undefined ? [] : copiesOfInstance(instances, chosen);
    }
  }
}

async function askCopy(copies: readonly RowCopy[]): Promise<RowCopy | undefined> {
  if (copies.length < 2) return copies[0];
  return vscode.window.showQuickPick(copies, { title: say('Copy'), placeHolder: say('Choose what to copy') });
}
