/** Follows the relay's public URL, and wakes what keeps the callback URLs true to it once there is one. */
import type * as vscode from 'vscode';
import { callbackUrls } from '../../relay/urls.ts';
import type { Session } from '../../relay/session.ts';
import type { Platform } from '../platform.ts';
import type { UrlKeeper } from './url-keeper.ts';

export interface FollowUrlParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly platform: Platform;
  readonly keeper: () => Promise<UrlKeeper>;
}

/** Follows it for as long as the extension lives. */
export function followUrl(context: vscode.ExtensionContext, { session, log, platform, keeper }: FollowUrlParts): void {
  const follow = async (): Promise<void> => (await keeper()).follow();
  context.subscriptions.push(
    session.onDidChange(() => {
      if (callbackUrls(session, platform).public === null) return;
      follow().catch((error: unknown) => {
        log.error(`the callback URLs were not looked at: ${(error as Error).message}`);
      });
    }),
  );
}
