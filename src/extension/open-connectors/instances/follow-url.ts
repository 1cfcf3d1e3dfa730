/** Follows the relay's public URL, and loads what keeps the callback URLs true to it once there is one. */
import type * as vscode from 'vscode';
import { callbackUrls } from '../../relay/urls.ts';
import type { KeepUrlsParts } from './keep-urls.ts';
import type { UrlKeeper } from './url-keeper.ts';

/** Follows it for as long as the extension lives. */
export function followUrl(context: vscode.ExtensionContext, parts: KeepUrlsParts): void {
  const { session, log, platform } = parts;
  let loaded: Promise<UrlKeeper> | undefined;
  const follow = async (): Promise<void> => {
    loaded ??= import('./keep-urls.ts').then(({ createUrlKeeper }) => createUrlKeeper(parts));
    await (await loaded).follow();
  };
  context.subscriptions.push(
    session.onDidChange(() => {
      if (callbackUrls(session, platform).public === null) return;
      follow().catch((error: unknown) => {
        log.error(`the callback URLs were not looked at: ${(error as Error).message}`);
      });
    }),
  );
}
