import type * as vscode from 'vscode';
import type { EventRow } from '../../protocol/history.ts';
import type { EventsNode } from './event-node.ts';
import type { FocusedRows } from '../ui/focused-rows.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';

/** What commands about events are made of. */
export interface ActionParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  /** Reads what was received, whether a relay runs or not. */
  readonly history: StoppedHistory;
  /** The rows that a command acts on: the clicked node with the selection, or the view's selection. */
  readonly select: Select;
  /** Whether the view of events is open: what is done with events is seen there. */
  readonly isSeen: () => boolean;
  /** The rows that a key acts on, for which VS Code names none. */
  readonly focused: FocusedRows<EventsNode>;
}

export type Select = (node?: EventsNode, nodes?: readonly EventsNode[]) => readonly EventRow[];
