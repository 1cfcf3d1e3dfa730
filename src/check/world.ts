/** What checks and scenarios do with the world: they send, wait, read the clock, and look whether something listens. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../common/loopback.ts';
import { exchange } from './exchange.ts';

/** Tells the time, and waits. */
export interface Clock {
  /** In milliseconds, from some moment on. */
  now(): number;
  /** Waits so many milliseconds. @throws the signal's reason where that gives it up */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** What a run needs of the world. A test has one of its own, in which three seconds pass at once. */
export interface World extends Clock {
  readonly exchange: typeof exchange;
  /** Whether a connection can be made to where a URL leads. */
  isListening(url: URL): Promise<boolean>;
}

/** This machine's clock, and sockets. */
export const realWorld: World = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await wait(ms, undefined, { signal });
  },
  exchange,
  isListening,
};

/** Runs work that a signal gives up when its time is up. @returns what it comes to, and whether its time was up */
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
