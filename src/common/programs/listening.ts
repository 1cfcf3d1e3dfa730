import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../loopback.ts';

/** Between two tries, in milliseconds: there is no event for a port that opens. */
const pauseMs = 100;

/** Maximum time of one try, in milliseconds. */
const tryMs = 2000;

/**
 * Waits until a program listens at a URL's host and port.
 * @throws AbortError, or the signal's reason
 */
export async function untilListening(url: URL, signal: AbortSignal): Promise<void> {
  while (!(await listens(url, signal))) await wait(pauseMs, undefined, { signal });
}

/** Waits until no program listens at a URL's host and port. @throws as {@link untilListening} */
export async function untilFree(url: URL, signal: AbortSignal): Promise<void> {
  while (await listens(url, signal)) await wait(pauseMs, undefined, { signal });
}

/** Whether a program listens at a URL's host and port. @throws AbortError, or the signal's reason */
export function listens(url: URL, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port, lookup: loopbackLookup, ...(signal && { signal }) });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(tryMs, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
