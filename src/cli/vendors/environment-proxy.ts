import { EnvHttpProxyAgent, fetch } from 'undici';
import { boundedAnswers } from '../../common/bounded-answers.ts';
import { isLoopback } from '../../common/loopback.ts';

/** More than any response of the vendors; the callers have lower limits. */
const mostAnswerBytes = 33_554_432;

/** @param baseUrl on this machine, no proxy is used @param use gets undefined for Node's own `fetch` */
export async function withProxy<T>(
  baseUrl: string,
  use: (fetch: typeof globalThis.fetch | undefined) => Promise<T>,
): Promise<T> {
  if (isLoopback(new URL(baseUrl).hostname)) return use(undefined);
  const dispatcher = new EnvHttpProxyAgent(boundedAnswers(mostAnswerBytes));
  // undici has its own types of requests and responses; the values are the same.
  const throughProxy = (url: string, init: object): unknown => fetch(url, { ...init, dispatcher });
  try {
    return await use(throughProxy as unknown as typeof globalThis.fetch);
  } finally {
    await dispatcher.destroy();
  }
}
