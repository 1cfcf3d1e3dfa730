/** Whether something listens at a URL's host and port. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../loopback.ts';

/** Between two tries, in milliseconds: nothing tells when a port opens. */
const pauseMs = 100;

/** How long one try may take, in milliseconds. */
const tryMs = 2000;

/**
 * Waits until something listens at a URL's host and port.
 * @param signal gives up waiting
 * @throws AbortError, or the signal's reason
 */
export async function untilListening(url: URL, signal: AbortSignal): Promise<void> {
  while (!(await listens(url, signal))) await wait(pauseMs, undefined, { signal });
}

/** Waits until nothing listens at a URL's host and port. @param signal gives up waiting @throws as {@link untilListening} */
export async function untilFree(url: URL, signal: AbortSignal): Promise<void> {
  while (await listens(url, signal)) await wait(pauseMs, undefined, { signal });
}

/** Whether something listens at a URL's host and port. @throws AbortError, or the signal's reason */
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
