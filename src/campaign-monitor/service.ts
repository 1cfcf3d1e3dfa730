import { isLoopback } from '../common/loopback.ts';

export interface CampaignMonitorService {
  readonly apiBase: string;
  /** Where a browser asks for access; `/token` below it is the token endpoint. */
  readonly oauthBase: string;
}

export const campaignMonitorHost = 'https://api.createsend.com';

/**
 * Plain http only on loopback, since a credential is sent there.
 * @param host `https://api.createsend.com`, `api.createsend.com`, or with a path such as `/api/v3.3`
 */
export function serviceAt(host: string): CampaignMonitorService | null {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(host) ? host : `https://${host}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!safe || url.hostname === '' || url.username !== '' || url.password !== '') return null;
  if (url.search !== '' || url.hash !== '') return null;
  if (!/^\/(?:api(?:\/v3(?:\.\d+)?)?\/?)?$/.test(url.pathname)) return null;
  return { apiBase: `${url.origin}/api/v3.3`, oauthBase: `${url.origin}/oauth` };
}
