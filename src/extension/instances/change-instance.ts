/** Each action writes only its own properties. */
import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { InstanceChange } from '../../open-connectors/api.ts';
import { CommandError } from '../ui/command-error.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { inMessage, printable } from '../ui/printable.ts';
import { working } from '../ui/progress.ts';
import { alone, askText, only } from '../ui/questions.ts';
import { openVendorUrls } from '../public-url/urls.ts';
import { askListIds } from './ask-list-ids.ts';
import { platformOf, type InstanceCommandParts } from './choose-instance.ts';
import type { InstanceNode, GoneNode } from './instance-node.ts';
import { tokenOf, forgetInstance } from './instance-store.ts';
import { newCredentials } from './reauthorize.ts';
import { showStatusMessage } from '../ui/status-message.ts';

/** Refreshes after a failure too, because the change may have been made. */
export async function thenRefresh(
  { view }: Pick<InstanceCommandParts, 'view'>,
  title: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  try {
    await working(title, work);
  } finally {
    void view.refresh();
  }
}

async function change(
  parts: InstanceCommandParts,
  node: InstanceNode,
  title: string,
  part: InstanceChange,
): Promise<void> {
  const api = await platformOf(parts, node);
  await thenRefresh(parts, title, (signal) => api.patchInstance(node.facts.id, part, {}, signal));
}

export async function useRelayUrl(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const url = (await openVendorUrls(parts.session, parts.platform))?.openConnectors;
  if (url === undefined) return;
  const { name, eventsEnabled } = node.facts;
  await change(parts, node, say('Updating the callback URL of {0}', name), {
    configuration: { 'event.notification.callback.url': url },
  });
  await adopt(parts, node);
  parts.callbackSet();
  if (eventsEnabled) {
    showStatusMessage(say('{0} now posts notifications to this relay.', printable(name)));
    return;
  }
  void offer('Information', say('The callback URL of {0} points to this relay, but events are off.', inMessage(name)), {
    [say('Turn Events On')]: byCommand('toggleInstanceEvents', node, [node], true),
  });
}

/** Marks the instance as managed, so that its callback URL follows the relay. */
async function adopt({ store }: InstanceCommandParts, { facts, instance, host }: InstanceNode): Promise<void> {
  const { id } = facts;
  if (store.find(host, id) !== undefined) return;
  await store.add({ id, name: facts.name, host, createdAt: new Date().toISOString() }, tokenOf(instance));
}

export async function turnEventsOn(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  if (node.facts.callbackUrl !== '') return setEvents(parts, node, true);
  // Events need a callback URL: set the relay's.
  const url = (await openVendorUrls(parts.session, parts.platform))?.openConnectors;
  if (url === undefined) return;
  await change(parts, node, say('Turning on events for {0}', node.facts.name), {
    configuration: { 'event.notification.enabled': true, 'event.notification.callback.url': url },
  });
  await adopt(parts, node);
  parts.callbackSet();
  showStatusMessage(say('{0} now posts notifications to this relay.', printable(node.facts.name)));
}

export async function setEvents(parts: InstanceCommandParts, node: InstanceNode, on: boolean): Promise<void> {
  const { name } = node.facts;
  await change(parts, node, on ? say('Turning on events for {0}', name) : say('Turning off events for {0}', name), {
    configuration: { 'event.notification.enabled': on },
  });
  showStatusMessage(
    on ? say('Events for {0} are on.', printable(name)) : say('Events for {0} are off.', printable(name)),
  );
}

export async function setEnabled(parts: InstanceCommandParts, node: InstanceNode, on: boolean): Promise<void> {
  const { facts } = node;
  const name = printable(facts.name);
  const api = await platformOf(parts, node);
  await thenRefresh(parts, on ? say('Enabling {0}', name) : say('Disabling {0}', name), (signal) =>
    api.setInstanceEnabled(facts.id, on, signal),
  );
  showStatusMessage(on ? say('{0} enabled.', name) : say('{0} disabled: calls with its token are refused.', name));
}

export async function editLists(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { store, view } = parts;
  const { host } = node;
  const api = await platformOf(parts, node);
  // Read again: the change writes all lists, and another user may have changed them.
  const { facts, instance } = view.node(
    await working(say('Reading {0}', node.facts.name), (signal) => api.getInstance(node.facts.id, signal)),
    host,
  );
  const token = tokenOf(instance) ?? (await store.token(host, facts.id));
  const ids = await askListIds(facts, async (signal) => {
    if (token === undefined) {
      throw new CommandError(
        say('The token of {0} isn’t stored in VS Code, so the account’s lists can’t be read', printable(facts.name)),
        say('Try again, and choose “Enter or Paste IDs”.'),
      );
    }
    return api.lists(token, signal);
  });
  if (ids === undefined) return;
  await change(parts, node, say('Updating the lists of {0}', facts.name), {
    configuration: { 'events.list.ids': ids.join(',') },
  });
  showStatusMessage(say('Lists of {0} updated: {1} in total.', printable(facts.name), ids.length));
}

export async function reauthorize(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const name = printable(node.facts.name);
  const credentials = await newCredentials(await platformOf(parts, node), parts.browser, node, () =>
    reauthorize(parts, node),
  );
  if (credentials === undefined) return;
  const api = await platformOf(parts, node);
  await thenRefresh(parts, say('Re-authorizing {0}', name), (signal) =>
    api.patchInstance(node.facts.id, credentials, { reAuthenticate: true }, signal),
  );
  showStatusMessage(say('{0} re-authorized; its ID and token stay the same.', name));
}

export async function rename(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { facts } = node;
  const name = await only(
    askText(alone(say('Rename {0}', printable(facts.name))), {
      prompt: say('The ID and token stay the same'),
      value: facts.name,
      check: (text) => (text === '' ? say('Enter a name') : undefined),
    }),
  );
  if (name === undefined || name === facts.name) return;
  await change(parts, node, say('Renaming {0}', facts.name), { name });
  await parts.store.change(node.host, facts.id, { name });
}

export async function deleteInstance(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { facts, host } = node;
  const name = printable(facts.name);
  const isAgreed = await isConfirmed(
    say('Delete the instance {0} ({1})?', name, facts.id),
    say(
      'Open Connectors will permanently delete the instance. The instance’s token will be refused, and the instance will send no more events. Events that the relay received will stay in the history.',
    ),
    say('Delete Instance'),
  );
  if (!isAgreed) return;
  // Only now: during the question, the host setting may have changed, and the ID is another instance's there.
  const api = await platformOf(parts, node);
  await thenRefresh(parts, say('Deleting {0}', name), async (signal) => {
    await api.deleteInstance(facts.id, signal);
    await forgetInstance(parts, host, facts.id);
  });
  showStatusMessage(say('{0} deleted.', name));
}

export async function forgetGone(parts: InstanceCommandParts, { stored }: GoneNode): Promise<void> {
  const { id, host } = stored;
  const name = printable(stored.name);
  const isAgreed = await isConfirmed(
    say('Forget the instance {0} ({1})?', name, id),
    say(
      'Open Connectors no longer has the instance, or the secrets for {0} can’t access it. The instance’s token and verify key will be removed from VS Code’s secret storage. Open Connectors shows a token only when you create an instance.',
      host,
    ),
    say('Forget Instance'),
  );
  if (!isAgreed) return;
  await forgetInstance(parts, host, id);
  void parts.view.refresh();
  showStatusMessage(say('{0} forgotten.', name));
}
