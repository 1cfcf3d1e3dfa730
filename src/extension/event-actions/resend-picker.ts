import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { labelOf } from '../../protocol/event-row.ts';
import { descriptionOf, rowContextOf } from '../events/event-words.ts';
import { connected } from '../session/session.ts';

/** Maximum number of failed events to offer, and of newest events. */
const offered = 50;

type Choice = vscode.QuickPickItem & { readonly what?: readonly EventRow[] | 'failed' };

/**
 * Offers the selection, all failed events, and single events: failed ones first, then the newest.
 * @returns the events, or that all failed ones are meant; undefined if the user cancelled
 */
export async function askWhatToResend({
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
