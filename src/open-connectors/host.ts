/** The base URL of the API: known hosts, and any other that the user enters. */
import { isLoopback } from '../common/loopback.ts';

export interface Region {
  readonly id: string;
  /** For people. */
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

const hostProblems = {
  'no-host': 'is not a host name or URL',
  'not-https': 'must use https, because secrets are sent to it',
  'holds-credentials': 'must not contain a user name or password',
} as const;

/** For a caller that translates it. */
export type HostProblem = keyof typeof hostProblems;

export const openConnectorsHostProblems = Object.keys(hostProblems) as readonly HostProblem[];

export class OpenConnectorsHostError extends Error {
  override readonly name = 'OpenConnectorsHostError';
  readonly example = regions[0]?.host ?? '';
  readonly problem: HostProblem;
  readonly next: string;
  constructor(problem: HostProblem) {
    super(`the Open Connectors host ${hostProblems[problem]}`);
    this.problem = problem;
    this.next = `Use a host such as ${this.example}, as shown in your tenant's API documentation.`;
  }
}

/**
 * The base URL of the API for a host, with or without `https://` and the API's path.
 * @returns `https://<host>/elements/api-v2`, without a slash at the end
 * @throws OpenConnectorsHostError if it is not a host, or secrets would be sent unencrypted to another machine
 */
export function baseUrlOf(hostOrUrl: string): string {
  const text = hostOrUrl.trim();
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (text === '' || !URL.canParse(absolute)) throw new OpenConnectorsHostError('no-host');
  const url = new URL(absolute);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new OpenConnectorsHostError('not-https');
  }
  if (url.username !== '' || url.password !== '') throw new OpenConnectorsHostError('holds-credentials');
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? apiPath : path}`;
}
