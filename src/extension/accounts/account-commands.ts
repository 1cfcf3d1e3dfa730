import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { CommandHandlers } from '../commands.ts';
import type { Account, AccountStore } from './account-store.ts';
import { byCommand, focusView } from '../ui/offer.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import { ifAnswered, type Answer, type StepPlace } from '../ui/steps.ts';
import type { SignInMethod } from './sign-in.ts';

export interface AccountCommandParts {
  readonly accounts: AccountStore;
  readonly signIn: (method?: SignInMethod) => Promise<Account | undefined>;
  readonly forgetWebhooks: (account: Account) => Promise<void>;
  readonly registered: (account: Account) => number;
}

export function createAccountCommands(parts: AccountCommandParts): CommandHandlers<'accounts'> {
  return {
    signIn: async (way?: unknown) => {
      if (way === 'sandbox') {
        const account = await parts.signIn('sandbox');
        await byCommand('refreshWebhooks')();
        await focusView('webhooks');
        return account;
      }
      const account = await parts.signIn();
      if (account !== undefined) await focusView('webhooks');
      return account;
    },
    signOut: async (node?: { readonly account?: Account }) => {
      const account = node?.account ?? (await pickAccount(parts.accounts, say('Sign Out')));
      if (account === undefined) return;
      const count = parts.registered(account);
      const isAgreed = await isConfirmed(
        say('Sign out of “{0}”?', account.label),
        count === 0
          ? say('The account’s credentials will be removed from this machine.')
          : say(
              'The account’s credentials will be removed from this machine. Webhooks that you registered here (lists: {0}) will remain, but you won’t be able to update or remove them from here.',
              count,
            ),
        say('Sign Out'),
      );
      if (isAgreed) await signOut(parts, account);
    },
  };
}

export async function signOut(
  { accounts, forgetWebhooks }: Pick<AccountCommandParts, 'accounts' | 'forgetWebhooks'>,
  account: Account,
): Promise<void> {
  await accounts.remove(account.id);
  await forgetWebhooks(account);
}

export async function pickAccount(accounts: AccountStore, title: string): Promise<Account | undefined> {
  const all = accounts.all();
  if (all.length < 2) return all[0];
  return only(askAccount(alone(title), all, undefined));
}

export async function askAccount(
  place: StepPlace,
  all: readonly Account[],
  active: Account | undefined,
): Promise<Answer<Account>> {
  const items = all.map((account) => ({ label: account.label, description: account.host, account }));
  return ifAnswered(
    await askChoice(place, {
      placeholder: say('Which account?'),
      items,
      active: items.find(({ account }) => account.id === active?.id),
    }),
    ({ account }) => account,
  );
}
