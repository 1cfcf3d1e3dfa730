import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { isSameUrl } from '../../common/same-url.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';
import type { Params } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Destination } from '../../protocol/settings.ts';
import { byKey, byKeyToo } from '../ui/focused-rows.ts';
import { offer } from '../ui/offer.ts';
import { alone, askChoice, askText, only } from '../ui/questions.ts';
import { cancelable, inView } from '../ui/progress.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { labelOf } from '../../protocol/event-row.ts';
import { descriptionOf, rowContextOf, whyNothingIsResent } from '../events/event-words.ts';
import type { EventsNode, MatchingNode } from '../events/event-node.ts';
import { connected } from '../session/session.ts';
import { chosenRows, targetRows } from '../events/chosen.ts';
import { problemOfUrl, typedUrl } from '../destinations/callback-url.ts';
import { joinParts } from '../destinations/destination-words.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { inFull, inSteps, isMeant, sayDone } from './many-at-once.ts';
import {
  failedNotifications,
  inGroups,
  inWholeGroups,
  notificationsByDelivery,
  notificationsWith,
  onlyNotification,
  stepByStep,
} from './notification-groups.ts';
import type { WholeNotification } from './notification-groups.ts';

/** Number of notifications in one request, which can't be canceled. */
const step = 100;

/** Only the table passes a filter. */
const inTable = { viewId: `${prefix}.table`, isVisible: () => true };

type ChosenNode = EventsNode | MatchingNode;

const lastUrlKey = `${prefix}.lastReplayUrl`;

export function createResendCommands(parts: ActionParts): CommandHandlers<'resend'> {
  const resendChosen = forRowsOrMatching(parts, resend, resendMatching);
  return {
    resend: async (...given: [target?: ChosenNode | vscode.Uri | typeof byKey, nodes?: readonly EventsNode[]]) => {
      const [target, nodes] = given;
      // A menu passes rows, even if VS Code has lost them; the palette passes nothing.
      if (given.length === 0) return askAndResend(parts);
      if (target instanceof vscode.Uri) return resend(parts, await targetRows(parts, target));
      return target === byKey ? resendChosen() : resendChosen(target, nodes);
    },
    resendTo: async (node?: ChosenNode, nodes?: readonly EventsNode[]) => {
      const what = node?.kind === 'matching' ? node : requireNotifications(chosenRows(parts, node, nodes));
      const to = await askDestination(parts);
      if (to === undefined) return;
      await ('kind' in what ? resendMatching(parts, what, to) : resend(parts, what, to));
    },
    resendFailed: () => resendFailed(parts),
    discard: forRowsOrMatching(parts, discard, discardMatching),
    discardWaiting: () => discardWaiting(parts),
  };
}

function forRowsOrMatching(
  parts: ActionParts,
  forRows: (parts: ActionParts, rows: readonly [EventRow, ...EventRow[]]) => Promise<void>,
  forMatching: (parts: ActionParts, node: MatchingNode) => Promise<void>,
): (node?: ChosenNode, nodes?: readonly EventsNode[]) => Promise<void> {
  const byRows = byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
    forRows(parts, chosenRows(parts, node, nodes)),
  );
  return (node, nodes) => (node?.kind === 'matching' ? forMatching(parts, node) : byRows(node, nodes));
}

async function askAndResend(parts: ActionParts): Promise<void> {
  const { session } = parts;
  if (session.client === undefined) await vscode.commands.executeCommand(commandId('start'));
  // The failure to start was shown.
  if (session.client === undefined) return;
  const what = await askWhatToResend(parts);
  if (what === 'failed') await resendFailed(parts);
  else if (what !== undefined) await resend(parts, what);
}

export function requireNotifications(rows: readonly EventRow[]): readonly [EventRow, ...EventRow[]] {
  const [first, ...others] = rows.filter(({ notificationId }) => notificationId !== null);
  if (first !== undefined) return [first, ...others];
  throw new CommandError(
    say('No notification to resend'),
    say('Test calls and rejected deliveries don’t have notifications.'),
  );
}

type ResendTarget = Params<'notifications/replay'>['to'];

async function resend({ session }: ActionParts, rows: readonly EventRow[], to?: ResendTarget): Promise<void> {
  const client = connected(session);
  const sendable = requireNotifications(rows);
  if (!(await confirmResend(sendable.length))) return;
  const groups = [...inWholeGroups(notificationsByDelivery(sendable), step)];
  const gone = { count: 0 };
  const resent = await inSteps(say('Resending'), groups, (some) => resendOnce(client, some, to, gone));
  if (gone.count > 0 && !resent.canceled) {
    const counts = [resent.done, gone.count];
    return offer('Information', say('Resending notifications: {0}. No longer in the history: {1}.', ...counts), {});
  }
  const whole = onlyNotification(sendable);
  if (whole !== undefined && resent.done > 0) {
    showStatusMessage(sentWhole(whole));
    return;
  }
  sayDone(resent, {
    none: whyNothingIsResent(rows),
    one: say('Resending {0}.', labelOf(sendable[0])),
    many: sentAgain,
    canceled: sentAgainInPart,
  });
}

