import { say } from '../../common/say.ts';
import { logRows, platformEvents, receivedNotifications } from '../../open-connectors/instance-log.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import { working } from '../ui/progress.ts';
import { platformOf, type InstanceCommandParts } from './choose-instance.ts';
import { eventLogText } from './event-log.ts';
import type { InstanceNode } from './instance-node.ts';
import { tokenOf } from './instance-store.ts';
import { copy } from '../ui/status-message.ts';

export async function copyToken(
  { store }: InstanceCommandParts,
  { facts, instance, host }: InstanceNode,
): Promise<void> {
  const token = tokenOf(instance) ?? (await store.token(host, facts.id));
  if (token === undefined) {
    throw new CommandError(
      say('The token of {0} isn’t stored in VS Code', printable(facts.name)),
      say('Open Connectors shows a token only when you create an instance. To get a token, create another instance.'),
    );
  }
  await copy(token, say('Token copied. Anyone who has it can use the instance.'));
}

export async function copyReading(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { instanceReadCurl } = await import('../deferred.ts');
  const { baseUrl } = await platformOf(parts, node);
  await copy(instanceReadCurl(node.facts.id, baseUrl));
}

export async function copyMaking(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { instanceCurl } = await import('../deferred.ts');
  const { baseUrl } = await platformOf(parts, node);
  await copy(instanceCurl(node.instance, baseUrl));
}

export async function showInstance(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { facts } = node;
  const api = await platformOf(parts, node);
  const instance = await working(say('Reading {0}', facts.name), (signal) => api.getInstance(facts.id, signal));
  const { instanceText } = await import('../deferred.ts');
  await parts.documents.show(facts, 'instance.json', instanceText(instance));
}

export async function showEvents(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { facts } = node;
  const api = await platformOf(parts, node);
  const { client } = parts.session;
  const text = await working(say('Reading events of {0}', facts.name), async (signal) => {
    const [log, history] = await Promise.all([
      api.instanceEvents(facts.id, signal),
      client === undefined ? { notifications: [], cut: false } : receivedNotifications(client, signal),
    ]);
    return eventLogText(
      {
        name: facts.name,
        id: facts.id,
        at: new Date().toISOString(),
        relayRuns: client !== undefined,
        cut: history.cut,
      },
      logRows(platformEvents(log), history.notifications, facts.id),
    );
  });
  await parts.documents.show(facts, 'events.md', text);
}
