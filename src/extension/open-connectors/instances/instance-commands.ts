/** Commands about an instance at the platform. Each changes only what it is about, and says what it did. */
import * as vscode from 'vscode';
import type { Instance } from '../../../open-connectors/answers.ts';
import type { InstanceChange, OpenConnectorsApi } from '../../../open-connectors/api.ts';
import { CommandError } from '../../ui/command-error.ts';
import { commandId } from '../../commands.ts';
import type { CommandHandlers } from '../../commands.ts';
import { inMessage, printable } from '../../ui/printable.ts';
import type { BrowserAuthorization } from '../../oauth/browser-authorization.ts';
import type { SecretBox } from '../../relay/secrets.ts';
import type { Session } from '../../relay/session.ts';
import { eventLogText, logRows, platformEvents } from './event-log.ts';
import type { InstanceDocuments } from './instance-documents.ts';
import type { GoneNode, InstanceNode, InstancesNode } from './instance-node.ts';
import type { InstanceStore } from './instance-store.ts';
import { descriptionOf } from './instance-words.ts';
import type { InstancesView } from './instances-view.ts';
import { askListIds } from './ask-list-ids.ts';
import type { Platform } from '../platform.ts';
import { newCredentials } from './reauthorise.ts';
import { receivedNotifications } from './received-notifications.ts';
import { forgetInstance } from './verify-keys.ts';
import { openVendorUrls } from '../../relay/urls.ts';
import { working } from '../../ui/progress.ts';

export interface InstanceCommandParts {
  readonly session: Session;
  readonly secrets: SecretBox;
  readonly platform: Platform;
  readonly store: InstanceStore;
  readonly view: InstancesView;
  readonly documents: InstanceDocuments;
  readonly browser: BrowserAuthorization;
}

/** The handlers of these commands. */
export function createInstanceCommands(parts: InstanceCommandParts): CommandHandlers<'instances'> {
  /** A command on the instance that was clicked, or that the user picks. */
  const on = (act: (parts: InstanceCommandParts, node: InstanceNode) => Promise<unknown>) => {
    return async (clicked?: InstancesNode): Promise<void> => {
      const node = await chosen(parts, clicked);
      if (node !== undefined) await act(parts, node);
    };
  };
  return {
    refreshInstances: () => refresh(parts),
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
    forgetInstance: (clicked?: InstancesNode) => forget(parts, clicked),
  };
}

/** The client of the platform. @throws CommandError where its secrets are not set */
async function connectedPlatform(platform: Platform): Promise<OpenConnectorsApi> {
  const api = await platform.api({ startSandbox: true });
  if (api !== undefined) return api;
  throw new CommandError(
    vscode.l10n.t('The secrets of {0} are not set', platform.host),
    vscode.l10n.t('Set them, or choose another host in the settings.'),
    { title: vscode.l10n.t('Set Secrets…'), command: 'manageSecrets', args: ['openConnectors'] },
  );
}

async function refresh({ view, platform }: InstanceCommandParts): Promise<void> {
  // Asked for, so the sandbox may be started for it.
  if (platform.isSandbox) await connectedPlatform(platform);
  await view.refresh();
}

/** The instance that was clicked; from the palette the user picks one. */
async function chosen(
  { view, platform }: InstanceCommandParts,
  clicked: InstancesNode | undefined,
): Promise<InstanceNode | undefined> {
  const id =
    clicked?.kind === 'instance' ? clicked.facts.id : clicked?.kind === 'fact' ? clicked.instanceId : undefined;
  const found = view.nodes.find(({ facts }) => facts.id === id);
  if (found !== undefined) return found;
  // It has gone meanwhile: the platform says so, rather than that another is offered.
  if (clicked?.kind === 'instance') return clicked;
  await connectedPlatform(platform);
  if (!(await view.refresh())) {
    // Nothing is to be said to whoever gave it up.
    if (view.failure === undefined) return undefined;
    throw new CommandError(vscode.l10n.t('The instances could not be read'), view.failure);
  }
  const { selected } = view;
  const items = view.nodes.map((node) => ({
    label: printable(node.facts.name),
    description: String(node.facts.id),
    detail: descriptionOf(node.facts, vscode.l10n),
    node,
  }));
  // The one that is selected first: Enter takes it.
  items.sort((a, b) => Number(b.node.facts.id === selected?.facts.id) - Number(a.node.facts.id === selected?.facts.id));
  const choice = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Instance'),
    placeHolder:
      items.length === 0 ? vscode.l10n.t('There are no instances of this connector') : vscode.l10n.t('Which instance?'),
  });
  return choice?.node;
}

/** Changes an instance, shows it as it is then, and says so. */
async function change(
  { platform, view }: InstanceCommandParts,
  { facts }: InstanceNode,
  title: string,
  part: InstanceChange,
): Promise<void> {
  const api = await connectedPlatform(platform);
  try {
    await working(title, (signal) => api.patchInstance(facts.id, part, {}, signal));
  } finally {
    // After a failure too: the platform may have done it all the same.
    void view.refresh();
  }
}

