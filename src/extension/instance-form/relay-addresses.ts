/** The relay's own URL for notifications of the platform, as the form fills it in and speaks of it. */
import * as vscode from 'vscode';
import { openVendorUrls } from '../public-url/urls.ts';
import type { Session } from '../session/session.ts';
import { unlessAborted } from '../session/shared-start.ts';

export class RelayAddresses {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Something about the relay or its URL is different. */
  get onDidChange(): vscode.Event<unknown> {
    return this.#session.onDidChange;
  }

  /**
   * The URL to which the platform sends notifications for this relay; undefined where there is none now.
   * @param local whether one that only this machine reaches will do, as for the sandbox
   */
  current(local: boolean): string | undefined {
    const { publicOpenConnectorsUrl, openConnectorsUrl } = this.#session.status ?? {};
    return publicOpenConnectorsUrl ?? (local ? openConnectorsUrl : undefined);
  }

  /**
   * The same, after the relay has been started and its public URL opened, as far as that is needed and the user agrees.
   * @param signal gives the waiting up; what was begun goes on, as after the commands about the relay
   * @returns undefined where there is none, and the user knows why
   * @throws the signal's reason where it was given up
   */
  async obtain(local: boolean, signal: AbortSignal): Promise<string | undefined> {
    const urls = openVendorUrls(this.#session, { isSandbox: local });
    return (await unlessAborted(urls, signal))?.openConnectors;
  }

  /** One sentence on the relay and the URL that is typed. */
  describe(callbackUrl: string): string {
    const { status } = this.#session;
    if (status === undefined) return vscode.l10n.t('The relay isn’t running; “Use This Relay” starts it.');
    if (callbackUrl === status.publicOpenConnectorsUrl) return vscode.l10n.t('This is the public URL of the relay.');
    if (callbackUrl === status.openConnectorsUrl) return vscode.l10n.t('This is the URL of the relay on this machine.');
    return callbackUrl.trim() === ''
      ? vscode.l10n.t('The relay is running.')
      : vscode.l10n.t('The relay is running, but this URL doesn’t point to it.');
  }
}
