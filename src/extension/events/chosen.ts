import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { EventsNode } from './event-node.ts';
import { notRunning } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { eventIdOf } from './address.ts';
import type { ActionParts } from './action-parts.ts';

/** @throws CommandError if there is no history to read */
export async function readable({ history }: Pick<ActionParts, 'history'>): Promise<RelayClient> {
  const client = await history.reader();
  if (client !== undefined) return client;
  throw notRunning();
}

export function chosenRows(
  { select }: Pick<ActionParts, 'select'>,
  node?: EventsNode,
  nodes?: readonly EventsNode[],
): readonly [EventRow, ...EventRow[]] {
  const [first, ...others] = select(node, nodes);
  if (first === undefined) {
    throw new CommandError(say('No event is selected'), say('Select an event in the Events view, and then try again.'));
  }
  return [first, ...others];
}

export function chosenRow(parts: Pick<ActionParts, 'select'>, node?: EventsNode): EventRow {
  return chosenRows(parts, node)[0];
}

export async function targetRows(
  parts: Pick<ActionParts, 'select' | 'history'>,
  target?: EventsNode | vscode.Uri,
  nodes?: readonly EventsNode[],
): Promise<readonly [EventRow, ...EventRow[]]> {
  if (!(target instanceof vscode.Uri)) return chosenRows(parts, target, nodes);
  const eventId = eventIdOf(target.path);
  if (eventId === undefined) return chosenRows(parts);
  const { event } = await (await readable(parts)).request('events/get', { id: eventId });
  return [event];
}
