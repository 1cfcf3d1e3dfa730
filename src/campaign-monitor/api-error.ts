/** Errors of Campaign Monitor's API, by the vendor's code. */

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
  /** Any other code. */
  | 'refused'
  | 'unreachable'
  | 'timed-out'
  | 'cancelled'
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

/** What to do next; the extension translates it. */
export const campaignMonitorNext: Readonly<Record<Exclude<CampaignMonitorErrorKind, 'not-found'>, string>> = {
  'bad-api-key':
    'Use an API key from Account settings > API keys in Campaign Monitor. If the key is right, check the API host: a wrong address causes the same error.',
  'wrong-list': 'Choose a list that this account can access.',
  'wrong-client': 'Choose a client that this account can access.',
  'invalid-token': 'Sign in to Campaign Monitor again.',
  'expired-token': 'Sign in to Campaign Monitor again.',
  'revoked-token': 'Sign in to Campaign Monitor again.',
  'permission-missing': 'Sign in again and grant permission to manage lists, or use an API key.',
  'bad-webhook-url': 'Use a public http:// or https:// URL.',
  'bad-webhook-format': 'Use the format json or xml.',
  'bad-webhook-event': 'Use one or more of the events Subscribe, Update, and Deactivate.',
  'webhook-test-failed': 'Check that the relay is running and that its public URL answers, and then test again.',
  'rate-limited': 'Wait a minute and try again.',
  refused: 'Look up the code in the Campaign Monitor API documentation.',
  unreachable: 'Check the network, the proxy, and the host.',
  'timed-out': 'Try again.',
  cancelled: 'Start again when you’re ready.',
  'unexpected-answer': 'Check that the host belongs to Campaign Monitor, and then try again.',
};

/** The command line's; the extension has other advice for `not-found`. */
const allNext: Readonly<Record<CampaignMonitorErrorKind, string>> = {
  ...campaignMonitorNext,
  'not-found': 'The webhook or list may have been deleted. To see all webhooks, run cm-relay webhooks list.',
};

export const campaignMonitorErrorKinds = Object.keys(allNext) as readonly CampaignMonitorErrorKind[];

export interface CampaignMonitorErrorDetails {
  readonly code?: number | null;
  readonly status?: number | null;
  readonly resultData?: unknown;
  /** See {@link CampaignMonitorError.said}. */
  readonly said?: string | null;
  readonly cause?: unknown;
}

/** A call of Campaign Monitor's API failed. Contains no secrets. */
export class CampaignMonitorError extends Error {
  override readonly name = 'CampaignMonitorError';
  readonly kind: CampaignMonitorErrorKind;
  /** The vendor's code, if the response had one. */
  readonly code: number | null;
  /** The HTTP status, if there was a response. */
  readonly status: number | null;
  readonly next: string;
  /** More from the vendor: for `webhook-test-failed` see {@link explainTestFailure} in test-failure.ts. */
  readonly resultData: unknown;
  /** The vendor's or the system's own words, for a caller that translates the rest; null if there are none. */
  readonly said: string | null;

  constructor(kind: CampaignMonitorErrorKind, message: string, details: CampaignMonitorErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code ?? null;
    this.status = details.status ?? null;
    this.resultData = details.resultData;
    this.said = details.said ?? null;
    this.next = allNext[kind];
  }

  /** Whether only a new sign-in or another API key helps. */
  get needsSignIn(): boolean {
    return ['bad-api-key', 'invalid-token', 'expired-token', 'revoked-token'].includes(this.kind);
  }
}

export function kindOfCode(code: number): CampaignMonitorErrorKind {
  return kinds.get(code) ?? 'refused';
}