function say(text: string): void {
  vscode.window.setStatusBarMessage(text, 8000);
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  say(vscode.l10n.t('Copied.'));
}

async function useRelayUrl(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const url = (await openVendorUrls(parts.session, parts.platform))?.openConnectors;
  if (url === undefined) return;
  const { name, eventsEnabled } = node.facts;
  await change(parts, node, vscode.l10n.t('Setting the callback URL of {0}', name), {
    configuration: { 'event.notification.callback.url': url },
  });
  await adopt(parts, node);
  if (eventsEnabled) {
    say(vscode.l10n.t('{0} now posts its notifications to this relay.', printable(name)));
    return;
  }
  const turnOn = vscode.l10n.t('Turn Events On');
  void vscode.window
    .showInformationMessage(
      vscode.l10n.t('The callback URL of {0} is this relay’s. Its events are off.', inMessage(name)),
      turnOn,
    )
    .then((choice) =>
      choice === turnOn ? vscode.commands.executeCommand(commandId('turnEventsOn'), node) : undefined,
    );
}

/** From now on its callback URL is kept true. */
async function adopt({ platform, store }: InstanceCommandParts, { facts, instance }: InstanceNode): Promise<void> {
  const { id } = facts;
  if (store.find(platform.host, id) !== undefined) return;
  await store.add(
    { id, name: facts.name, host: platform.host, createdAt: new Date().toISOString() },
    tokenOf(instance),
  );
}

async function turnEventsOn(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  if (node.facts.callbackUrl !== '') return setEvents(parts, node, true);
  // Events without a callback go nowhere, so it gets this relay's.
  const url = (await openVendorUrls(parts.session, parts.platform))?.openConnectors;
  if (url === undefined) return;
  await change(parts, node, vscode.l10n.t('Turning on the events of {0}', node.facts.name), {
    configuration: { 'event.notification.enabled': true, 'event.notification.callback.url': url },
  });
  await adopt(parts, node);
  say(vscode.l10n.t('{0} now posts its notifications to this relay.', printable(node.facts.name)));
}

async function setEvents(parts: InstanceCommandParts, node: InstanceNode, on: boolean): Promise<void> {
  const { name } = node.facts;
  await change(
    parts,
    node,
    on ? vscode.l10n.t('Turning on the events of {0}', name) : vscode.l10n.t('Turning off the events of {0}', name),
    { configuration: { 'event.notification.enabled': on } },
  );
  say(
    on
      ? vscode.l10n.t('The events of {0} are on.', printable(name))
      : vscode.l10n.t('The events of {0} are off.', printable(name)),
  );
}

async function setEnabled(parts: InstanceCommandParts, { facts }: InstanceNode, on: boolean): Promise<void> {
  const { platform, view } = parts;
  const name = printable(facts.name);
  const api = await connectedPlatform(platform);
  try {
    await working(on ? vscode.l10n.t('Enabling {0}', name) : vscode.l10n.t('Disabling {0}', name), (signal) =>
      api.setInstanceEnabled(facts.id, on, signal),
    );
  } finally {
    void view.refresh();
  }
  say(
    on
      ? vscode.l10n.t('{0} is enabled.', name)
      : vscode.l10n.t('{0} is disabled: calls with its token are refused.', name),
  );
}

async function editLists(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { platform, store, view } = parts;
  const api = await connectedPlatform(platform);
  // As they are now: all of them are written, and somebody may have changed them since the view was read.
  const { facts, instance } = view.node(
    await working(vscode.l10n.t('Reading {0}', node.facts.name), (signal) => api.getInstance(node.facts.id, signal)),
  );
  const token = tokenOf(instance) ?? (await store.token(platform.host, facts.id));
  const ids = await askListIds(facts, async (signal) => {
    if (token === undefined) {
      throw new CommandError(
        vscode.l10n.t('The token of {0} is not known here, so its lists cannot be asked for', printable(facts.name)),
        vscode.l10n.t('Type or paste the IDs.'),
      );
    }
    return api.lists(token, signal);
  });
  if (ids === undefined) return;
  await change(parts, node, vscode.l10n.t('Setting the lists of {0}', facts.name), {
    configuration: { 'events.list.ids': ids.join(',') },
  });
  say(vscode.l10n.t('Lists of {0} now: {1}.', printable(facts.name), ids.length));
}

async function reauthorise(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { platform, browser, view } = parts;
  const name = printable(node.facts.name);
  const api = await connectedPlatform(platform);
  const credentials = await newCredentials(api, browser, node, () => reauthorise(parts, node));
  if (credentials === undefined) return;
  try {
    await working(vscode.l10n.t('Re-authorising {0}', name), (signal) =>
      api.patchInstance(node.facts.id, credentials, { reAuthenticate: true }, signal),
    );
  } finally {
    void view.refresh();
  }
  say(vscode.l10n.t('{0} is authorised anew; its ID and token stay.', name));
}

async function rename(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { facts } = node;
  const given = await vscode.window.showInputBox({
    title: vscode.l10n.t('New name of {0}', printable(facts.name)),
    value: facts.name,
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Give it a name') : undefined),
  });
  const name = given?.trim();
  if (name === undefined || name === facts.name) return;
  await change(parts, node, vscode.l10n.t('Renaming {0}', facts.name), { name });
  await parts.store.change(parts.platform.host, facts.id, { name });
}

