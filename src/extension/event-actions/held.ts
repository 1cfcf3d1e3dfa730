/** What a pause or a breakpoint holds: released, edited and released, dropped, without a debug session. */
import * as vscode from 'vscode';
import type { EventRow } from '../../protocol/history.ts';
import type { CommandHandlers } from '../commands.ts';
import { connected } from '../session/connected.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { offer } from '../ui/offer.ts';
import { say } from '../ui/say.ts';
import { chosenRows } from '../events/chosen.ts';
import type { ActionParts } from '../events/action-parts.ts';
import type { EventsNode } from '../events/event-node.ts';
import { labelOf } from '../events/event-words.ts';
import { isHeldAtGate } from '../events/forwarding-state.ts';
import { closeAccepted, documentToSend, openBody, sayReceived, sendBody } from './edit-and-resend.ts';
import { inFull, inSteps, isMeant, sayDone } from './many-at-once.ts';
import { notificationsWith, onlyNotification } from './row-notifications.ts';
import type { WholeNotification } from './row-notifications.ts';
import { heldEventOf } from './send-lens.ts';
import { inGroups } from './step-by-step.ts';

/** Notifications that are released or dropped before it is asked whether to go on. */
const step = 20;

type Deed = 'release' | 'drop';

/** The handlers of these commands. */
export function createHeldCommands(parts: ActionParts): CommandHandlers<'held'> {
  return {
    release: byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      act(parts, 'release', chosenRows(parts, node, nodes)),
    ),
    drop: byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      act(parts, 'drop', chosenRows(parts, node, nodes)),
    ),
    editAndRelease: async (node?: EventsNode) => {
      const [row] = requireHeld(chosenRows(parts, node));
      await openBody(parts, row, { ofHeld: true });
    },
    releaseEdited: (uri?: vscode.Uri) => releaseEdited(parts, uri),
  };
}

/** @throws CommandError where none of the rows is held by a pause or a breakpoint */
function requireHeld(rows: readonly EventRow[]): readonly [EventRow, ...EventRow[]] {
  const [first, ...others] = rows.filter(({ forwardings }) => forwardings.some(isHeldAtGate));
  if (first !== undefined) return [first, ...others];
  throw new CommandError(
    vscode.l10n.t('Nothing of the selection is held by a pause or at a breakpoint'),
    vscode.l10n.t('It may have been sent meanwhile: the events view shows how it fares.'),
  );
}

async function act({ session }: ActionParts, deed: Deed, rows: readonly EventRow[]): Promise<void> {
  const client = connected(session);
  const held = requireHeld(rows);
  const isSure =
    deed === 'release'
      ? await isMeant(
          held.length,
          vscode.l10n.t('Release {0} events?', inFull(held.length)),
          vscode.l10n.t('They are sent, which cannot be undone.'),
          vscode.l10n.t('Release'),
        )
      : await isMeant(
          held.length,
          vscode.l10n.t('Drop {0} events?', inFull(held.length)),
          vscode.l10n.t('They stay in the history, and Replay sends them after all.'),
          vscode.l10n.t('Drop'),
        );
  if (!isSure) return;
  const method = deed === 'release' ? 'debug/step' : 'debug/drop';
  let refusal: Error | undefined;
  const one = async (id: string): Promise<number> => {
    try {
      await client.request(method, { id });
      return 1;
    } catch (error) {
      // Somebody else has released it meanwhile.
      if ((error as { code?: unknown }).code !== 'conflict') throw error;
      refusal ??= error as Error;
      return 0;
    }
  };
  const whole = onlyNotification(held);
  const { l10n } = vscode;
  const done = await inSteps(
    deed === 'release' ? l10n.t('Releasing') : l10n.t('Dropping'),
    // As sending without a pause would have them.
    [...inGroups(notificationsWith(held, isHeldAtGate), step)],
    async (ids) => {
      let sum = 0;
      for (const id of ids) sum += await one(id);
      return sum;
    },
  );
  if (done.done === 0 && !done.cancelled && refusal !== undefined) throw refusal;
  if (whole !== undefined && done.done > 0) {
    say(wholeText(deed, whole));
    return;
  }
  const name = labelOf(held[0], l10n);
  sayDone(
    done,
    deed === 'release'
      ? {
          none: l10n.t('Nothing of the selection was held.'),
          one: l10n.t('{0} is released.', name),
          many: (count) => l10n.t('{0} notifications are released.', count),
          cancelled: (count) => l10n.t('Cancelled: {0} notifications are released, the others are still held.', count),
        }
      : {
          none: l10n.t('Nothing of the selection was held.'),
          one: l10n.t('{0} is dropped. Replay sends it after all.', name),
          many: (count) => l10n.t('{0} notifications are dropped. Replay sends them after all.', count),
          cancelled: (count) => l10n.t('Cancelled: {0} notifications are dropped, the others are still held.', count),
        },
  );
}

function wholeText(deed: Deed, { deliveryId, part, parts, events }: WholeNotification): string {
  const { l10n } = vscode;
  if (deed === 'release') {
    return parts === 1
      ? l10n.t('{0} is released with its {1} events.', deliveryId, events)
      : l10n.t('Part {0} of {1} of {2} is released with its {3} events.', part + 1, parts, deliveryId, events);
  }
  return parts === 1
    ? l10n.t('{0} is dropped with its {1} events. Replay sends it after all.', deliveryId, events)
    : l10n.t(
        'Part {0} of {1} of {2} is dropped with its {3} events. Replay sends it after all.',
        ...[part + 1, parts, deliveryId, events],
      );
}

/** Sends an edited body in the place of what is held. Where it is refused, that is held on. */
async function releaseEdited(parts: ActionParts, uri: vscode.Uri | undefined): Promise<void> {
  const { l10n } = vscode;
  const document = await documentToSend(uri);
  const eventId = heldEventOf(document?.fileName ?? '');
  if (document === undefined || eventId === undefined) return;
  const { version } = document;
  try {
    const { delivery, events } = await connected(parts.session).request('debug/edit', {
      id: eventId,
      body: { text: document.getText() },
      // XML was made JSON to be edited.
      contentType: 'application/json; charset=utf-8',
    });
    await closeAccepted(document, version, delivery);
    await sayReceived(parts, delivery, events, (first) => l10n.t('Released as {0} in place of {1}.', first, eventId));
  } catch (error) {
    const { code, advice } = error as { code?: unknown; advice?: unknown };
    if (code !== 'conflict') throw error;
    const text = l10n.t('Not released: {0}', withNext(error, l10n));
    // It is to be mended, and the original is held on; or that is gone.
    const [other, doOther]: [string, () => Promise<unknown>] =
      advice === 'mend-body'
        ? [l10n.t('Release Original'), () => connected(parts.session).request('debug/step', { id: eventId })]
        : [l10n.t('Send as New Event'), () => sendBody(parts, document)];
    // Not awaited: the message may stay.
    void offer('Error', text, { [other]: doOther }).catch((failure: unknown) =>
      offer('Error', withNext(failure, l10n), {}),
    );
  }
}
