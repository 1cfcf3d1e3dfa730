import { say } from '../../common/say.ts';
import { wholeCallbackUrl } from '../../common/loopback.ts';

/** The typed callback URL, completed if it is only a port or a host of this machine. */
export function typedUrl(text: string): string {
  return wholeCallbackUrl(text.trim()) ?? text.trim();
}

/** @param withoutUser the text if the URL contains a user */
export function problemOfUrl(text: string, withoutUser: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return say('Enter an http:// or https:// URL');
  return url.username === '' && url.password === '' ? undefined : withoutUser;
}
