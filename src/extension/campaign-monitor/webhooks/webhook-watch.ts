/** Watches where the relay is public, and wakes the keeper of its webhooks where there are any. */
import type * as vscode from 'vscode';
import type { Session, SessionState } from '../../relay/session.ts';
import { readRelayUrl } from './hook-url.ts';
import type { StoredJournal } from './journal.ts';
import type { WebhookKeeper } from './webhook-keeper.ts';

export interface WebhookWatchParts {
  readonly session: Session;
  readonly journal: StoredJournal;
  readonly log: vscode.LogOutputChannel;
  /** Loads the keeper. */
  readonly keeper: () => Promise<WebhookKeeper>;
}

export class WebhookWatch {
  readonly #parts: WebhookWatchParts;
  /** The URL that was looked after last. */
  #followed: string | null = null;
  /** The relay, by its process, that was looked after where it has no public URL. */
  #said: number | null = null;
  readonly #subscription: vscode.Disposable;

  constructor(parts: WebhookWatchParts) {
    this.#parts = parts;
    const follow = (state: SessionState): void => {
      this.#follow(state).catch((error: unknown) => {
        parts.log.error(`the webhooks could not be looked after: ${(error as Error).message}`);
      });
    };
    this.#subscription = parts.session.onDidChange(follow);
    follow(parts.session.state);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  /** To be asked before the user stops the relay. Resolves to whether to stop. */
  async beforeStop(): Promise<boolean> {
    const { state } = this.#parts.session;
    if (state.kind !== 'running' || !this.#isRegistered(state.status.campaignMonitorUrl)) return true;
    return (await this.#parts.keeper()).beforeStop();
  }

  async #follow(state: SessionState): Promise<void> {
    if (state.kind !== 'running') {
      this.#followed = null;
      return;
    }
    const { journal, keeper } = this.#parts;
    const { publicCampaignMonitorUrl: publicUrl, campaignMonitorUrl: localUrl, dataDir, pid, tunnel } = state.status;
    const { relay, base: localBase } = readRelayUrl(localUrl) ?? {};
    if (relay === undefined) return;
    if (publicUrl !== null) {
      if (publicUrl === this.#followed) return;
      this.#followed = publicUrl;
      await journal.knowRelay({ relay, dataDir, base: readRelayUrl(publicUrl)?.base ?? null, localBase });
      if (this.#isRegistered(localUrl)) await (await keeper()).lookAfter();
    } else if ((tunnel.state === 'closed' || tunnel.state === 'failed') && this.#said !== pid) {
      this.#said = pid;
      this.#followed = null;
      await journal.knowRelay({ relay, dataDir, base: null, localBase });
      if (this.#isRegistered(localUrl)) await (await keeper()).lookAfter();
    }
  }

  #isRegistered(localUrl: string): boolean {
    const relay = readRelayUrl(localUrl)?.relay;
    return this.#parts.journal.all().some((each) => each.relay === relay);
  }
}
