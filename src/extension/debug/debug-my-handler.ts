import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { heldCount, isHeldAtGate, labelOf } from '../../protocol/event-row.ts';
import { isSameUrl } from '../../common/same-url.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Destination } from '../../protocol/settings.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { debugType, endRequest } from '../prefix.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { connected } from '../session/session.ts';
import type { EventNode } from '../events/event-node.ts';
import type { DestinationNode, DestinationsNode } from '../destinations/destination-settings.ts';
import { nameOfDestination } from '../destinations/destination-words.ts';
import type { DestinationsView } from '../destinations/destinations-view.ts';
import { CommandError } from '../ui/command-error.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { printable } from '../ui/printable.ts';
import { cancelable, GivenUpError } from '../ui/progress.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { askHandlerConfiguration } from './ask-handler-configuration.ts';
import { attaches, attachTo, findSessions, sessionsOf } from './handler-configurations.ts';
import type { HandlerConfiguration, RememberedConfigurations } from './handler-configurations.ts';
import type { HandlerTimeoutSuspension, Programs } from './handler-watch.ts';
import { untilListening } from '../../common/programs/listening.ts';
import { folderOf, launchCandidates } from './launch-configurations.ts';
import { askAboutOtherServer } from './other-server.ts';

export interface HandlerDebugParts extends Pick<ActionParts, 'session' | 'context'> {
  readonly destinations: Pick<DestinationsView, 'nodes'>;
  readonly programs: Programs;
  readonly timeoutSuspension: HandlerTimeoutSuspension;
  readonly remembered: RememberedConfigurations;
}

export function createHandlerCommands(parts: HandlerDebugParts): CommandHandlers<'handler'> {
  return {
    debugHandler: (node?: DestinationsNode | EventNode) => debugHandler(parts, node),
    chooseHandlerConfiguration: async (node?: DestinationsNode) => {
      requireTrust();
      const destination = await chosenDestination(parts, node);
      if (destination === undefined) return;
      const { destinationId } = destination;
      const chosen = await ask(parts, destination, parts.remembered.all.get(destinationId));
      if (chosen === undefined) return;
      await offer(
        'Information',
        say('Debug My Handler now uses “{1}” for {0}.', destination.name, printable(nameOf(chosen))),
        { [say('Debug My Handler')]: () => debugHandler(parts, destination.node) },
      );
    },
  };
}

interface Handler {
  readonly node?: DestinationNode;
  readonly destinationId: string;
  readonly name: string;
  readonly url: URL;
}

interface ChosenDestination extends Handler {
  readonly node: DestinationNode;
  readonly destination: Destination;
}

async function debugHandler(parts: HandlerDebugParts, node?: DestinationsNode | EventNode): Promise<void> {
  requireTrust();
  const row = node?.kind === 'event' ? node.row : undefined;
  const destination = await chosenDestination(parts, node);
  if (destination === undefined) return;
  if (destination.destination.held !== undefined) {
    throw new CommandError(
      say('Nothing was sent to {0}: {1}', destination.name, printable(destination.destination.held)),
      undefined,
      { title: say('Manage Keys and Secrets'), command: 'manageSecrets' },
    );
  }
  const chosen = await configurationFor(parts, destination);
  if (chosen === undefined) return;
  const started = await startOrFind(parts, destination, chosen);
  if (started === undefined) return;
  if (started.length > 0) {
    // The program may already be stopped.
    parts.timeoutSuspension.follow();
    await startOwn(parts, started);
    await untilItListens(parts, destination, started);
  }
  await send(connected(parts.session), destination, row);
}

