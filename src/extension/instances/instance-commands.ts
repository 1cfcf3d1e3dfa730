/** Commands about instances, and which of them each acts on. */
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
  /** A command on the instance that was clicked, or that the user picks. */
  const on = (act: (parts: InstanceCommandParts, node: InstanceNode) => Promise<unknown>) => {
    return async (clicked?: InstancesNode | typeof byKey): Promise<void> => {
      const node = await chooseInstance(parts, clicked === byKey ? (await parts.view.focused())[0] : clicked);
      if (node !== undefined) await act(parts, node);
    };
  };
  return {
    refreshInstances: async () => {
      // Asked for, so the sandbox may be started for it.
      if (parts.platform.isSandbox) await connectedPlatform(parts.platform);
      await parts.view.refresh();
    },
    useRelayUrl: on(useRelayUrl),
    turnEventsOn: on(turnEventsOn),
    turnEventsOff: on((_parts, node) => setEvents(parts, node, false)),
    enableInstance: on((_parts, node) => setEnabled(parts, node, true)),
    disableInstance: on((_parts, node) => setEnabled(parts, node, false)),
    editInstanceLists: on(editLists),
    reauthoriseInstance: on(reauthorise),
    renameInstance: on(rename),
    copyInstanceToken: on(copyToken),
    copyInstanceId: on((_parts, { facts }) => copy(String(facts.id))),
    copyInstanceAsCurl: on(copyAsCurl),
    showInstance: on(showInstance),
    showInstanceEvents: on(showEvents),
    deleteInstance: on(deleteInstance),
    forgetInstance: async (clicked?: InstancesNode) => {
      const node = await chooseGone(parts, clicked);
      if (node !== undefined) await forgetGone(parts, node);
    },
  };
}
