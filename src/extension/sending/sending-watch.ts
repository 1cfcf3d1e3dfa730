/** Sees when somebody has to be told that sending is paused. What is said, and how, is loaded then. */
import * as vscode from 'vscode';
import { debugType, prefix } from '../prefix.ts';
import type { SendingNotices } from './sending-notices.ts';
import type { Session } from '../session/session.ts';

/** The start of the relay of which it was said last that sending was left paused. */
const pausedKey = `${prefix}.toldPaused`;
/** That start, and since when deliveries were answered on purpose as it was said last. */
const answeringKey = `${prefix}.toldAnswering`;

/**
 * Has it said that sending stopped at a breakpoint, once until it goes on, where no debugger shows it; and once for each
 * start of the relay that sending is paused, and for each time that deliveries are answered on purpose, as this window
 * comes to it.
 */
export function watchSending(
  { subscriptions, workspaceState }: Pick<vscode.ExtensionContext, 'subscriptions' | 'workspaceState'>,
  session: Session,
  notices: () => Promise<SendingNotices>,
): void {
  const debugging = new Set<string>();
  /** The relay process that this window has come to. */
  let known: string | undefined;
  const isNews = (key: string, value: string): boolean => {
    if (workspaceState.get<string>(key) === value) return false;
    void workspaceState.update(key, value);
    return true;
  };
  subscriptions.push(
    vscode.debug.onDidStartDebugSession(({ id, type }) => {
      if (type === debugType) debugging.add(id);
    }),
    vscode.debug.onDidTerminateDebugSession(({ id }) => debugging.delete(id)),
    session.onDidStopSending(({ stop, sending }) => {
      // While it stays paused, further stops follow a step that somebody made.
      const isFirst = sending.state === 'paused' && sending.since === stop.at;
      if (stop.reason === 'breakpoint' && isFirst && debugging.size === 0)
        void notices().then((made) => made.stopped(stop));
    }),
    session.onDidChange(({ kind }) => {
      const { status } = session;
      if (kind !== 'running' || status === undefined) {
        known = undefined;
        return;
      }
      const { startedAt, sending, answering } = status;
      if (startedAt === known) return;
      known = startedAt;
      const left = {
        ...(sending.state === 'paused' && isNews(pausedKey, startedAt) && { sending }),
        ...(answering.state === 'on-purpose' &&
          isNews(answeringKey, `${startedAt} ${answering.since}`) && { answering }),
      };
      if (Object.keys(left).length > 0) void notices().then((made) => made.leftSo(left));
    }),
  );
}