function confirmResend(count: number): Promise<boolean> {
  const question = say('Resend {0} events?', inFull(count));
  return isMeant(count, question, say('You can’t undo this.'), say('Resend'));
}

async function resendMatching(
  { session }: ActionParts,
  { count, which }: MatchingNode,
  to?: ResendTarget,
): Promise<void> {
  const client = connected(session);
  if (!(await confirmResend(count))) return;
  const asked = (): Promise<{ replayed: number }> =>
    client.request('notifications/replay', { ...which, ...(to && { to }) });
  showStatusMessage(sentAgain((await inView(inTable, say('Resending'), asked)).replayed));
}

function sentWhole({ deliveryId, part, parts, events }: WholeNotification): string {
  return parts === 1
    ? say('Resending {0} with {1} events.', deliveryId, events)
    : say('Resending {2}, part {0} of {1}, with {3} events.', part + 1, parts, deliveryId, events);
}

function discardedWhole({ deliveryId, part, parts, events }: WholeNotification): string {
  return parts === 1
    ? say('Discarded {0} with {1} events. To send it anyway, resend it.', deliveryId, events)
    : say(
        'Discarded {2}, part {0} of {1}, with {3} events. To send it anyway, resend it.',
        part + 1,
        parts,
        deliveryId,
        events,
      );
}

async function resendOnce(
  client: RelayClient,
  ids: readonly string[],
  to?: ResendTarget,
  gone = { count: 0 },
): Promise<number> {
  const asked = client.request('notifications/replay', { ids: [...ids], ...(to && { to }) });
  return (await countGone(asked, ids, gone))?.replayed ?? 0;
}

/** Undefined if none of the notifications is in the history anymore. */
async function countGone<T extends { readonly gone?: number | undefined }>(
  asked: Promise<T>,
  ids: readonly string[],
  gone: { count: number },
): Promise<T | undefined> {
  try {
    const answer = await asked;
    gone.count += answer.gone ?? 0;
    return answer;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'not-found') throw error;
    gone.count += ids.length;
    return undefined;
  }
}

async function resendFailed({ session }: ActionParts): Promise<void> {
  const client = connected(session);
  const { counts } = await client.request('relay/status', {});
  const question = say('Resend all {0} failed notifications?', inFull(counts.failed));
  const detail = say('You can’t undo this.');
  if (!(await isMeant(counts.failed, question, detail, say('Resend')))) return;
  const resent = await cancelable(say('Resending failed notifications'), (signal, progress) =>
    stepByStep(
      failedNotifications(client, step),
      signal,
      (ids) => resendOnce(client, ids),
      (size, done) =>
        progress.report({
          increment: (100 * size) / Math.max(counts.failed, size),
          message: say('{0} resent', done),
        }),
    ),
  );
  sayDone(resent, {
    none: say('Nothing has failed.'),
    one: say('Resending one notification.'),
    many: sentAgain,
    canceled: sentAgainInPart,
  });
}

function sentAgain(count: number): string {
  return say('Resending {0} notifications.', count);
}

function sentAgainInPart(count: number): string {
  return say('Canceled: resent {0} notifications.', count);
}

async function discard({ session }: ActionParts, rows: readonly [EventRow, ...EventRow[]]): Promise<void> {
  const client = connected(session);
  const isOpen = ({ state }: Forwarding): boolean => state === 'waiting' || state === 'held';
  const open = rows.filter(({ forwardings }) => forwardings.some(isOpen));
  if (!(await confirmDiscard(open.length))) return;
  const groups = [...inGroups(notificationsWith(open, isOpen), step)];
  const gone = { count: 0 };
  const discarded = await inSteps(say('Discarding'), groups, async (ids) => {
    const asked = client.request('notifications/discard', { ids: [...ids] });
    return (await countGone(asked, ids, gone))?.discarded ?? 0;
  });
  if (gone.count > 0 && !discarded.canceled) {
    const counts = [discarded.done, gone.count];
    return offer('Information', say('Discarded notifications: {0}. No longer in the history: {1}.', ...counts), {});
  }
  const whole = discarded.done > 0 ? onlyNotification(open) : undefined;
  if (whole !== undefined) {
    showStatusMessage(discardedWhole(whole));
    return;
  }
  sayDone(discarded, {
    none: say('No selected event is waiting or held.'),
    one: say('Discarded {0}. To send it anyway, resend it.', labelOf(open[0] ?? rows[0])),
    many: discardedMany,
    canceled: (count) => say('Canceled: discarded {0} notifications; the others weren’t discarded.', count),
  });
}

