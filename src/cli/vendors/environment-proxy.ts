/** How commands call the vendors: through the proxy of the environment. */
import { EnvHttpProxyAgent, fetch } from 'undici';
import { boundedAnswers } from '../../common/bounded-answers.ts';
import { isLoopback } from '../../common/loopback.ts';

/** More than either vendor's answers may come to, in bytes: who reads them says how much that is. */
const mostAnswerBytes = 33_554_432;

/**
 * Runs something that calls a vendor's API.
 * @param baseUrl the API's; what is on this machine needs no proxy
 * @param use is given the `fetch` to call it by; undefined: Node's own
 */
export async function withProxy<T>(
  baseUrl: string,
  use: (fetch: typeof globalThis.fetch | undefined) => Promise<T>,
): Promise<T> {
  if (isLoopback(new URL(baseUrl).hostname)) return use(undefined);
  const dispatcher = new EnvHttpProxyAgent(boundedAnswers(mostAnswerBytes));
  // undici's types of requests and answers are its own; the values are the same.
  const throughProxy = (url: string, init: object): unknown => fetch(url, { ...init, dispatcher });
  try {
    return await use(throughProxy as unknown as typeof globalThis.fetch);
  } finally {
    await dispatcher.destroy();
  }
}
