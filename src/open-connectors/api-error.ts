import { say } from '../common/say.ts';

/** `refused`: the API returned an error; `unexpected-answer`: the response is not one of the API. */
export type OpenConnectorsErrorKind = 'refused' | 'unreachable' | 'timed-out' | 'canceled' | 'unexpected-answer';

export type OpenConnectorsAdvice = keyof ReturnType<typeof allAdvice>;

function allAdvice() {
  return {
    'change-callback': say('Set a callback URL without quotes, spaces, and backslashes.'),
    'check-fields': say('Check the fields named in the message.'),
    'check-host': say('Check that the host belongs to Open Connectors and that no proxy answers in its place.'),
    'check-network': say('Check the host, your network, and the proxy.'),
    'check-permission': say('Check that the instance is enabled and that your user has permission.'),
    'check-redirect': say('Check the host: it redirects calls to another URL.'),
    'check-secrets': say('Check that the user secret and the organization secret are correct and belong to this host.'),
    'enter-instance-token': say('Enter the token of the instance again.'),
    'enter-organization-secret': say('Enter the organization secret again.'),
    'enter-user-secret': say('Enter the user secret again.'),
    'give-secret-itself': say('Enter the secret itself, or omit the field.'),
    'look-at-log': say('Try again. If the request keeps failing, give SAP support the request ID from the log.'),
    'look-for-namesake': say('That name or address is already in use. Refresh the instances to see where.'),
    'look-whether-done': say('If you were making a change, check whether the change was made before you try again.'),
    refresh: say(
      'The requested item no longer exists. Refresh the instances. If all of them are missing, check the host.',
    ),
    'start-again': say('Start again when you’re ready.'),
    'try-later': say(
      'Try again in a minute. If the request keeps failing, give SAP support the request ID from the log.',
    ),
    wait: say('Too many requests. Wait a minute, and then try again.'),
  };
}

function happened(kind: OpenConnectorsErrorKind, said: string | null): string {
  switch (kind) {
    case 'refused':
      return said === null
        ? say('Open Connectors refused the request')
        : say('Open Connectors refused the request: {0}', said);
    case 'unreachable':
      return said === null ? say('Can’t reach Open Connectors') : say('Can’t reach Open Connectors: {0}', said);
    case 'timed-out':
      return say('Open Connectors didn’t answer in time');
    case 'canceled':
      return say('Canceled');
    case 'unexpected-answer':
      return said === null
        ? say('Open Connectors returned an unexpected answer')
        : say('Open Connectors returned an unexpected answer: {0}', said);
  }
}

/** The message contains no secrets. */
export class OpenConnectorsError extends Error {
  override readonly name = 'OpenConnectorsError';
  readonly kind: OpenConnectorsErrorKind;
  readonly status: number | null;
  /** Open Connectors' ID of the request, for its log and SAP's support. */
  readonly requestId: string | null;
  readonly advice: OpenConnectorsAdvice;
  readonly next: string;
  /** Asking for less may help. */
  readonly isTooLong: boolean;
  constructor(
    kind: OpenConnectorsErrorKind,
    advice: OpenConnectorsAdvice,
    details: {
      readonly message?: string;
      readonly said?: string | null;
      readonly status?: number;
      readonly requestId?: string | null;
      readonly isTooLong?: boolean;
    } = {},
  ) {
    const { said = null, status, message = happened(kind, said) } = details;
    super(said === null && status !== undefined ? say('{0} (HTTP status {1})', message, status) : message);
    this.kind = kind;
    this.advice = advice;
    this.next = allAdvice()[advice];
    this.status = status ?? null;
    this.requestId = details.requestId ?? null;
    this.isTooLong = details.isTooLong ?? false;
  }
}
