import * as vscode from 'vscode';
import { debugType, prefix } from '../prefix.ts';
import type { SendingNotices } from './sending-notices.ts';
import type { Session } from '../session/session.ts';

/** Workspace state: the relay start for which a pause was last reported. */
const pausedKey = `${prefix}.toldPaused`;
const answeringKey = `${prefix}.toldAnswering`;

/** Reports a stop at a breakpoint if no debugger shows it, and once an existing pause or forced response. */
export function watchSending(
  { subscriptions, workspaceState }: Pick<vscode.ExtensionContext, 'subscriptions' | 'workspaceState'>,
  session: Session,
  notices: () => Promise<SendingNotices>,
): void {
  const debugging = new Set<string>();
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
      // Further stops while paused follow a client's step.
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
