/** Errors of the Open Connectors API, and what to do about them. */

/** `refused`: the API returned an error; `unexpected-answer`: the response is not one of the API. */
export const openConnectorsErrorKinds = [
  'refused',
  'unreachable',
  'timed-out',
  'cancelled',
  'unexpected-answer',
] as const;

export type OpenConnectorsErrorKind = (typeof openConnectorsErrorKinds)[number];

/** What to do next; the extension translates it. */
export const openConnectorsNext = {
  'change-callback': 'Set a callback URL without quotes, spaces, and backslashes.',
  'check-fields': 'Check the fields named in the message.',
  'check-host': 'Check that the host belongs to Open Connectors and that no proxy answers in its place.',
  'check-network': 'Check the host, your network, and the proxy.',
  'check-permission': 'Check that the instance is enabled and that your user has permission.',
  'check-redirect': 'Check the host: it redirects calls to another URL.',
  'check-secrets': 'Check that the user secret and the organization secret are correct and belong to this host.',
  'enter-instance-token': 'Enter the token of the instance again.',
  'enter-organization-secret': 'Enter the organization secret again.',
  'enter-user-secret': 'Enter the user secret again.',
  'give-secret-itself': 'Enter the secret itself, or omit the field.',
  'look-at-log': 'Try again. If the request keeps failing, give SAP support the request ID from the log.',
  'look-for-namesake': 'That name or address is already in use. Refresh the instances to see where.',
  'look-whether-done': 'If you were making a change, check whether the change was made before you try again.',
  refresh: 'The requested item no longer exists. Refresh the instances. If all of them are missing, check the host.',
  'start-again': 'Start again when you’re ready.',
  'try-later': 'Try again in a minute. If the request keeps failing, give SAP support the request ID from the log.',
  wait: 'Too many requests. Wait a minute, and then try again.',
} as const;

export type OpenConnectorsAdvice = keyof typeof openConnectorsNext;

export const openConnectorsAdvice = Object.keys(openConnectorsNext) as readonly OpenConnectorsAdvice[];

/** A call of the API failed. The message contains no secrets. */
export class OpenConnectorsError extends Error {
  override readonly name = 'OpenConnectorsError';
  readonly kind: OpenConnectorsErrorKind;
  /** The HTTP status, if there was a response. */
  readonly status: number | null;
  /** Open Connectors' ID of the request, for its log and SAP's support. */
  readonly requestId: string | null;
  /** What the provider, Campaign Monitor, returned to Open Connectors. */
  readonly providerMessage: string | null;
  /** Open Connectors' or the system's own words, for a caller that translates the rest; null if there are none. */
  readonly said: string | null;
  readonly advice: OpenConnectorsAdvice;
  readonly next: string;
  /** The response exceeded the limit: asking for less may help. */
  readonly isTooLong: boolean;
  constructor(
    message: string,
    parts: {
      readonly kind: OpenConnectorsErrorKind;
      readonly advice: OpenConnectorsAdvice;
      readonly status?: number;
      readonly requestId?: string | null;
      readonly providerMessage?: string | null;
      readonly said?: string | null;
      readonly isTooLong?: boolean;
    },
  ) {
    super(message);
    this.kind = parts.kind;
    this.advice = parts.advice;
    this.next = openConnectorsNext[parts.advice];
    this.status = parts.status ?? null;
    this.requestId = parts.requestId ?? null;
    this.providerMessage = parts.providerMessage ?? null;
    this.said = parts.said ?? null;
    this.isTooLong = parts.isTooLong ?? false;
  }
}