function confirmDiscard(count: number): Promise<boolean> {
  const detail = say('Discarded notifications stay in the history, and you can resend them.');
  return isMeant(count, say('Discard {0} events?', inFull(count)), detail, say('Discard'));
}

function discardedMany(count: number): string {
  return say('Discarded {0} notifications. To send them anyway, resend them.', count);
}

async function discardMatching({ session }: ActionParts, { count, which }: MatchingNode): Promise<void> {
  const client = connected(session);
  if (!(await confirmDiscard(count))) return;
  const asked = (): Promise<{ discarded: number }> => client.request('notifications/discard', which);
  showStatusMessage(discardedMany((await inView(inTable, say('Discarding'), asked)).discarded));
}

async function discardWaiting({ session }: ActionParts): Promise<void> {
  const client = connected(session);
  const { counts } = await client.request('relay/status', {});
  const waiting = counts.waiting + counts.held;
  if (waiting === 0) {
    void offer('Information', say('No notification is waiting or held.'), {});
    return;
  }
  const confirm = say('Discard');
  const choice = await vscode.window.showWarningMessage(
    waiting === 1
      ? say('Discard the waiting or held notification?')
      : say('Discard all {0} waiting and held notifications?', waiting),
    { modal: true, detail: say('Discarded notifications stay in the history, and you can resend them.') },
    confirm,
  );
  if (choice !== confirm) return;
  const { discarded } = await client.request('notifications/discard', { waiting: true });
  showStatusMessage(say('Discarded notifications: {0}.', discarded));
}

async function askDestination({ context, session }: ActionParts): Promise<ResendTarget> {
  const { settings } = await connected(session).request('relay/status', {});
  const { maskSecrets } = await import('../deferred.ts');
  type Choice = vscode.QuickPickItem & { readonly destination?: Destination };
  const choices: Choice[] = settings.destinations.map((destination) => ({
    label: maskSecrets(destination.url),
    description: joinParts([destination.id ?? '', destination.mode === 'raw' ? say('as received') : ''], ', '),
    destination,
  }));
  choices.push({ label: say('$(edit) Another URL…') });
  const asked = askChoice(alone(say('Resend To')), {
    placeholder: say('Choose a destination'),
    items: choices,
    matchOnDescription: true,
  });
  const choice = await only(asked);
  if (choice === undefined) return undefined;
  return choice.destination ?? askUrl(context, settings.destinations);
}

async function askUrl(context: vscode.ExtensionContext, configured: readonly Destination[]): Promise<ResendTarget> {
  const { destinationSchema } = await import('../deferred.ts');
  const asked = askText(alone(say('Resend To')), {
    prompt: say('URL to post these notifications to'),
    placeholder: 'http://localhost:3000/callback',
    value: context.workspaceState.get<string>(lastUrlKey, ''),
    check: (text) =>
      problemOfUrl(
        typedUrl(text),
        say('Leave out the user name and password: add a destination with credentials instead'),
      ),
  });
  const url = await only(asked);
  if (url === undefined) return undefined;
  const destination = destinationSchema.parse({ url: typedUrl(url) });
  await context.workspaceState.update(lastUrlKey, destination.url);
  // A destination of the settings has its own key and credentials.
  return configured.find((each) => isSameUrl(each.url, destination.url)) ?? { url: destination.url };
}

const offered = 50;

type Choice = vscode.QuickPickItem & { readonly what?: readonly EventRow[] | 'failed' };

async function askWhatToResend({
  session,
  select,
}: Pick<ActionParts, 'session' | 'select'>): Promise<readonly EventRow[] | 'failed' | undefined> {
  const client = connected(session);
  const [failed, newest, { counts }] = await Promise.all([
    client.request('events/query', { filter: 'state:failed', limit: offered }),
    client.request('events/query', { limit: offered }),
    client.request('relay/status', {}),
  ]);
  const around = rowContextOf(session.status, { nameOfList: () => undefined }, vscode.env.language);
  const isSendable = ({ notificationId }: EventRow): boolean => notificationId !== null;
  const item = (row: EventRow): Choice => ({
    label: labelOf(row),
    description: descriptionOf(row, around),
    what: [row],
  });
  const selected = select().filter(isSendable);
  const known = new Set(failed.events.map(({ id }) => id));
  const items: Choice[] = [
    ...(selected.length === 0
      ? []
      : [{ label: say('$(list-selection) Selected Events: {0}', selected.length), what: selected }]),
    ...(counts.failed === 0
      ? []
      : [{ label: say('$(error) All Failed Notifications: {0}', counts.failed), what: 'failed' as const }]),
    { label: say('Events'), kind: vscode.QuickPickItemKind.Separator },
    ...failed.events.map(item),
    ...newest.events.filter((row) => isSendable(row) && !known.has(row.id)).map(item),
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: say('Resend'),
    placeHolder: say('Choose what to resend'),
    matchOnDescription: true,
  });
  return choice?.what;
}
