import { isLoopback } from '../common/loopback.ts';
import { say } from '../common/say.ts';

export interface Region {
  readonly id: string;
  readonly label: string;
  readonly host: string;
}

/** The hosts in documents and public code; any other can be used. */
export const regions: readonly Region[] = [
  ...['us2', 'eu10', 'jp20'].map((id) => ({
    id,
    label: id.toUpperCase(),
    host: `api.openconnectors.${id}.ext.hana.ondemand.com`,
  })),
  ...['us10', 'eu10', 'ap21'].map((id) => ({
    id: `trial-${id}`,
    label: `Trial ${id.toUpperCase()}`,
    host: `api.openconnectors.trial.${id}.ext.hana.ondemand.com`,
  })),
];

/** The API's path on a host [docs]. */
const apiPath = '/elements/api-v2';

export class OpenConnectorsHostError extends Error {
  override readonly name = 'OpenConnectorsHostError';
  readonly next = say('Enter a host such as {0}. Your tenant’s API documentation shows it.', regions[0]?.host ?? '');
}

/**
 * @returns `https://<host>/elements/api-v2`, without a slash at the end
 * @throws OpenConnectorsHostError if it is not a host, or secrets would be sent unencrypted to another machine
 */
export function baseUrlOf(hostOrUrl: string): string {
  const text = hostOrUrl.trim();
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (text === '' || !URL.canParse(absolute))
    throw new OpenConnectorsHostError(say('The Open Connectors host isn’t a valid host name or URL'));
  const url = new URL(absolute);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new OpenConnectorsHostError(say('The Open Connectors host must use https, because secrets are sent to it'));
  }
  if (url.username !== '' || url.password !== '')
    throw new OpenConnectorsHostError(say('The Open Connectors host must not contain a user name or password'));
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? apiPath : path}`;
}
