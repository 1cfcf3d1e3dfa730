/** Campaign Monitor's accounts and webhooks, put together; what acts on them is loaded when it is first used. */
import type * as vscode from 'vscode';
import { AccountStore } from '../accounts/account-store.ts';
import { registerAuthentication } from '../accounts/authentication.ts';
import { prefix } from '../../commands.ts';
import type { CommandSources } from '../../commands.ts';
import type { BrowserAuthorization } from '../../oauth/browser-authorization.ts';
import type { SandboxProcess } from '../../sandbox/sandbox-process.ts';
import type { ListNames } from '../list-names.ts';
import type { Session } from '../../relay/session.ts';
import { watchForEchoes } from './echo-hint.ts';
import { StoredJournal } from './journal.ts';
import type { WebhookActions } from './on-demand.ts';
import type { ListPicker } from './pick-lists.ts';
import { WebhookWatch } from './webhook-watch.ts';
import { WebhooksView } from './webhooks-view.ts';

export interface WebhooksParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly sandbox: SandboxProcess;
  readonly names: ListNames;
  /** Asks for access in the browser. */
  readonly browser: BrowserAuthorization;
}

export interface Webhooks {
  /** What makes the handlers of these commands. */
  readonly sources: Pick<CommandSources, 'accounts' | 'webhooks'>;
  /** Asks for list ids, some of them picked already; undefined where the user gave up. It signs in where nobody is. */
  readonly pickListIds: ListPicker['pickListIds'];
  /** To be asked before the user stops the relay. Resolves to whether to stop. */
  readonly beforeStop: () => Promise<boolean>;
}

/** Puts accounts and webhooks together, with the view and what watches the relay. Nothing is asked of the vendor yet. */
export function createWebhooks({ context, session, log, sandbox, names, browser }: WebhooksParts): Webhooks {
  const accounts = new AccountStore(context, {
    running: () => sandbox.find(),
    start: () => sandbox.start(),
  });
  const journal = new StoredJournal(context.globalState, prefix);
  const view = new WebhooksView({ accounts, session, journal, names, log });
  let loaded: Promise<WebhookActions> | undefined;
  const actions = (): Promise<WebhookActions> =>
    (loaded ??= import('./on-demand.ts').then(({ createWebhookActions }) =>
      createWebhookActions({ accounts, session, log, journal, view, browser }),
    ));
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
  return {
    sources: {
      accounts: async () => (await actions()).accountHandlers,
      webhooks: async () => (await actions()).webhookHandlers,
    },
    pickListIds: async (selected, signal) => (await actions()).picker.pickListIds(selected, signal),
    beforeStop: () => watch.beforeStop(),
  };
}
