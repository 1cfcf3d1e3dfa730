/** Campaign Monitor's accounts and webhooks, put together; what acts on them is made when it is first needed. */
import type * as vscode from 'vscode';
import { AccountStore } from '../accounts/account-store.ts';
import { registerAuthentication } from '../accounts/authentication.ts';
import { prefix } from '../prefix.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import type { ListNames } from '../accounts/list-names.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl } from '../public-url/relay-url.ts';
import type { Session } from '../session/session.ts';
import { watchForEchoes } from './echo-hint.ts';
import type { WebhookActions } from './webhook-actions.ts';
import { StoredWebhookJournal } from './webhook-journal.ts';
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
  readonly journal: StoredWebhookJournal;
  readonly source: WebhookSource;
  readonly view: WebhooksView;
  /** Whether a relay, named as in relay-url.ts, is registered on a list, be it with a secret that it had before. */
  readonly isRegistered: (relay: string) => boolean;
  /** To be asked before the user stops the relay. Resolves to whether to stop. */
  readonly beforeStop: () => Promise<boolean>;
}

/** Puts accounts and webhooks together, with the view and what watches the relay. Nothing is asked of the vendor yet. */
export function createWebhooks({ context, session, log, sandbox, names, relays, actions }: WebhooksParts): Webhooks {
  const accounts = new AccountStore(context, {
    running: () => sandbox.find(),
    start: () => sandbox.start(),
  });
  const journal = new StoredWebhookJournal(context.globalState, prefix);
  const source = new WebhookSource({ accounts, names, log });
  const view = new WebhooksView({ accounts, session, journal, relays, source });
  const isRegistered = (relay: string): boolean => {
    const names = relays.namesOf(relay);
    return journal.all().some((each) => names.includes(each.relay));
  };
  registerAuthentication({
    ...{ context, accounts },
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
    ...{ accounts, journal, source, view, isRegistered },
    beforeStop: async () => {
      const relay = readRelayUrl(session.status?.campaignMonitorUrl ?? '', 'campaign-monitor')?.relay;
      // What asks is loaded where there is something to ask about.
      return relay === undefined || !isRegistered(relay) || (await actions()).beforeStop();
    },
  };
}
