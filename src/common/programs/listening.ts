import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../loopback.ts';

/** No event tells when a port opens. */
const pauseMs = 100;

const tryMs = 2000;

/** @throws AbortError, or the signal's reason */
export async function untilListening(url: URL, signal: AbortSignal): Promise<void> {
  while (!(await listens(url, signal))) await wait(pauseMs, undefined, { signal });
}

export async function untilFree(url: URL, signal: AbortSignal): Promise<void> {
  while (await listens(url, signal)) await wait(pauseMs, undefined, { signal });
}

/** @throws AbortError, or the signal's reason */
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
