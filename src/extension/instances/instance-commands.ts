/** Commands about instances, and which of them each acts on. */
import * as vscode from 'vscode';
import { byKey } from '../ui/focused-rows.ts';
import type { CommandHandlers } from '../commands.ts';
import { editLists, reauthorise, rename, setEnabled, setEvents, turnEventsOn, useRelayUrl } from './change-instance.ts';
import { chooseGone, chooseInstance, connectedPlatform } from './choose-instance.ts';
import { deleteInstance, forgetGone } from './delete-instance.ts';
import type { InstanceCommandParts } from './instance-command-parts.ts';
import type { InstanceNode, InstancesNode } from './instance-node.ts';
import { copyAsCurl, copyToken, showEvents, showInstance } from './read-instance.ts';
import { copy } from '../ui/say.ts';

/** The handlers of these commands. */
export function createInstanceCommands(parts: InstanceCommandParts): CommandHandlers<'instances'> {
  const { l10n } = vscode;
  /** A command on the instance that was clicked, or that the user picks: that choice says what is done. */
  const on = (deed: string, act: (parts: InstanceCommandParts, node: InstanceNode) => Promise<unknown>) => {
    return async (clicked?: InstancesNode | typeof byKey): Promise<void> => {
      const node = await chooseInstance(parts, clicked === byKey ? (await parts.view.focused())[0] : clicked, deed);
      if (node !== undefined) await act(parts, node);
    };
  };
  return {
    refreshInstances: async () => {
      // Asked for, so the sandbox may be started for it.
      if (parts.platform.isSandbox) await connectedPlatform(parts.platform);
      await parts.view.refresh();
    },
    useRelayUrl: on(l10n.t('Set Callback URL to This Relay'), useRelayUrl),
    turnEventsOn: on(l10n.t('Turn Events On'), turnEventsOn),
    turnEventsOff: on(l10n.t('Turn Events Off'), (_parts, node) => setEvents(parts, node, false)),
    enableInstance: on(l10n.t('Enable Instance'), (_parts, node) => setEnabled(parts, node, true)),
    disableInstance: on(l10n.t('Disable Instance'), (_parts, node) => setEnabled(parts, node, false)),
    editInstanceLists: on(l10n.t('Edit Instance’s Lists'), editLists),
    reauthoriseInstance: on(l10n.t('Re-authorise Instance'), reauthorise),
    renameInstance: on(l10n.t('Rename Instance'), rename),
    copyInstanceToken: on(l10n.t('Copy Instance Token'), copyToken),
    copyInstanceId: on(l10n.t('Copy Instance ID'), (_parts, { facts }) => copy(String(facts.id))),
    copyInstanceAsCurl: on(l10n.t('Copy Instance as cURL'), copyAsCurl),
    showInstance: on(l10n.t('Show Instance as JSON'), showInstance),
    showInstanceEvents: on(l10n.t('Show Instance’s Event Log'), showEvents),
    deleteInstance: on(l10n.t('Delete Instance'), deleteInstance),
    forgetInstance: async (clicked?: InstancesNode) => {
      const node = await chooseGone(parts, clicked);
      if (node !== undefined) await forgetGone(parts, node);
    },
  };
}
