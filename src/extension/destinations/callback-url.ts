import { say } from '../../common/say.ts';
import { wholeCallbackUrl } from '../../common/loopback.ts';

export function typedUrl(text: string): string {
  return wholeCallbackUrl(text.trim()) ?? text.trim();
}

export function problemOfUrl(text: string, withoutUser: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return say('Enter an http:// or https:// URL');
  return url.username === '' && url.password === '' ? undefined : withoutUser;
}
