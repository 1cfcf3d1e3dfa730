import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { CampaignMonitorClient } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorCredential } from '../../campaign-monitor/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { cancelable } from '../ui/progress.ts';
import { setting, trimText } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { withNext } from '../ui/error-words.ts';
import { inMessage, unlinked } from '../ui/printable.ts';
import { askChoice, askText } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import type { Account, AccountStore } from './account-store.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';

export interface SignInParts {
  readonly accounts: AccountStore;
  readonly log: vscode.LogOutputChannel;
  readonly browser: BrowserAuthorization;
}

export type SignInMethod = Account['kind'];

interface Asked {
  readonly method: SignInMethod | undefined;
  readonly apiKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirect: string;
}

export async function signIn(parts: SignInParts, method?: SignInMethod): Promise<Account | undefined> {
  if (method === 'sandbox') return signInToSandbox(parts);
  let asked: Asked = { method, apiKey: '', clientId: '', clientSecret: '', redirect: '' };
  return again(parts, async () => {
    const answers = await ask(asked, await parts.browser.loopbackCallback());
    if (answers === undefined) return undefined;
    // After a failure, prefill the input, except secrets.
    asked = { ...answers, apiKey: '', clientSecret: '' };
    return signInBy(parts, answers);
  });
}

function ask(asked: Asked, loopback: string): Promise<Asked | undefined> {
  const first = asked.method === undefined ? [askMethod] : [];
  return inSteps(say('Sign In to Campaign Monitor'), asked, ({ method }) => {
    switch (method) {
      case 'api-key':
        return [...first, askApiKey];
      case 'oauth':
        return [...first, askClientId, askClientSecret, askRedirect(loopback)];
      case 'sandbox':
      case undefined:
        return first;
    }
  });
}

async function signInBy(parts: SignInParts, asked: Asked): Promise<Account | undefined> {
  switch (asked.method) {
    case 'api-key':
      return keep(parts, await hostOfSettings(), { kind: 'api-key', apiKey: asked.apiKey });
    case 'oauth':
      return withOAuth(parts, asked);
    case 'sandbox':
      return signInToSandbox(parts);
    case undefined:
      return undefined;
  }
}

const askMethod: Step<Asked> = async ({ method }, place) => {
  const items: (vscode.QuickPickItem & { method: SignInMethod })[] = [
    {
      label: `$(key) ${say('API Key')}`,
      detail: say('The simplest way. In Campaign Monitor, find the key under Account settings > API keys.'),
      method: 'api-key',
    },
    {
      label: `$(globe) ${say('OAuth in the Browser')}`,
      detail: say('Uses the client ID and secret of an app registered in Campaign Monitor.'),
      method: 'oauth',
    },
    {
      label: `$(beaker) ${say('Sandbox Account')}`,
      detail: say('A simulated Campaign Monitor on this machine, with made-up data.'),
      method: 'sandbox',
    },
  ];
  return ifAnswered(
    await askChoice(place, {
      placeholder: say('How do you want to sign in?'),
      items,
      active: items.find((item) => item.method === method),
    }),
    (item) => ({ method: item.method }),
  );
};

const askApiKey: Step<Asked> = async (_asked, place) =>
  ifAnswered(
    await askText(place, {
      prompt: say(
        'Campaign Monitor API key for {0}. Stored in VS Code’s secret storage and sent only to this host',
        await hostOfSettings(),
      ),
      password: true,
      check: (text) => (/^[\x21-\x39\x3b-\x7e]+$/.test(text) ? undefined : say('Enter only the key')),
    }),
    (apiKey) => ({ apiKey }),
  );

const askClientId: Step<Asked> = async ({ clientId }, place) => {
  await hostOfSettings();
  return ifAnswered(
    await askText(place, {
      prompt: say(
        'Client ID of your OAuth app. In Campaign Monitor: Account settings > Manage connected apps > OAuth registration',
      ),
      value: clientId,
      check: (text) => (/^\S+$/.test(text) ? undefined : say('Enter only the ID')),
    }),
    (text) => ({ clientId: text }),
  );
};

const askClientSecret: Step<Asked> = async (_asked, place) =>
  ifAnswered(
    await askText(place, {
      prompt: say('Client secret of your OAuth app. Used once to sign in and never stored'),
      password: true,
      check: (text) => (/^\S+$/.test(text) ? undefined : say('Enter only the secret')),
    }),
    (clientSecret) => ({ clientSecret }),
  );

