import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { withNext } from '../ui/error-words.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { connected, notRunning, type Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import type { HistoryWatch } from '../events/history-watch.ts';
import type { EventsView } from './events-view.ts';
import { pickFilter } from './filter-picker.ts';

export interface EventsViewCommandParts {
  readonly view: EventsView;
  readonly watch: HistoryWatch;
  readonly session: Session;
  readonly history: StoppedHistory;
}

export function createEventsViewCommands({
  view,
  watch,
  session,
  history,
}: EventsViewCommandParts): CommandHandlers<'eventsView'> {
  return {
    showTable: () => vscode.commands.executeCommand(`${prefix}.table.focus`),
    // The row of a frozen list always unfreezes it, however often it is clicked.
    toggleFrozen: (frozen?: unknown) => watch.setPaused(frozen !== false && !watch.paused),
    filterEvents: (filter?: unknown) => filterEvents({ view, watch, history }, filter),
    clearFilter: () => watch.setFilter(''),
    refreshEvents: () => view.refresh(),
    loadMore: () => view.loadMore(),
    clearHistory: () => clearHistory(session),
  };
}

async function filterEvents(
  { view, watch, history }: Pick<EventsViewCommandParts, 'view' | 'watch' | 'history'>,
  filter: unknown,
): Promise<void> {
  if ((await history.reader()) === undefined) throw notRunning();
  if (typeof filter === 'string') {
    const refusal = await watch.refusalOf(filter.trim());
    if (refusal !== undefined) throw refusal;
    await watch.setFilter(filter.trim());
    return;
  }
  const check = async (text: string): Promise<string | null> => {
    const refusal = await watch.refusalOf(text);
    return refusal === undefined ? null : withNext(refusal);
  };
  const picked = await pickFilter({ current: watch.filter, recent: watch.recentFilters, lists: view.lists, check });
  if (picked !== undefined) await watch.setFilter(picked);
}

async function clearHistory(session: Session): Promise<void> {
  const client = connected(session);
  const clear = say('Clear History');
  const choice = await vscode.window.showWarningMessage(
    say('Clear the history?'),
    {
      modal: true,
      detail: say(
        'Deliveries, their events, and their attempts will be removed from the history, except deliveries with waiting or held events. You can’t undo this.',
      ),
    },
    clear,
  );
  if (choice !== clear) return;
  const { cleared, kept } = await client.request('events/clear', {});
  showStatusMessage(
    kept === 0
      ? say('Deliveries cleared: {0}.', cleared)
      : say('Deliveries cleared: {0}. Kept because events are waiting or held: {1}.', cleared, kept),
  );
}
