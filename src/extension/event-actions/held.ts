import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { CommandHandlers } from '../commands.ts';
import { connected } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { chosenRows } from '../events/chosen.ts';
import type { ActionParts } from '../events/action-parts.ts';
import type { EventsNode } from '../events/event-node.ts';
import { isHeldAtGate, labelOf } from '../../protocol/event-row.ts';
import { inFull, inSteps, isMeant, sayDone } from './many-at-once.ts';
import { inGroups, notificationsWith, onlyNotification, type WholeNotification } from './notification-groups.ts';

const step = 20;

export function createHeldCommands(parts: ActionParts): CommandHandlers<'held'> {
  return {
    release: byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      release(parts, chosenRows(parts, node, nodes)),
    ),
  };
}

function requireHeld(rows: readonly EventRow[]): readonly [EventRow, ...EventRow[]] {
  const [first, ...others] = rows.filter(({ forwardings }) => forwardings.some(isHeldAtGate));
  if (first !== undefined) return [first, ...others];
  throw new CommandError(
    say('No selected event is held by a pause or a breakpoint'),
    say('The selected events may already have been sent. Check the Events view.'),
  );
}

async function release({ session }: ActionParts, rows: readonly EventRow[]): Promise<void> {
  const client = connected(session);
  const held = requireHeld(rows);
  const question = say('Release {0} events?', inFull(held.length));
  const detail = say('Released events are sent right away. You can’t undo this.');
  if (!(await isMeant(held.length, question, detail, say('Release')))) return;
  let refusal: Error | undefined;
  const one = async (id: string): Promise<number> => {
    try {
      await client.request('debug/step', { id });
      return 1;
    } catch (error) {
      // Another client has released it.
      if ((error as { code?: unknown }).code !== 'conflict') throw error;
      refusal ??= error as Error;
      return 0;
    }
  };
  const whole = onlyNotification(held);
  const done = await inSteps(
    say('Releasing'),
    // In the order in which they would be sent without a pause.
    [...inGroups(notificationsWith(held, isHeldAtGate), step)],
    async (ids) => {
      let sum = 0;
      for (const id of ids) sum += await one(id);
      return sum;
    },
  );
  if (done.done === 0 && !done.canceled && refusal !== undefined) throw refusal;
  if (whole !== undefined && done.done > 0) {
    showStatusMessage(wholeText(whole));
    return;
  }
  sayDone(done, {
    none: say('No selected event was held.'),
    one: say('Released {0}.', labelOf(held[0])),
    many: (count) => say('Released {0} notifications.', count),
    canceled: (count) => say('Canceled: released {0} notifications; the others are still held.', count),
  });
}

function wholeText({ deliveryId, part, parts, events }: WholeNotification): string {
  return parts === 1
    ? say('Released {0} with {1} events.', deliveryId, events)
    : say('Released {2}, part {0} of {1}, with {3} events.', part + 1, parts, deliveryId, events);
}
