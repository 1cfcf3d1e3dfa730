import type * as vscode from 'vscode';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { createAccountCommands, signOut } from '../accounts/account-commands.ts';
import { signIn, type SignInMethod } from '../accounts/sign-in.ts';
import type { CommandHandlers } from '../commands.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import type { Session } from '../session/session.ts';
import { pickListIds } from './pick-lists.ts';
import { createWebhookCommands } from './webhook-commands.ts';
import type { WebhookJournal } from './webhook-journal.ts';
import { WebhookRegistrar } from './webhook-registrar.ts';
import type { WebhookSource } from './webhook-source.ts';
import { WebhookUrls } from './webhook-urls.ts';
import { webhooksAtStop } from './webhooks-at-stop.ts';
import type { WebhooksView } from './webhooks-view.ts';

export interface WebhookActionParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: WebhookJournal;
  readonly relays: KnownRelays;
  readonly source: WebhookSource;
  readonly view: WebhooksView;
  readonly browser: BrowserAuthorization;
}

export interface WebhookActions {
  readonly accountHandlers: CommandHandlers<'accounts'>;
  readonly webhookHandlers: CommandHandlers<'webhooks'>;
  readonly urls: WebhookUrls;
  readonly beforeStop: () => Promise<boolean>;
  /** Resolves to undefined if the user cancels. */
  readonly pickListIds: (selected: readonly string[], signal: AbortSignal) => Promise<readonly string[] | undefined>;
  readonly signIn: (method?: SignInMethod) => Promise<Account | undefined>;
  readonly signOut: (account: Account) => Promise<void>;
}

export function createWebhookActions({
  accounts,
  session,
  log,
  journal,
  relays,
  source,
  view,
  browser,
}: WebhookActionParts): WebhookActions {
  const registrar = new WebhookRegistrar({
    accounts,
    session,
    journal,
    relays,
    log,
    changed: () => view.refreshWebhooks(),
  });
  const ask = (method?: SignInMethod): Promise<Account | undefined> => signIn({ accounts, log, browser }, method);
  const forgetWebhooks = (account: Account): Promise<void> => journal.forgetAccount(account.id);
  const accountHandlers = createAccountCommands({
    accounts,
    forgetWebhooks,
    registered: ({ id }) => journal.all().filter(({ accountId }) => accountId === id).length,
    signIn: ask,
  });
  const webhookHandlers = createWebhookCommands({
    accounts,
    session,
    log,
    journal,
    source,
    view,
    registrar,
    signIn: ask,
  });
  return {
    accountHandlers,
    webhookHandlers,
    pickListIds: (selected, signal) => pickListIds({ accounts, source, signIn: ask }, selected, signal),
    urls: new WebhookUrls({ accounts, registrar }),
    beforeStop: () => webhooksAtStop(registrar),
    signIn: ask,
    signOut: (account) => signOut({ accounts, forgetWebhooks }, account),
  };
}
