/** Campaign Monitor's accounts and webhooks, put together; what acts on them is made when it is first needed. */
import type * as vscode from 'vscode';
import { AccountStore } from '../accounts/account-store.ts';
import { registerAuthentication } from '../accounts/authentication.ts';
import { prefix } from '../../commands.ts';
import type { SandboxProcess } from '../../sandbox/sandbox-process.ts';
import type { ListNames } from '../list-names.ts';
import type { Session } from '../../relay/session.ts';
import { watchForEchoes } from './echo-hint.ts';
import { StoredJournal } from './journal.ts';
import type { WebhookActions } from './webhook-actions.ts';
import { WebhookWatch } from './webhook-watch.ts';
import { WebhooksView } from './webhooks-view.ts';

export interface WebhooksParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly sandbox: SandboxProcess;
  readonly names: ListNames;
  readonly actions: () => Promise<WebhookActions>;
}

export interface Webhooks {
  readonly accounts: AccountStore;
  readonly journal: StoredJournal;
  readonly view: WebhooksView;
  /** To be asked before the user stops the relay. Resolves to whether to stop. */
  readonly beforeStop: () => Promise<boolean>;
}

/** Puts accounts and webhooks together, with the view and what watches the relay. Nothing is asked of the vendor yet. */
export function createWebhooks({ context, session, log, sandbox, names, actions }: WebhooksParts): Webhooks {
  const accounts = new AccountStore(context, {
    running: () => sandbox.find(),
    start: () => sandbox.start(),
  });
  const journal = new StoredJournal(context.globalState, prefix);
  const view = new WebhooksView({ accounts, session, journal, names, log });
  const watch = new WebhookWatch({ session, journal, log, keeper: async () => (await actions()).keeper });
  registerAuthentication({
    ...{ context, accounts },
    signIn: async () => (await actions()).signIn(),
    signOut: async (account) => (await actions()).signOut(account),
  });
  watchForEchoes(context, session);
  context.subscriptions.push(
    view,
    watch,
    accounts.onDidChange(() => names.retain(accounts.all().map(({ id }) => id))),
    sandbox.onDidChange(() => view.followSandbox()),
  );
  return { accounts, journal, view, beforeStop: () => watch.beforeStop() };
}
