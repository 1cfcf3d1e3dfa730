/**
 * Logs what happens to the relay and its deliveries, without secrets: URLs have no query, and the relay's own no path.
 */
import type * as vscode from 'vscode';
import type { Attempt, Delivery } from '../../protocol/history.ts';
import type { Status } from '../../protocol/status.ts';
import { realTimers } from '../ui/coalescer.ts';
import type { Timers } from '../ui/coalescer.ts';
import { placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import type { Session, SessionState } from './session.ts';

export interface RelayLogParts {
  readonly session: Pick<Session, 'onDidChange' | 'onDidAddEvents' | 'onDidRecordAttempts'>;
  readonly log: Pick<vscode.LogOutputChannel, 'info' | 'warn'>;
  readonly timers?: Timers;
}

export function logRelay(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  { session, log, timers = realTimers }: RelayLogParts,
): void {
  const warn = (line: string): void => log.warn(line);
  const rejected = new FewLines(warn, (count) => `${count} more deliveries rejected`, timers);
  const failed = new FewLines(warn, (count) => `${count} more notifications given up`, timers);
  subscriptions.push(
    session.onDidChange(stateLogger((line) => log.info(line))),
    session.onDidAddEvents(({ deliveries }) => {
      for (const { delivery } of deliveries) if (delivery.status === 'rejected') rejected.add(rejectedLine(delivery));
    }),
    session.onDidRecordAttempts(({ attempts }) => {
      for (const attempt of attempts) if (attempt.outcome === 'failed') failed.add(failedLine(attempt));
    }),
    rejected,
    failed,
  );
}

/** Logs changes of state. The session reports why a connection ended. */
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

/** Number of lines of one kind to write separately in each period, and its length in milliseconds. */
const most = 5;
const spanMs = 10_000;

/** Lines of one kind: the first few of a period are written, the others are counted in one line at its end. */
export class FewLines {
  readonly #write: (line: string) => void;
  readonly #more: (count: number) => string;
  readonly #timers: Timers;
  #written = 0;
  #left = 0;
  #cancel: (() => void) | undefined;

  /** @param more the line for those that were not written */
  constructor(write: (line: string) => void, more: (count: number) => string, timers: Timers = realTimers) {
    this.#write = write;
    this.#more = more;
    this.#timers = timers;
  }

  add(line: string): void {
    this.#cancel ??= this.#timers.after(spanMs, () => this.#endSpan());
    if (this.#written >= most) {
      this.#left += 1;
      return;
    }
    this.#written += 1;
    this.#write(line);
  }

  dispose(): void {
    this.#cancel?.();
  }

  #endSpan(): void {
    this.#cancel = undefined;
    if (this.#left > 0) this.#write(this.#more(this.#left));
    this.#written = this.#left = 0;
  }
}
