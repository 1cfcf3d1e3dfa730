import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../common/loopback.ts';
import { exchange } from './exchange.ts';

export interface Clock {
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Tests have their own, in which three seconds pass at once. */
export interface World extends Clock {
  readonly exchange: typeof exchange;
  isListening(url: URL): Promise<boolean>;
}

export const realWorld: World = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await wait(ms, undefined, { signal });
  },
  exchange,
  isListening,
};

/** `isLate` tells whether the signal was aborted because time was up. */
export async function withinTime<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal, isLate: () => boolean) => Promise<T>,
): Promise<T> {
  const bound = new AbortController();
  const done = new AbortController();
  clock.wait(ms, AbortSignal.any([signal, done.signal])).then(
    () => bound.abort(),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, bound.signal]), () => bound.signal.aborted);
  } finally {
    done.abort();
  }
}

function isListening({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      lookup: loopbackLookup,
      timeout: 2000,
    });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
