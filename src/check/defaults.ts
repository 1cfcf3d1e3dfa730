/** Defaults of checks and scenarios, for the command line and the extension. */
import type { Settling } from './settling.ts';

export const allChecksMs = 300_000;

export const removalMs = 120_000;

/** Time limit for 99 of 100 answers, and for the first. */
export const answerWithinMs = 1000;

/** How long the probe's number must not change. */
export const quietMs = 300;

/** For a callback that is not known to work after its answer. */
export function settlingOf(quiet = quietMs): Settling {
  return { mostMs: 2000 + quiet, quietMs: quiet };
}
