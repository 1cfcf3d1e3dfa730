/** What acts on accounts and webhooks. */
import type * as vscode from 'vscode';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { createAccountCommands, signOut } from '../accounts/account-commands.ts';
import { createAuthorizeAccount } from '../accounts/authorize-account.ts';
import { signIn } from '../accounts/sign-in.ts';
import { atThisWindow } from '../../ui/attention.ts';
import type { Way } from '../accounts/sign-in.ts';
import type { CommandHandlers } from '../../commands.ts';
import type { BrowserAuthorization } from '../../oauth/browser-authorization.ts';
import type { Session } from '../../relay/session.ts';
import type { StoredJournal } from './journal.ts';
import { createListPicker } from './pick-lists.ts';
import type { ListPicker } from './pick-lists.ts';
import { createWebhookCommands } from './webhook-commands.ts';
import { WebhookKeeper } from './webhook-keeper.ts';
import type { WebhooksView } from './webhooks-view.ts';

export interface WebhookActionParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: StoredJournal;
  readonly view: WebhooksView;
  /** Asks for access in the browser. */
  readonly browser: BrowserAuthorization;
}

export interface WebhookActions {
  readonly accountHandlers: CommandHandlers<'accounts'>;
  readonly webhookHandlers: CommandHandlers<'webhooks'>;
  readonly keeper: WebhookKeeper;
  readonly picker: ListPicker;
  /** Resolves to undefined where the user gave up. */
  readonly signIn: (way?: Way) => Promise<Account | undefined>;
  /** Forgets everything of an account. */
  readonly signOut: (account: Account) => Promise<void>;
}

/** Makes all of it, once for a window. */
export function createWebhookActions({
  accounts,
  session,
  log,
  journal,
  view,
  browser,
}: WebhookActionParts): WebhookActions {
  const keeper = new WebhookKeeper({
    ...{ accounts, session, journal, log },
    changed: () => view.refreshWebhooks(),
    attention: atThisWindow,
  });
  const signInParts = { accounts, log, authorize: createAuthorizeAccount(browser) };
  const ask = (way?: Way): Promise<Account | undefined> => signIn(signInParts, way);
  const picker = createListPicker({ accounts, view, signIn: ask });
  const forgetWebhooks = (account: Account): Promise<void> => journal.forgetAccount(account.id);
  const accountHandlers = createAccountCommands({
    ...{ accounts, forgetWebhooks },
    registered: ({ id }) => journal.all().filter(({ accountId }) => accountId === id).length,
    signIn: ask,
  });
  const webhookHandlers = createWebhookCommands({ accounts, session, log, journal, view, keeper, picker });
  return {
    ...{ accountHandlers, webhookHandlers, keeper, picker },
    signIn: ask,
    signOut: (account) => signOut({ accounts, forgetWebhooks }, account),
  };
}
