/** Where the platform's API is: the hosts that are known, and any other that is given. */
import { isLoopback } from '../common/loopback.ts';

/** A place where the platform runs. */
export interface Region {
  readonly id: string;
  /** For people: the region's own name. */
  readonly label: string;
  readonly host: string;
}

/** The hosts that the documents and public code name; any other can be given. */
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

/** Where the API is below a host [docs]. */
const apiPath = '/elements/api-v2';

const hostProblems = {
  'no-host': 'is not a host name or URL',
  'not-https': 'must use https, because secrets are sent to it',
  'holds-credentials': 'must not contain a user name or password',
} as const;

/** What is wrong with a host, for whoever says it in another language. */
export type HostProblem = keyof typeof hostProblems;

/** Every problem. */
export const openConnectorsHostProblems = Object.keys(hostProblems) as readonly HostProblem[];

/** What was given as the platform's host cannot be one. */
export class OpenConnectorsHostError extends Error {
  override readonly name = 'OpenConnectorsHostError';
  /** A host as it should look. */
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
 * The base of the API for a host, with or without `https://` and the API's path.
 * @returns `https://<host>/elements/api-v2`, without a slash at the end
 * @throws OpenConnectorsHostError where it is no host, or the secrets would go in clear to another machine
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
