/** What checks and scenarios are held to where nothing else is said: for the command line and the extension alike. */
import type { Settling } from './settling.ts';

/** How long all checks may take, in milliseconds. */
export const allChecksMs = 300_000;

/** How long the made-up contacts may take to leave after that, in milliseconds. */
export const removalMs = 120_000;

/** How fast 99 of 100 answers, and the first, have to be, in milliseconds. */
export const answerWithinMs = 1000;

/** How long the probe's number has to stay as it is, in milliseconds. */
export const quietMs = 300;

/**
 * How long a probe is given, where the callback is not known to work behind its answer.
 * @param quiet for how long its number has to stay as it is, in milliseconds
 */
export function settlingOf(quiet = quietMs): Settling {
  return { mostMs: 2000 + quiet, quietMs: quiet };
}
