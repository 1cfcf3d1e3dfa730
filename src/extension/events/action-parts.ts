import type * as vscode from 'vscode';
import type { EventRow } from '../../protocol/history.ts';
import type { EventsNode } from './event-node.ts';
import type { FocusedRows } from '../ui/focused-rows.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';

export interface ActionParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  /** Also reads the history of a stopped relay. */
  readonly history: StoppedHistory;
  readonly select: Select;
  readonly isSeen: () => boolean;
  readonly focused: FocusedRows<EventsNode>;
}

export type Select = (node?: EventsNode, nodes?: readonly EventsNode[]) => readonly EventRow[];
