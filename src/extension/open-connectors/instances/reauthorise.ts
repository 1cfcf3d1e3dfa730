/** Gives an instance a new consent, or another API key: its id and token stay. */
import * as vscode from 'vscode';
import type { InstanceChange, OpenConnectorsApi } from '../../../open-connectors/api.ts';
import { printable } from '../../ui/printable.ts';
import type { BrowserAuthorization } from '../../oauth/browser-authorization.ts';
import type { InstanceNode } from './instance-node.ts';

/**
 * Asks for what the platform masks, and for the consent in the browser.
 * @param again what "Try Again" does where the consent was not given
 * @returns what to change, or undefined where the user gave it up or refused, which has been said
 */
export async function newCredentials(
  api: OpenConnectorsApi,
  browser: BrowserAuthorization,
  { facts, instance }: InstanceNode,
  again: () => unknown,
): Promise<InstanceChange | undefined> {
  const title = vscode.l10n.t('Re-authorise {0}', printable(facts.name));
  const { l10n } = vscode;
  if (facts.authentication === 'basic') {
    const username = await ask(title, l10n.t('Campaign Monitor’s API key'), { password: true });
    return username === undefined ? undefined : { configuration: { username, password: 'x' } };
  }
  const configuration = instance.configuration ?? {};
  const known = (key: string): string => {
    const value = configuration[key];
    return typeof value === 'string' && !/^\*+$/.test(value) ? value : '';
  };
  const redirect = await ask(title, l10n.t('The callback URL that is registered with the OAuth app'), {
    value: known('oauth.callback.url') || (await browser.callbacks()).loopback,
    check: (text) => (URL.canParse(text) ? undefined : l10n.t('This is not a URL')),
  });
  if (redirect === undefined) return undefined;
  const apiKey = await ask(title, l10n.t('The client ID of the OAuth app'), { value: known('oauth.api.key') });
  if (apiKey === undefined) return undefined;
  const apiSecret = await ask(title, l10n.t('The client secret of the OAuth app'), { password: true });
  if (apiSecret === undefined) return undefined;
  const result = await browser.authorize({
    title,
    redirect,
    buildUrl: (state, callbackUrl, signal) => api.oauthUrl({ apiKey, apiSecret, callbackUrl, state }, signal),
  });
  if (result.kind !== 'code') {
    browser.say(result, again);
    return undefined;
  }
  return {
    providerData: { code: result.code },
    configuration: {
      'oauth.api.key': apiKey,
      'oauth.api.secret': apiSecret,
      'oauth.callback.url': result.redirectUri,
    },
  };
}

async function ask(
  title: string,
  prompt: string,
  options: {
    readonly value?: string;
    readonly password?: boolean;
    readonly check?: (text: string) => string | undefined;
  },
): Promise<string | undefined> {
  const { value = '', password = false, check } = options;
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    value,
    password,
    ignoreFocusOut: true,
    validateInput: (typed) => (typed.trim() === '' ? vscode.l10n.t('Fill this in') : check?.(typed.trim())),
  });
  return text?.trim();
}