/** Sends nothing. @returns false if the user canceled @throws CommandError, GivenUpError */
export async function handlerDebugged(
  parts: Pick<HandlerDebugParts, 'destinations' | 'programs' | 'remembered'>,
  url: URL,
  signal: AbortSignal,
): Promise<boolean> {
  requireTrust();
  signal.throwIfAborted();
  const node = (await parts.destinations.nodes()).find(({ setting }) => isSameUrl(setting.url, url.href));
  const name = `${url.host}${url.pathname}`;
  // A destination that only a scenario file names is identified by its URL.
  const handler = { ...(node && { node }), destinationId: node?.status?.destinationId ?? url.href, name, url };
  const chosen = await configurationFor(parts, handler, signal);
  if (chosen === undefined || signal.aborted) return false;
  const started = await startOrFind(parts, handler, chosen, signal);
  if (started === undefined) return false;
  if (started.length > 0) await untilItListens(parts, handler, started, signal);
  return true;
}

/** Launch configurations run programs, which needs trust. */
function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new CommandError(
    say('You can’t debug a handler because this workspace isn’t trusted'),
    say('Trust the workspace (Workspaces: Manage Workspace Trust), and then try again.'),
  );
}

async function chosenDestination(
  { session, destinations, remembered }: HandlerDebugParts,
  node?: DestinationsNode | EventNode,
): Promise<ChosenDestination | undefined> {
  if (session.client === undefined) await vscode.commands.executeCommand(commandId('start'));
  if (session.client === undefined) return undefined;
  await session.refresh();
  const nodes = await destinations.nodes();
  if (nodes.length === 0) {
    throw new CommandError(
      say('There are no destinations in the settings'),
      say('Add the URL of your handler, and then try again.'),
      { title: say('Add Destination'), command: 'addDestination' },
    );
  }
  const meant = await meantNode(nodes, remembered, node);
  if (meant === undefined) return undefined;
  const { setting, status, index } = nodes.find(({ index }) => index === meant.index) ?? meant;
  const destination = session.status?.settings.destinations[index];
  if (status === undefined || destination === undefined || !isSameUrl(setting.url, destination.url)) {
    throw new CommandError(
      say('The relay isn’t using this destination'),
      say('Check the relay’s status for the reason.'),
      { title: say('Show Relay Status'), command: 'showStatus' },
    );
  }
  const all = nodes.map((each) => each.setting);
  const name = nameOfDestination(setting, all);
  return { node: meant, destinationId: status.destinationId, name, url: new URL(setting.url), destination };
}

async function meantNode(
  nodes: readonly DestinationNode[],
  remembered: RememberedConfigurations,
  node?: DestinationsNode | EventNode,
): Promise<DestinationNode | undefined> {
  if (node?.kind === 'destination') return node;
  if (node?.kind === 'field') return node.of;
  const went = node?.kind === 'event' ? node.row.forwardings.map(({ destinationId }) => destinationId) : [];
  const taken = nodes.filter(({ status }) => status !== undefined && went.includes(status.destinationId));
  const offered = taken.length > 0 ? taken : nodes;
  const known = offered.filter(({ status }) => status !== undefined && remembered.all.has(status.destinationId));
  const [first, ...others] = known.length === 1 ? known : offered;
  if (others.length === 0) return first;
  const all = nodes.map(({ setting }) => setting);
  const choice = await vscode.window.showQuickPick(
    offered.map((each) => ({ label: nameOfDestination(each.setting, all), each })),
    { title: say('Debug My Handler'), placeHolder: say('Which destination is the handler you want to debug?') },
  );
  return choice?.each;
}

async function ask(
  { remembered }: Pick<HandlerDebugParts, 'remembered'>,
  { node, destinationId, name, url }: Handler,
  before: HandlerConfiguration | undefined,
  signal?: AbortSignal,
): Promise<HandlerConfiguration | undefined> {
  const chosen = await askHandlerConfiguration({ name, node, port: portOf(url), before, signal });
  if (chosen !== undefined) await remembered.set(destinationId, chosen);
  return chosen;
}

function portOf(url: URL): string {
  if (url.port !== '') return url.port;
  return url.protocol === 'https:' ? '443' : '80';
}