function askRedirect(loopback: string): Step<Asked> {
  return async ({ redirect }, place) =>
    ifAnswered(
      await askText(place, {
        prompt: say('Callback URL registered with your OAuth app. Campaign Monitor sends the browser back to this URL'),
        value: redirect === '' ? loopback : redirect,
        check: (text) =>
          URL.canParse(text) ? undefined : say('Enter a complete URL that starts with http:// or https://'),
      }),
      (text) => ({ redirect: text }),
    );
}

async function again({ log }: SignInParts, attempt: () => Promise<Account | undefined>): Promise<Account | undefined> {
  for (;;) {
    try {
      const account = await attempt();
      if (account !== undefined) {
        showStatusMessage(say('Signed in as {0}.', account.label));
      }
      return account;
    } catch (error) {
      const { message, kind } = error as Error & { kind?: string };
      if (kind === 'canceled') return undefined;
      log.error(`sign-in failed: ${message}`);
      const tryAgain = say('Try Again');
      const choice = await vscode.window.showErrorMessage(
        unlinked(say('Couldn’t sign in to Campaign Monitor: {0}', withNext(error))),
        tryAgain,
      );
      if (choice !== tryAgain) return undefined;
    }
  }
}

async function signInToSandbox({ accounts }: SignInParts): Promise<Account> {
  const account = await accounts.add({ label: say('Sandbox'), kind: 'sandbox', host: '' }, null);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: say('Starting sandbox') },
    () => accounts.api(account, { startSandbox: true }),
  );
  return account;
}

async function withOAuth(
  parts: SignInParts,
  { clientId, clientSecret, redirect }: Asked,
): Promise<Account | undefined> {
  const { browser } = parts;
  const host = await hostOfSettings();
  const { authorizeUrl, exchangeCode, serviceAt } = await import('../deferred.ts');
  const oauthBase = serviceAt(host)?.oauthBase;
  const result = await browser.authorize({
    title: say('Sign In to Campaign Monitor'),
    redirect,
    buildUrl: (state, redirectUri) => Promise.resolve(authorizeUrl({ oauthBase, clientId, redirectUri, state })),
  });
  if (result.kind === 'canceled') return undefined;
  if (result.kind !== 'code') {
    const { message, next } = browser.explain(result);
    throw new CommandError(message.replace(/\.$/, ''), next);
  }
  const { code, redirectUri } = result;
  const { accessToken, refreshToken } = await exchangeCode(
    { clientId, clientSecret, redirectUri, code },
    { oauthBase },
  );
  return keep(parts, host, { kind: 'oauth', accessToken, refreshToken });
}

async function keep({ accounts }: SignInParts, host: string, credential: CampaignMonitorCredential): Promise<Account> {
  const { CampaignMonitorApi, serviceAt } = await import('../deferred.ts');
  const service = serviceAt(host);
  if (service === null) throw invalidHost(host);
  let fresh = credential;
  const api = new CampaignMonitorApi({
    baseUrl: service.apiBase,
    oauthBase: service.oauthBase,
    credential,
    onRefreshed: ({ accessToken, refreshToken }) => void (fresh = { kind: 'oauth', accessToken, refreshToken }),
  });
  const clients = await cancelable(say('Signing in to Campaign Monitor'), async (signal) => {
    await api.systemDate(signal);
    return api.clients(signal);
  });
  const identity = identityOf(clients);
  const { kind } = credential;
  return accounts.add({ label: labelOf(clients), kind, host, ...(identity !== undefined && { identity }) }, fresh);
}

/** Undefined without clients: two such accounts may be different. */
function identityOf(clients: readonly CampaignMonitorClient[]): string | undefined {
  if (clients.length === 0) return undefined;
  const ids = clients.map(({ clientId }) => clientId).sort();
  return createHash('sha256').update(ids.join()).digest('hex').slice(0, 32);
}

function labelOf(clients: readonly CampaignMonitorClient[]): string {
  const [first, ...others] = clients;
  if (first === undefined) return say('Account without clients');
  const name = inMessage(first.name, 80);
  return others.length === 0 ? name : say('{0} and {1} more', name, others.length);
}

async function hostOfSettings(): Promise<string> {
  const host = trimText(setting('campaignMonitor.host'));
  const { serviceAt } = await import('../deferred.ts');
  if (serviceAt(host) === null) throw invalidHost(host);
  return host;
}

function invalidHost(host: string): CommandError {
  return new CommandError(
    say('the setting {0} isn’t a valid API URL: {1}', `${prefix}.campaignMonitor.host`, host),
    say('Enter a host or an https:// URL.'),
  );
}
