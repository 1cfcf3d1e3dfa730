import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { openVendorUrls } from '../public-url/urls.ts';
import type { Session } from '../session/session.ts';
import { unlessAborted } from '../session/shared-start.ts';

export class RelayAddresses {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get onDidChange(): vscode.Event<unknown> {
    return this.#session.onDidChange;
  }

  /**
   * The relay's current URL for Open Connectors; undefined if there is none.
   * @param local whether a local URL is sufficient, as for the sandbox
   */
  current(local: boolean): string | undefined {
    const { publicOpenConnectorsUrl, openConnectorsUrl } = this.#session.status ?? {};
    return publicOpenConnectorsUrl ?? (local ? openConnectorsUrl : undefined);
  }

  /**
   * The same, after starting the relay and opening its public URL, if necessary and if the user agrees.
   * @param signal cancels waiting; a start in progress continues, as after the commands for the relay
   * @returns undefined if there is none, and the user knows why
   * @throws the signal's reason if it was cancelled
   */
  async obtain(local: boolean, signal: AbortSignal): Promise<string | undefined> {
    const urls = openVendorUrls(this.#session, { isSandbox: local });
    return (await unlessAborted(urls, signal))?.openConnectors;
  }

  /** One sentence on the relay and the typed URL. */
  describe(callbackUrl: string): string {
    const { status } = this.#session;
    if (status === undefined) return say('The relay isn’t running; “Use This Relay” starts it.');
    if (callbackUrl === status.publicOpenConnectorsUrl) return say('This is the public URL of the relay.');
    if (callbackUrl === status.openConnectorsUrl) return say('This is the URL of the relay on this machine.');
    return callbackUrl.trim() === ''
      ? say('The relay is running.')
      : say('The relay is running, but this URL doesn’t point to it.');
  }
}