function configurationFor(
  parts: Pick<HandlerDebugParts, 'remembered'>,
  destination: Handler,
  signal?: AbortSignal,
): Promise<HandlerConfiguration | undefined> {
  const before = parts.remembered.all.get(destination.destinationId);
  if (before !== undefined && sessionsOf(before, launchCandidates('')).length > 0) return Promise.resolve(before);
  return ask(parts, destination, before, signal);
}

function nameOf(chosen: HandlerConfiguration): string {
  return chosen.kind === 'attach' ? attachTo(chosen.port).name : chosen.name;
}

/** @returns an empty list if another program is to respond; undefined if the user canceled */
async function startOrFind(
  parts: Pick<HandlerDebugParts, 'programs' | 'remembered'>,
  handler: Handler,
  chosen: HandlerConfiguration,
  signal?: AbortSignal,
): Promise<readonly vscode.DebugSession[] | undefined> {
  const { programs, remembered } = parts;
  const { node, url, destinationId } = handler;
  const found = (): vscode.DebugSession[] => findSessions(programs.roots, chosen, launchCandidates(''));
  const running = found();
  if (running.length > 0) return running;
  if (!attaches(chosen, launchCandidates(''))) {
    const answer = await askAboutOtherServer(url, nameOf(chosen), signal);
    if (answer === undefined || signal?.aborted === true) return undefined;
    if (answer.kind === 'leave') return [];
    if (answer.kind === 'attach') {
      await remembered.set(destinationId, answer.to);
      return startOrFind(parts, handler, answer.to, signal);
    }
  }
  const started = await vscode.debug.startDebugging(
    chosen.kind === 'named' ? folderOf(chosen.folder) : undefined,
    chosen.kind === 'named' ? chosen.name : attachTo(chosen.port),
  );
  const sessions = found();
  if (started && sessions.length > 0) return sessions;
  throw new CommandError(
    started
      ? say('“{0}” ended right away', printable(nameOf(chosen)))
      : say('“{0}” didn’t start', printable(nameOf(chosen))),
    say('Check the Debug Console, or choose another configuration.'),
    { title: say('Choose Another'), command: 'chooseHandlerConfiguration', args: [node] },
  );
}

/** Shows what the relay holds, in a session below the handler's and managed by it, if this build has the debug type. */
async function startOwn(
  { context, programs }: HandlerDebugParts,
  ofHandler: readonly vscode.DebugSession[],
): Promise<void> {
  const { contributes } = context.extension.packageJSON as {
    contributes: { debuggers?: readonly { readonly type: string }[] };
  };
  if (contributes.debuggers?.some(({ type }) => type === debugType) !== true) return;
  const own = (): vscode.DebugSession | undefined => programs.own;
  if (own() !== undefined) return;
  const name = say('Deliveries');
  const configuration = { type: debugType, request: 'attach', name, stopAtEvents: false };
  const [parentSession] = ofHandler;
  const options = { ...(parentSession && { parentSession }), lifecycleManagedByParent: true };
  if (!(await vscode.debug.startDebugging(undefined, configuration, options))) return;
  const session = own();
  if (session === undefined) return;
  const following = programs.onDidChange(() => {
    const ids = new Set(programs.roots.map(({ id }) => id));
    const isThere = own()?.id === session.id;
    if (isThere && ofHandler.some(({ id }) => ids.has(id))) return;
    following.dispose();
    if (isThere) void session.customRequest(endRequest).then(undefined, () => undefined);
  });
}

async function untilItListens(
  { programs }: Pick<HandlerDebugParts, 'programs'>,
  { url, node }: Handler,
  ofHandler: readonly vscode.DebugSession[],
  signal?: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const following = programs.onDidChange(() => {
    const ids = new Set(programs.roots.map(({ id }) => id));
    if (!ofHandler.some(({ id }) => ids.has(id))) ended.abort();
  });
  try {
    await cancelable(say('Debug My Handler: waiting for a server at {0}', url.host), (given) =>
      untilListening(url, AbortSignal.any([given, ended.signal, ...(signal === undefined ? [] : [signal])])),
    );
  } catch (error) {
    if (!ended.signal.aborted) throw new GivenUpError((error as Error).message);
    throw new CommandError(
      say('The program ended before it started listening at {0}', url.host),
      say('Check the Debug Console, or choose another configuration.'),
      { title: say('Choose Another'), command: 'chooseHandlerConfiguration', args: [node] },
    );
  } finally {
    following.dispose();
  }
}

