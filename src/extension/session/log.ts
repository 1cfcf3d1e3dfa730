/** Logs no secrets: URLs have no query, and the relay's own no path. */
import type * as vscode from 'vscode';
import type { Attempt, Delivery } from '../../protocol/history.ts';
import type { Status } from '../../protocol/status.ts';
import { placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import type { Session, SessionState } from './session.ts';

export interface RelayLogParts {
  readonly session: Pick<Session, 'onDidChange' | 'onDidAddEvents' | 'onDidRecordAttempts'>;
  readonly log: Pick<vscode.LogOutputChannel, 'info' | 'warn'>;
}

export function logRelay(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  { session, log }: RelayLogParts,
): void {
  subscriptions.push(
    session.onDidChange(stateLogger((line) => log.info(line))),
    session.onDidAddEvents(({ deliveries }) => {
      for (const { delivery } of deliveries) if (delivery.status === 'rejected') log.warn(rejectedLine(delivery));
    }),
    session.onDidRecordAttempts(({ attempts }) => {
      for (const attempt of attempts) if (attempt.outcome === 'failed') log.warn(failedLine(attempt));
    }),
  );
}

function stateLogger(info: (line: string) => void): (state: SessionState) => void {
  let before: SessionState['kind'] = 'stopped';
  let startingSince = 0;
  let settings = '';
  return (state) => {
    if (state.kind === 'starting') startingSince = Date.now();
    if (state.kind === 'running') {
      const { status } = state;
      const applied = JSON.stringify(status.settings);
      if (before !== 'running') info(runsLine(status, before === 'starting' ? startingSince : Infinity));
      else if (applied !== settings) info('the settings were applied');
      if (applied !== settings || before !== 'running') info(destinationsLine(status));
      settings = applied;
    } else if (state.kind === 'stopped' && state.elsewhere !== true && before === 'running') {
      info('the relay was stopped');
    }
    before = state.kind;
  };
}

function runsLine({ pid, version, campaignMonitorUrl, dataDir, startedAt }: Status, startingSince: number): string {
  const action = Date.parse(startedAt) >= startingSince ? 'the relay was started' : 'attached to the relay that runs';
  return `${action}: process ${pid}, version ${version}, at ${new URL(campaignMonitorUrl).origin}, history in ${dataDir}`;
}

function destinationsLine({ settings }: Status): string {
  const places = settings.destinations.map(({ url, mode, sample }) =>
    sample !== undefined ? 'the sample receiver' : `${placeOf(url)}${mode === 'raw' ? ' (raw)' : ''}`,
  );
  return `notifications go to ${places.join(', ')}`;
}

function rejectedLine({ id, reason, httpStatus }: Delivery): string {
  // A parser's message ends with a piece of the body, which may contain an address.
  const why = reason?.replace(/,\s*(?:\.\.\.)?".*$/s, '') ?? String(httpStatus);
  return `${id} rejected: ${printable(why, 300)}`;
}

function failedLine({ notificationId, destination, status, error, number }: Attempt): string {
  const why = status === null ? printable(error ?? 'no answer', 300) : String(status);
  return `${notificationId} → ${placeOf(destination)}: ${why}, given up after ${number} attempt${number === 1 ? '' : 's'}`;
}
