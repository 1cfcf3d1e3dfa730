/** Converts error responses and failed requests to errors that contain no secrets. */
import { z } from 'zod';
import { TooLongError } from '../common/bounded-body.ts';
import { hookSecret } from '../common/hook-path.ts';
import { maskPlaces } from '../common/masking.ts';
import { oneLine } from '../common/one-line.ts';
import { parseJson } from '../common/parse-json.ts';
import { looseText } from './answers.ts';
import { OpenConnectorsError } from './api-error.ts';
import type { OpenConnectorsAdvice } from './api-error.ts';
import { maskText } from './instance-mask.ts';

const errorSchema = z.looseObject({
  requestId: looseText,
  message: looseText,
  providerMessage: looseText,
});

/** Maximum length of a message from outside, in characters. */
const longestMessage = 500;

function plain(text: string, secrets: readonly string[]): string {
  return oneLine(maskPlaces(maskText(text, secrets), [hookSecret]), longestMessage);
}

/**
 * The error for a status other than 2xx.
 * @param text the body
 * @param secrets what was sent and must not be in the message
 */
export function refusal(response: Response, text: string, secrets: readonly string[]): OpenConnectorsError {
  const { status } = response;
  const said = errorSchema.safeParse(parseJson(text));
  const { requestId, message, providerMessage } = said.success ? said.data : {};
  const ofPlatform = said.success && message !== undefined;
  const words = [ofPlatform ? plain(message, secrets) : '', plain(providerMessage ?? '', secrets)].filter(
    (part) => part !== '',
  );
  // A page of a proxy, or a redirect, is not a response of the API.
  const kind = ofPlatform || (status >= 400 && text.trim() === '') ? 'refused' : 'unexpected-answer';
  return new OpenConnectorsError(kind, adviceAfter(status), {
    status,
    requestId: requestIdOf(requestId ?? response.headers.get('elements-request-id')),
    said: words.length > 0 ? words.join(' — ') : null,
  });
}

/** Only characters that are safe in a log. */
function requestIdOf(given: string | null): string | null {
  return given === null ? null : given.replace(/[^\w.:-]/g, '').slice(0, 100);
}

function adviceAfter(status: number): OpenConnectorsAdvice {
  if (status === 400) return 'check-fields';
  if (status === 401) return 'check-secrets';
  if (status === 403) return 'check-permission';
  if (status === 404) return 'refresh';
  if (status === 409) return 'look-for-namesake';
  if (status === 429) return 'wait';
  if (status >= 500) return 'try-later';
  if (status >= 300 && status < 400) return 'check-redirect';
  return 'look-at-log';
}

/**
 * The error for a request without a complete response.
 * @param secrets what was sent and must not be in the message
 */
export function failure(
  error: unknown,
  { url, cancelled, timedOut }: { readonly url: URL; readonly cancelled: boolean; readonly timedOut: boolean },
  secrets: readonly string[],
): OpenConnectorsError {
  if (cancelled) return new OpenConnectorsError('cancelled', 'start-again');
  if (timedOut) return new OpenConnectorsError('timed-out', 'look-whether-done');
  if (error instanceof TooLongError) {
    return new OpenConnectorsError('unexpected-answer', 'check-host', { said: error.message, isTooLong: true });
  }
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const why = plain(cause instanceof Error && cause.message !== '' ? cause.message : message, secrets);
  return new OpenConnectorsError('unreachable', 'check-network', { said: `${url.host}: ${why}` });
}