/** The platform answers with the token in clear; a masked one is none. */
function tokenOf({ token }: Instance): string | undefined {
  return token === undefined || token === '' || /^\*+$/.test(token) ? undefined : token;
}

async function copyToken({ platform, store }: InstanceCommandParts, { facts, instance }: InstanceNode): Promise<void> {
  const token = tokenOf(instance) ?? (await store.token(platform.host, facts.id));
  if (token === undefined) {
    throw new CommandError(
      vscode.l10n.t('The token of {0} is not known here', printable(facts.name)),
      vscode.l10n.t('Open Connectors says it once, when the instance is made.'),
    );
  }
  await vscode.env.clipboard.writeText(token);
  say(vscode.l10n.t('The token is in the clipboard. Whoever has it can use the instance.'));
}

async function copyAsCurl({ platform }: InstanceCommandParts, { facts, instance }: InstanceNode): Promise<void> {
  const { instanceCurl, instanceReadCurl } = await import('../../deferred.ts');
  const { baseUrl } = await connectedPlatform(platform);
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('Read this instance'),
        detail: `GET /instances/${facts.id}`,
        text: () => instanceReadCurl(facts.id, baseUrl),
      },
      {
        label: vscode.l10n.t('Make one like it'),
        detail: 'POST /instances',
        text: () => instanceCurl(instance, baseUrl),
      },
    ],
    {
      title: vscode.l10n.t('Copy as cURL'),
      placeHolder: vscode.l10n.t('Placeholders stand for secrets'),
    },
  );
  if (choice !== undefined) await copy(choice.text());
}

async function showInstance({ platform, documents }: InstanceCommandParts, { facts }: InstanceNode): Promise<void> {
  const api = await connectedPlatform(platform);
  const instance = await working(vscode.l10n.t('Reading {0}', facts.name), (signal) =>
    api.getInstance(facts.id, signal),
  );
  const { instanceText } = await import('../../deferred.ts');
  await documents.show(facts, 'instance.json', instanceText(instance));
}

async function showEvents(
  { platform, session, documents }: InstanceCommandParts,
  { facts }: InstanceNode,
): Promise<void> {
  const api = await connectedPlatform(platform);
  const { client } = session;
  const text = await working(vscode.l10n.t('Reading the events of {0}', facts.name), async (signal) => {
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
      vscode.l10n,
    );
  });
  await documents.show(facts, 'events.md', text);
}

async function deleteInstance(parts: InstanceCommandParts, { facts }: InstanceNode): Promise<void> {
  const { platform, view } = parts;
  const name = printable(facts.name);
  const confirm = vscode.l10n.t('Delete Instance');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete the instance {0} ({1})?', name, facts.id),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Open Connectors removes it for good: its token is refused from then on, and no more events come from it. What the relay has received stays.',
      ),
    },
    confirm,
  );
  if (choice !== confirm) return;
  const api = await connectedPlatform(platform);
  try {
    await working(vscode.l10n.t('Deleting {0}', name), (signal) => api.deleteInstance(facts.id, signal));
    await forgetInstance(parts, platform.host, facts.id);
  } finally {
    void view.refresh();
  }
  say(vscode.l10n.t('{0} is deleted.', name));
}

/** Forgets what is kept of an instance that the platform does not know any more. */
async function forget(parts: InstanceCommandParts, clicked: InstancesNode | undefined): Promise<void> {
  const { view } = parts;
  const node = clicked?.kind === 'gone' ? clicked : await chosenGone(parts);
  if (node === undefined) return;
  const { id, host } = node.stored;
  const name = printable(node.stored.name);
  const confirm = vscode.l10n.t('Forget Instance');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('Forget the instance {0} ({1})?', name, id),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Open Connectors knows it no longer, at least not with the secrets that are set for {0}. Its token and its verify key are removed from VS Code’s secret storage; Open Connectors says a token only when an instance is made.',
        host,
      ),
    },
    confirm,
  );
  if (choice !== confirm) return;
  await forgetInstance(parts, host, id);
  void view.refresh();
  say(vscode.l10n.t('{0} is forgotten.', name));
}

/** From the palette the user picks one. */
async function chosenGone({ view, platform }: InstanceCommandParts): Promise<GoneNode | undefined> {
  await connectedPlatform(platform);
  if (!(await view.refresh())) {
    if (view.failure === undefined) return undefined;
    throw new CommandError(vscode.l10n.t('The instances could not be read'), view.failure);
  }
  const choice = await vscode.window.showQuickPick(
    view.gone.map((node) => ({ label: printable(node.stored.name), description: String(node.stored.id), node })),
    {
      title: vscode.l10n.t('Forget an instance'),
      placeHolder:
        view.gone.length === 0
          ? vscode.l10n.t('Open Connectors still has every instance that is kept here')
          : vscode.l10n.t('Which instance?'),
    },
  );
  return choice?.node;
}
