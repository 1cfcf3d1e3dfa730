/**
 * Campaign Monitor's OAuth for an account: the user grants access in the browser, and the code is exchanged for tokens.
 */
import { say } from '../../common/say.ts';
import type { CampaignMonitorCredential } from '../../campaign-monitor/session.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';

export interface OAuthApp {
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The callback URL registered with the app. */
  readonly redirect: string;
}

/** Resolves to undefined if the user cancelled. */
export type AuthorizeAccount = (app: OAuthApp) => Promise<CampaignMonitorCredential | undefined>;

class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly next: string;
  constructor({ message, next }: { readonly message: string; readonly next: string }) {
    super(message.replace(/\.$/, ''));
    this.next = next;
  }
}

export function createAuthorizeAccount(browser: BrowserAuthorization): AuthorizeAccount {
  return async ({ host, clientId, clientSecret, redirect }) => {
    const { authorizeUrl, exchangeCode, serviceAt } = await import('../deferred.ts');
    const oauthBase = serviceAt(host)?.oauthBase;
    const result = await browser.authorize({
      title: say('Sign In to Campaign Monitor'),
      redirect,
      buildUrl: (state, redirectUri) => Promise.resolve(authorizeUrl({ oauthBase, clientId, redirectUri, state })),
    });
    if (result.kind === 'cancelled') return undefined;
    const refusal = browser.explain(result);
    if (refusal !== null) throw new AccessError(refusal);
    if (result.kind !== 'code') return undefined;
    const { code, redirectUri } = result;
    const tokens = await exchangeCode({ clientId, clientSecret, redirectUri, code }, { oauthBase });
    return { kind: 'oauth', accessToken: tokens.accessToken, refreshToken: tokens.refreshToken };
  };
}
