import { say } from '../../common/say.ts';
import { byKey } from '../ui/focused-rows.ts';
import type { CommandHandlers } from '../commands.ts';
import {
  editLists,
  reauthorize,
  rename,
  setEnabled,
  setEvents,
  turnEventsOn,
  useRelayUrl,
  deleteInstance,
  forgetGone,
} from './change-instance.ts';
import { chooseInstance, connectedPlatform, type InstanceCommandParts } from './choose-instance.ts';
import type { InstanceNode, InstancesNode } from './instance-node.ts';
import { copyMaking, copyReading, copyToken, showEvents, showInstance } from './read-instance.ts';
import { queuedNotifications, type QueueAction } from './queued-notifications.ts';
import { printable } from '../ui/printable.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import { copy, type RowCopy } from '../ui/status-message.ts';

export function createInstanceCommands(parts: InstanceCommandParts): CommandHandlers<'instances'> {
  const on = (action: string, act: (parts: InstanceCommandParts, node: InstanceNode) => Promise<unknown>) => {
    return async (clicked?: InstancesNode | typeof byKey): Promise<void> => {
      const node = await chooseInstance(parts, clicked === byKey ? (await parts.view.focused())[0] : clicked, action);
      if (node !== undefined) await act(parts, node);
    };
  };
  return {
    refreshInstances: async () => {
      // A user action, so it may start the sandbox.
      if (parts.platform.isSandbox) await connectedPlatform(parts.platform);
      await parts.view.refresh();
    },
    useRelayUrl: on(say('Set Callback URL to This Relay'), useRelayUrl),
    // `turnOn`: a message's button turns events on even if the state has changed.
    toggleInstanceEvents: (clicked?: InstancesNode, _nodes?: readonly InstancesNode[], turnOn = false) =>
      on(say('Turn Events On or Off'), (_parts, node) =>
        node.facts.eventsEnabled && !turnOn ? setEvents(parts, node, false) : turnEventsOn(parts, node),
      )(clicked),
    toggleInstance: on(say('Enable or Disable Instance'), (_parts, node) =>
      setEnabled(parts, node, node.facts.disabled),
    ),
    editInstance: async (clicked?: InstancesNode) => {
      const node = await chooseInstance(parts, clicked, say('Edit Instance'));
      if (node === undefined) return;
      const change = clicked?.kind === 'fact' ? editLists : await askChange(node);
      await change?.(parts, node);
    },
    queuedNotifications: (clicked?: InstancesNode, _nodes?: readonly InstancesNode[], action?: QueueAction) =>
      on(say('Queued Notifications'), (_parts, node) => queuedNotifications(parts, node, action))(clicked),
    reauthorizeInstance: on(say('Re-authorize Instance'), reauthorize),
    showInstance: on(say('Show Instance as JSON'), showInstance),
    showInstanceEvents: on(say('Show Instance’s Event Log'), showEvents),
    deleteInstance: async (clicked?: InstancesNode | typeof byKey) => {
      const node = clicked === byKey ? (await parts.view.focused())[0] : clicked;
      if (node?.kind === 'gone') return forgetGone(parts, node);
      const chosen = await chooseInstance(parts, node, say('Delete Instance'));
      if (chosen !== undefined) await deleteInstance(parts, chosen);
    },
  };
}

async function askChange({ facts }: InstanceNode): Promise<typeof editLists | undefined> {
  const choice = await only(
    askChoice(alone(say('Edit Instance {0}', printable(facts.name))), {
      placeholder: say('Choose a setting to change'),
      items: [
        { label: say('Lists'), change: editLists },
        { label: say('Name'), change: rename },
      ],
    }),
  );
  return choice?.change;
}

export function copiesOfInstance(parts: InstanceCommandParts, node: InstanceNode): readonly RowCopy[] {
  const detail = say('Secrets are replaced with placeholders');
  return [
    { label: say('ID'), copy: () => copy(String(node.facts.id)) },
    { label: say('Token'), copy: () => copyToken(parts, node) },
    { label: say('cURL'), description: say('Reads this instance'), detail, copy: () => copyReading(parts, node) },
    {
      label: say('cURL'),
      description: say('Creates an instance like this one'),
      detail,
      copy: () => copyMaking(parts, node),
    },
  ];
}
