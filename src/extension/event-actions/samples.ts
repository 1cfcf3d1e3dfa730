/** Sample events, sent through the webhook endpoint as Campaign Monitor would send them. */
import * as vscode from 'vscode';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { cancellable } from '../ui/progress.ts';
import { commandId } from '../commands.ts';
import type { CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { connected } from '../session/connected.ts';
import { CommandError } from '../ui/command-error.ts';
import { walked } from '../ui/walkthrough.ts';
import type { ActionParts } from '../events/action-parts.ts';
import type { SampleChoice } from './sample-posts.ts';

const lastChoiceKey = `${prefix}.lastSamples`;

/** More deliveries than this are sent under progress that can be cancelled. */
const quietAtMost = 20;

const mostDeliveries = 1_000_000;

/** The handlers of these commands. */
export function createSampleCommands(parts: ActionParts): CommandHandlers<'samples'> {
  return { sendSample: () => sendSample(parts) };
}

async function sendSample(parts: ActionParts): Promise<void> {
  const { session } = parts;
  if (session.client === undefined) await vscode.commands.executeCommand(commandId('start'));
  // Why it did not start has been said.
  if (session.client === undefined) return;
  const choice = await choose(parts);
  if (choice === undefined) return;
  await parts.context.workspaceState.update(lastChoiceKey, choice);
  const { campaignMonitorUrl } = await connected(session).request('relay/status', {});
  const { sendSamples } = await import('../deferred.ts');
  const now = new Date();
  const send = (signal?: AbortSignal, onSent?: (sent: number) => void): ReturnType<typeof sendSamples> =>
    sendSamples(campaignMonitorUrl, choice, {
      seed: now.getTime() % 2_147_483_647,
      now,
      ...(signal && { signal }),
      ...(onSent && { onSent }),
    });
  const result = choice.count <= quietAtMost ? await send() : await withProgress(choice.count, send);
  tell(choice, result);
  walked('sample');
}

async function withProgress<T>(
  count: number,
  send: (signal: AbortSignal, onSent: (sent: number) => void) => Promise<T>,
): Promise<T> {
  let shown = 0;
  const every = Math.max(1, Math.floor(count / 100));
  return cancellable(vscode.l10n.t('Sending sample events'), (signal, progress) =>
    send(signal, (sent) => {
      if (sent - shown < every) return;
      progress.report({
        increment: (100 * (sent - shown)) / count,
        message: vscode.l10n.t('{0} of {1}', sent, count),
      });
      shown = sent;
    }),
  );
}

function tell(
  choice: SampleChoice,
  result: { sent: number; refused: number; firstRefusal: string | null; cancelled: boolean },
): void {
  const { l10n } = vscode;
  if (result.refused > 0) {
    throw new CommandError(
      l10n.t(
        '{0} of {1} sample deliveries were not taken: {2}',
        result.refused,
        result.sent,
        result.firstRefusal ?? '',
      ),
    );
  }
  const events = (result.sent * choice.batch).toLocaleString(vscode.env.language);
  vscode.window.setStatusBarMessage(
    result.cancelled
      ? l10n.t('Cancelled after {0} sample events. The events view shows them.', events)
      : l10n.t('Sent {0} sample events. The events view shows them.', events),
    8000,
  );
}

type FirstChoice = vscode.QuickPickItem & {
  /** Everything that is to be known, so that nothing more is asked. */
  readonly whole?: SampleChoice;
  readonly types?: readonly WebhookEventType[];
};

async function choose(parts: ActionParts): Promise<SampleChoice | undefined> {
  const { l10n } = vscode;
  const { documentedListId } = await import('../deferred.ts');
  const last = parts.context.workspaceState.get<SampleChoice>(lastChoiceKey);
  const oneOfEach: SampleChoice = {
    types: webhookEventTypes,
    mixed: false,
    count: 3,
    batch: 1,
    listId: documentedListId,
  };
  const choices: FirstChoice[] = [
    {
      label: l10n.t('$(beaker) One of each'),
      description: l10n.t('Subscribe, Update and Deactivate, sent at once'),
      whole: oneOfEach,
    },
  ];
  if (last !== undefined && JSON.stringify(last) !== JSON.stringify(oneOfEach)) {
    choices.push({ label: l10n.t('$(history) As last time'), description: describe(last), whole: last });
  }
  choices.push(
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: l10n.t('$(person-add) Subscribe…'), description: l10n.t('somebody joins a list'), types: ['Subscribe'] },
    { label: l10n.t('$(edit) Update…'), description: l10n.t('details or the address change'), types: ['Update'] },
    {
      label: l10n.t('$(circle-slash) Deactivate…'),
      description: l10n.t('somebody leaves, or mail bounces'),
      types: ['Deactivate'],
    },
    { label: l10n.t('$(layers) Mixed…'), description: l10n.t('all three take turns'), types: webhookEventTypes },
  );
  const first = await vscode.window.showQuickPick(choices, {
    title: l10n.t('Send Sample Events'),
    placeHolder: l10n.t('Choose what Campaign Monitor would send'),
    ignoreFocusOut: true,
  });
  if (first?.whole !== undefined) return first.whole;
  if (first?.types === undefined) return undefined;
  const title = first.label.replace(/^\$\([^)]*\) |…$/g, '');
  const count = await askNumber(l10n.t('{0}: how many deliveries?', title), mostDeliveries);
  if (count === undefined) return undefined;
  const { maxEventsInDelivery } = await import('../deferred.ts');
  const batch = await askNumber(l10n.t('{0}: how many events in each?', title), maxEventsInDelivery);
  if (batch === undefined) return undefined;
  const listId = await chooseList(parts, l10n.t('{0}: of which list?', title), documentedListId);
  return listId === undefined
    ? undefined
    : { types: first.types, mixed: first.types.length > 1 && batch > 1, count, batch, listId };
}

