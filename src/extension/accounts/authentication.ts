import * as vscode from 'vscode';
import { prefix } from '../prefix.ts';
import type { Account, AccountStore } from './account-store.ts';

export interface AuthenticationParts {
  readonly context: vscode.ExtensionContext;
  readonly accounts: AccountStore;
  readonly signIn: () => Promise<Account | undefined>;
  readonly signOut: (account: Account) => Promise<void>;
}

export function registerAuthentication({ context, accounts, signIn, signOut }: AuthenticationParts): void {
  const changed = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
  let known = sessionsOf(accounts);
  const provider: vscode.AuthenticationProvider = {
    onDidChangeSessions: changed.event,
    getSessions: () => Promise.resolve(sessionsOf(accounts)),
    async createSession() {
      const account = await signIn();
      if (account === undefined) throw new vscode.CancellationError();
      return sessionOf(account);
    },
    async removeSession(id) {
      const account = accounts.find(id);
      if (account !== undefined) await signOut(account);
    },
  };
  context.subscriptions.push(
    changed,
    vscode.authentication.registerAuthenticationProvider(prefix, 'Campaign Monitor', provider, {
      supportsMultipleAccounts: true,
    }),
    accounts.onDidChange(() => {
      const now = sessionsOf(accounts);
      const added = now.filter(({ id }) => !known.some((each) => each.id === id));
      const removed = known.filter(({ id }) => !now.some((each) => each.id === id));
      known = now;
      if (added.length > 0 || removed.length > 0) changed.fire({ added, removed, changed: [] });
    }),
  );
}

function sessionsOf(accounts: AccountStore): vscode.AuthenticationSession[] {
  return accounts.all().map(sessionOf);
}

/** The token is only the account's ID: other extensions that request the session get no credential. */
function sessionOf({ id, label }: Account): vscode.AuthenticationSession {
  return { id, accessToken: id, account: { id, label }, scopes: [] };
}
