import type * as vscode from 'vscode';
import type { KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl } from './url-place.ts';
import type { Session, SessionState } from '../session/session.ts';

export interface UrlWatchParts {
  readonly session: Session;
  readonly relays: KnownRelays;
  readonly log: vscode.LogOutputChannel;
  /** Whether a URL set here is at a vendor. @param relay as in url-place.ts */
  readonly isKept: (relay: string) => boolean;
  readonly followers: () => Promise<readonly { follow(): Promise<void> }[]>;
}

export function watchUrls(
  context: vscode.ExtensionContext,
  { session, relays, log, isKept, followers }: UrlWatchParts,
): void {
  let followed = '';
  const follow = async (state: SessionState): Promise<void> => {
    if (state.kind !== 'running') {
      followed = '';
      return;
    }
    const { campaignMonitorUrl, publicUrl, dataDir, pid, tunnel } = state.status;
    const place = `${pid} ${publicUrl ?? tunnel.state} ${campaignMonitorUrl}`;
    const { relay, base: localBase } = readRelayUrl(campaignMonitorUrl, 'campaign-monitor') ?? {};
    if (place === followed || relay === undefined || localBase === undefined) return;
    followed = place;
    await relays.know({ relay, dataDir, base: publicUrl, localBase });
    if (isKept(relay)) await Promise.all((await followers()).map((each) => each.follow()));
  };
  const watch = (state: SessionState): void => {
    follow(state).catch((error: unknown) => {
      log.error(`the webhooks and instances were not looked after: ${(error as Error).message}`);
    });
  };
  context.subscriptions.push(session.onDidChange(watch));
  watch(session.state);
}