function describe({ types, count, batch, listId }: SampleChoice): string {
  const { l10n } = vscode;
  const names = types.join(', ');
  return batch === 1
    ? l10n.t('{0} × {1}, list {2}', count, names, listId)
    : l10n.t('{0} × {1}, {2} events each, list {3}', count, names, batch, listId);
}

/** Any number, to be typed: one is there at first. */
async function askNumber(title: string, most: number): Promise<number | undefined> {
  const { l10n } = vscode;
  const typed = await vscode.window.showInputBox({
    title,
    prompt: l10n.t('A whole number from 1 to {0}', most),
    value: '1',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[1-9]\d*$/.test(text.trim()) && Number(text) <= most
        ? undefined
        : l10n.t('Give a whole number from 1 to {0}', most),
  });
  return typed === undefined ? undefined : Number(typed);
}

/** A list: the documented one, one that was seen, or another that is typed. */
async function chooseList({ session }: ActionParts, title: string, documented: string): Promise<string | undefined> {
  const { l10n } = vscode;
  const { events } = await connected(session).request('events/query', { limit: 1000 });
  const seen = new Set(events.map(({ list }) => list).filter((list) => list !== null && list !== documented));
  const choices: (vscode.QuickPickItem & { listId?: string })[] = [
    { label: documented, description: l10n.t('the list of the vendor’s samples'), listId: documented },
    ...[...seen].flatMap((list) =>
      list === null ? [] : [{ label: list, description: l10n.t('seen in the history'), listId: list }],
    ),
    { label: l10n.t('$(edit) Another list…') },
  ];
  const choice = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: l10n.t('Choose a list'),
    ignoreFocusOut: true,
  });
  if (choice === undefined || choice.listId !== undefined) return choice?.listId;
  const typed = await vscode.window.showInputBox({
    title,
    prompt: l10n.t('The list’s ID: 32 hex digits'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]{1,100}$/.test(text.trim()) ? undefined : l10n.t('Give an ID without spaces'),
  });
  return typed?.trim();
}