const lookedAt = 200;

async function send(client: RelayClient, to: ChosenDestination, row: EventRow | undefined): Promise<void> {
  const event = row ?? (await newest(client, to.destinationId));
  if (event === undefined) {
    await sendSample(client);
    showStatusMessage(say('Sending a sample event to {0}.', to.name));
    return;
  }
  const { replayed } = await client.request('notifications/replay', { ids: [event.id], to: to.destination });
  const held = await heldThere(client, event.id, to.destinationId);
  if (held !== undefined) {
    await offerRelease(client, event, held);
    return;
  }
  showStatusMessage(
    replayed > 0
      ? say('Sending {0} to {1}.', labelOf(event), to.name)
      : say('{0} is already being sent to {1}.', labelOf(event), to.name),
  );
}

async function newest(client: RelayClient, destinationId: string): Promise<EventRow | undefined> {
  const { events } = await client.request('events/query', { limit: lookedAt });
  const sendable = events.filter(({ notificationId }) => notificationId !== null);
  const there = sendable.find(({ forwardings }) => forwardings.some((each) => each.destinationId === destinationId));
  return there ?? sendable[0];
}

async function sendSample(client: RelayClient): Promise<void> {
  const { documentedListId, sendSamples } = await import('../deferred.ts');
  const { campaignMonitorUrl } = await client.request('relay/status', {});
  const now = new Date();
  const choice = { types: ['Subscribe'], mixed: false, count: 1, batch: 1, listId: documentedListId } as const;
  const { refused, firstRefusal } = await sendSamples(campaignMonitorUrl, choice, {
    seed: now.getTime() % 2_147_483_647,
    now,
  });
  if (refused > 0) throw new CommandError(say('Couldn’t send the sample event: {0}', printable(firstRefusal ?? '')));
}

/** How many times to check whether a breakpoint holds the event, and the pause between two checks. */
const looks = 20;
const lookPauseMs = 50;

async function heldThere(client: RelayClient, eventId: string, destinationId: string): Promise<Forwarding | undefined> {
  for (let look = 1; ; look += 1) {
    const { event } = await client.request('events/get', { id: eventId });
    const forwarding = event.forwardings.find((each) => each.destinationId === destinationId);
    if (forwarding?.state !== 'waiting')
      return forwarding !== undefined && isHeldAtGate(forwarding) ? forwarding : undefined;
    const { destinations } = await client.request('relay/status', {});
    const underWay = destinations.flatMap((each) => (each.destinationId === destinationId ? each.underWay : []));
    if (look === looks || underWay.some((id) => id === event.notificationId)) return undefined;
    await wait(lookPauseMs);
  }
}

/** The event is held deliberately, so ask before releasing anything. */
async function offerRelease(client: RelayClient, event: EventRow, { heldBy }: Forwarding): Promise<void> {
  const text =
    heldBy === 'breakpoint'
      ? say('{0} is held at a delivery breakpoint.', labelOf(event))
      : say('Sending is paused; {0} is held.', labelOf(event));
  await offer('Warning', text, {
    [say('Send It Now')]: () => release(client, event),
    [say('Continue Sending')]: byCommand('continueSending'),
  });
}

async function release(client: RelayClient, event: EventRow): Promise<void> {
  const { sending } = await client.request('debug/step', { id: event.id });
  if (sending.state !== 'paused' || heldCount(sending.held) > 0) return;
  if (sending.by.kind === 'breakpoint') {
    await client.request('debug/continue', {});
    return;
  }
  await offer('Information', say('{0} sent. Sending is still paused; new events are held.', labelOf(event)), {
    [say('Continue Sending')]: byCommand('continueSending'),
  });
}
