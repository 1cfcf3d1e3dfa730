import { say } from '../common/say.ts';
import { SecretMask } from '../common/masking.ts';
import { oneLine } from '../common/unprintable.ts';

export type CampaignMonitorErrorKind =
  | 'bad-api-key'
  | 'wrong-list'
  | 'wrong-client'
  | 'invalid-token'
  | 'expired-token'
  | 'revoked-token'
  | 'permission-missing'
  | 'bad-webhook-url'
  | 'bad-webhook-format'
  | 'bad-webhook-event'
  | 'webhook-test-failed'
  | 'not-found'
  | 'rate-limited'
  | 'refused'
  /** By OAuth's `error`. */
  | 'not-granted'
  | 'unreachable'
  | 'timed-out'
  | 'canceled'
  | 'unexpected-answer';

/** By code, not status: 401 alone has six meanings [vendor]; 601 to 610 [2nd], 101 and 404 [code]. */
const kinds: ReadonlyMap<number, CampaignMonitorErrorKind> = new Map([
  [60, 'permission-missing'],
  [100, 'bad-api-key'],
  [101, 'wrong-list'],
  [102, 'wrong-client'],
  [120, 'invalid-token'],
  [121, 'expired-token'],
  [122, 'revoked-token'],
  [404, 'not-found'],
  [601, 'bad-webhook-url'],
  [602, 'bad-webhook-format'],
  [603, 'bad-webhook-event'],
  [610, 'webhook-test-failed'],
]);

function textsOf(kind: CampaignMonitorErrorKind): readonly [happened: string, next: string] {
  const signInAgain = say('Sign in to Campaign Monitor again.');
  const texts: Readonly<Record<CampaignMonitorErrorKind, readonly [string, string]>> = {
    'bad-api-key': [
      say('Campaign Monitor rejected this API key'),
      say(
        'Use an API key from Account settings > API keys in Campaign Monitor. If the key is right, check the API host: a wrong address causes the same error.',
      ),
    ],
    'wrong-list': [say('Campaign Monitor can’t find this list'), say('Choose a list that this account can access.')],
    'wrong-client': [
      say('Campaign Monitor can’t find this client'),
      say('Choose a client that this account can access.'),
    ],
    'invalid-token': [say('Campaign Monitor rejected this sign-in'), signInAgain],
    'expired-token': [say('The sign-in has expired'), signInAgain],
    'revoked-token': [say('The sign-in was revoked'), signInAgain],
    'not-granted': [
      say('Campaign Monitor didn’t grant access'),
      say('Sign in again. If signing in fails again, check the client ID, client secret, and callback URL.'),
    ],
    'permission-missing': [
      say('This sign-in doesn’t have permission'),
      say('Sign in again and grant permission to manage lists, or use an API key.'),
    ],
    'bad-webhook-url': [
      say('Campaign Monitor rejected the webhook’s URL'),
      say('Use a public http:// or https:// URL.'),
    ],
    'bad-webhook-format': [say('Campaign Monitor rejected the webhook’s format'), say('Use the format json or xml.')],
    'bad-webhook-event': [
      say('Campaign Monitor rejected the webhook’s events'),
      say('Use one or more of the events Subscribe, Update, and Deactivate.'),
    ],
    'webhook-test-failed': [
      say('The webhook test failed'),
      say('Check that the relay is running and that its public URL answers, and then test again.'),
    ],
    'not-found': [
      say('Campaign Monitor can’t find the requested item'),
      say('The webhook or list may have been deleted. List the webhooks again.'),
    ],
    'rate-limited': [say('Campaign Monitor received too many requests'), say('Wait, and then try again.')],
    refused: [
      say('Campaign Monitor refused the request'),
      say('Look up the code in the Campaign Monitor API documentation.'),
    ],
    unreachable: [say('Can’t reach Campaign Monitor'), say('Check the network, the proxy, and the host.')],
    'timed-out': [say('Campaign Monitor didn’t answer in time'), say('Try again.')],
    canceled: [say('Canceled'), say('Start again when you’re ready.')],
    'unexpected-answer': [
      say('Campaign Monitor returned an unexpected answer'),
      say('Check that the host belongs to Campaign Monitor, and then try again.'),
    ],
  };
  return texts[kind];
}

export interface CampaignMonitorErrorDetails {
  /** The vendor's code, if the response had one: it is in its documentation. */
  readonly code?: number;
  readonly status?: number | null;
  /** More from the vendor: for `webhook-test-failed` see {@link explainTestFailure} in test-failure.ts. */
  readonly resultData?: unknown;
  /** The vendor's or the system's own words. */
  readonly said?: string | null;
  readonly cause?: unknown;
}

function withDetails(happened: string, { code, status = null, said = null }: CampaignMonitorErrorDetails): string {
  const words = said === null ? happened : `${happened}: ${said.replace(/\.$/, '')}`;
  if (code !== undefined) return say('{0} (code {1})', words, code);
  return said !== null || status === null ? words : say('{0} (HTTP status {1})', words, status);
}

/** Contains no secrets. */
export class CampaignMonitorError extends Error {
  override readonly name = 'CampaignMonitorError';
  readonly kind: CampaignMonitorErrorKind;
  readonly code: number | null;
  readonly status: number | null;
  readonly next: string;
  readonly resultData: unknown;
  readonly said: string | null;

  constructor(kind: CampaignMonitorErrorKind, details: CampaignMonitorErrorDetails = {}) {
    const [happened, next] = textsOf(kind);
    super(withDetails(happened, details), details);
    this.kind = kind;
    this.code = details.code ?? null;
    this.status = details.status ?? null;
    this.resultData = details.resultData;
    this.said = details.said ?? null;
    this.next = next;
  }

  get needsSignIn(): boolean {
    return ['bad-api-key', 'invalid-token', 'expired-token', 'revoked-token'].includes(this.kind);
  }
}

export function kindOfCode(code: number): CampaignMonitorErrorKind {
  return kinds.get(code) ?? 'refused';
}

/** Maximum length in a message, in characters. */
const longest = 500;
const mostRead = 10_000;

/** A shorter secret would match elsewhere. */
const shortestSecret = 6;

/** @param secrets what was sent and must not be in it, in the forms of SecretMask */
export function plainText(text: string, secrets: readonly string[] = []): string {
  const mask = new SecretMask(secrets.filter((secret) => secret.length >= shortestSecret));
  return oneLine(mask.in(text.slice(0, mostRead), { cut: text.length > mostRead }), longest);
}
