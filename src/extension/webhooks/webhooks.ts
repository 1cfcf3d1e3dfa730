import type * as vscode from 'vscode';
import { AccountStore } from '../accounts/account-store.ts';
import { registerAuthentication } from '../accounts/authentication.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import type { ListNames } from '../accounts/list-names.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl } from '../public-url/url-place.ts';
import type { Session } from '../session/session.ts';
import { watchForEchoes } from './echo-hint.ts';
import type { WebhookActions } from './webhook-actions.ts';
import { WebhookJournal } from './webhook-journal.ts';
import { WebhookSource } from './webhook-source.ts';
import { WebhooksView } from './webhooks-view.ts';

export interface WebhooksParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly sandbox: SandboxProcess;
  readonly names: ListNames;
  readonly relays: KnownRelays;
  readonly actions: () => Promise<WebhookActions>;
}

export interface Webhooks {
  readonly accounts: AccountStore;
  readonly journal: WebhookJournal;
  readonly source: WebhookSource;
  readonly view: WebhooksView;
  /** Also with an earlier secret. @param relay as in url-place.ts */
  readonly isRegistered: (relay: string) => boolean;
  /** Resolves to whether to stop the relay. */
  readonly beforeStop: () => Promise<boolean>;
}

export function createWebhooks({ context, session, log, sandbox, names, relays, actions }: WebhooksParts): Webhooks {
  const accounts = new AccountStore(context, sandbox);
  const journal = new WebhookJournal(context.globalState);
  const source = new WebhookSource({ accounts, names, log });
  const view = new WebhooksView({ accounts, session, journal, relays, source });
  const isRegistered = (relay: string): boolean => {
    const names = relays.namesOf(relay);
    return journal.all().some((each) => names.includes(each.relay));
  };
  registerAuthentication({
    context,
    accounts,
    signIn: async () => (await actions()).signIn(),
    signOut: async (account) => (await actions()).signOut(account),
  });
  watchForEchoes(context, session);
  context.subscriptions.push(
    view,
    accounts.onDidChange(() => names.retain(accounts.all().map(({ id }) => id))),
    sandbox.onDidChange(() => view.followSandbox()),
  );
  return {
    accounts,
    journal,
    source,
    view,
    isRegistered,
    beforeStop: async () => {
      const relay = readRelayUrl(session.status?.campaignMonitorUrl ?? '', 'campaign-monitor')?.relay;
      // Load the actions only if there are registrations.
      return relay === undefined || !isRegistered(relay) || (await actions()).beforeStop();
    },
  };
}
