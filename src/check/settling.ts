/** How long a probe, and the page with stored data, get to show what was sent. */
import type { KeptPage, Missing, Probe } from './probe.ts';
import type { Clock } from './world.ts';

/** In milliseconds. */
export interface Settling {
  /** Until the expected number. */
  readonly mostMs: number;
  /** How long it then must not change: a duplicate may come a little later. */
  readonly quietMs: number;
  /** Reports how long the number was stable before it changed, in milliseconds. */
  saw?(ms: number): void;
  /** Reports how long an answer took, in milliseconds: a callback may continue that work if the sender disconnects. */
  answered?(ms: number): void;
}

/** Maximum time that a callback's work after its answer is waited for. */
const longestWorkMs = 10_000;

/** Gives as much time as the callback was seen to work after its answers, and half as much again. */
export class Pace implements Settling {
  readonly #base: Settling;
  #workMs = 0;
  #answerMs = 0;
  #isFound = false;

  /** @param base the minimum */
  constructor(base: Settling) {
    this.#base = base;
  }

  /** How long the callback was seen to work after its answer. */
  get workMs(): number {
    return this.#workMs;
  }

  get mostMs(): number {
    const most = this.#base.mostMs + 2 * this.#workMs + 1.5 * this.#answerMs;
    return this.#isFound ? most : Math.max(most, longestWorkMs);
  }

  get quietMs(): number {
    return this.#base.quietMs + 1.5 * this.#workMs;
  }

  saw(ms: number): void {
    this.#workMs = Math.max(this.#workMs, Math.min(ms, longestWorkMs));
  }

  answered(ms: number): void {
    this.#answerMs = Math.max(this.#answerMs, Math.min(ms, longestWorkMs));
  }

  /** The first notification has shown by now, or never will: don't wait that long again. */
  found(): void {
    this.#isFound = true;
  }
}

/** Without a probe, how long a callback gets to exit after an answer. */
const settlingMarginMs = 100;

/** Maximum notifications to wait for if none of them changes the number. */
const mostUnseen = 3;

/**
 * How long it must be quiet after a check, in milliseconds.
 * @param sent notifications that the callback may process one by one, of which not all change the number
 */
export function quietBehind({ quietMs }: Settling, hasProbe: boolean, sent: number): number {
  return hasProbe ? quietMs * Math.max(1, Math.min(sent, mostUnseen)) : Math.min(quietMs, settlingMarginMs);
}

const betweenMs = 50;
/** A number that never becomes stable is abandoned after this multiple of its time. */
const longest = 10;

export interface SettledCount {
  readonly count: number;
  /** Whether it was stable for long enough: else the callback is still working. */
  readonly isStill: boolean;
}

/**
 * Requests a probe until it has the expected number and is stable, or time is up. While the number changes, it gets
 * more time.
 * @throws ProbeError; the signal's reason if it is aborted
 */
export async function settled(
  probe: Probe,
  isExpected: (count: number) => boolean,
  settling: Settling,
  clock: Clock,
  signal: AbortSignal,
): Promise<SettledCount> {
  const started = clock.now();
  let count = await probe.read(signal);
  let since = started;
  for (;;) {
    const now = clock.now();
    const isStill = now - since >= settling.quietMs;
    if (isStill && (isExpected(count) || now - started >= settling.mostMs)) return { count, isStill };
    if (now - started >= longest * settling.mostMs) return { count, isStill };
    await clock.wait(betweenMs, signal);
    const next = await probe.read(signal);
    if (next !== count) {
      settling.saw?.(clock.now() - since);
      since = clock.now();
    }
    count = next;
  }
}

/**
 * Requests a page until it contains all texts, or time is up.
 * @returns those that are missing
 * @throws ProbeError; the signal's reason if it is aborted
 */
export async function missingAfter(
  page: KeptPage,
  texts: readonly string[],
  settling: Settling,
  clock: Clock,
  signal: AbortSignal,
): Promise<Missing> {
  const started = clock.now();
  for (;;) {
    const missing = await page.missing(texts, signal);
    const tookMs = clock.now() - started;
    if (missing.texts.length === 0 && tookMs >= betweenMs) settling.saw?.(tookMs);
    if (missing.texts.length === 0 || tookMs >= settling.mostMs) return missing;
    await clock.wait(betweenMs, signal);
  }
}

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
