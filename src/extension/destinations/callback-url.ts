import * as vscode from 'vscode';
import { wholeCallbackUrl } from '../../common/loopback.ts';

/** What the user typed for a callback, in full where a port or a host of this machine stands for it. */
export function typedUrl(text: string): string {
  return wholeCallbackUrl(text.trim()) ?? text.trim();
}

/**
 * What is wrong with a callback's URL, as the relay would say it.
 * @param withoutUser what is said where it names a user
 */
export function problemOfUrl(text: string, withoutUser: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return vscode.l10n.t('Enter an http:// or https:// URL');
  return url.username === '' && url.password === '' ? undefined : withoutUser;
}
