import type * as vscode from 'vscode';
import type { EventRow } from '../../protocol/history.ts';
import type { EventsNode } from './event-node.ts';
import type { FocusedRows } from '../ui/focused-rows.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';

export interface ActionParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  /** Reads the history, whether a relay is running or not. */
  readonly history: StoppedHistory;
  /** The rows for a command: the clicked node with the selection, or the view's selection. */
  readonly select: Select;
  /** Whether the view of events is open, which shows the results of actions. */
  readonly isSeen: () => boolean;
  readonly focused: FocusedRows<EventsNode>;
}

export type Select = (node?: EventsNode, nodes?: readonly EventsNode[]) => readonly EventRow[];
