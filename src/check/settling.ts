/** How long a probe, and the page that shows what is kept, are given to see what was sent. */
import type { KeptPage, Missing, Probe } from './probe.ts';
import type { Clock } from './world.ts';

/** How long a probe is given to see what was sent, in milliseconds. */
export interface Settling {
  /** Until it tells what is expected. */
  readonly mostMs: number;
  /** How long it then has to stay so: what is made twice may come a little later. */
  readonly quietMs: number;
  /** Takes note that the number stood still for so long, in milliseconds, before what was sent showed in it. */
  saw?(ms: number): void;
  /** Takes note that an answer took so long, in milliseconds: what is done before it goes on where nobody waits for it. */
  answered?(ms: number): void;
}

/** How a callback that works behind its answer takes its time at most, as far as it is waited for, in milliseconds. */
export const longestWorkMs = 10_000;

/** Gives as much time as the callback has been seen to take for its work, and half as much again. */
export class Pace implements Settling {
  readonly #base: Settling;
  #workMs = 0;
  #answerMs = 0;
  #isFound = false;

  /** @param base how long at least */
  constructor(base: Settling) {
    this.#base = base;
  }

  /** How long the callback was seen to take for its work behind its answer, in milliseconds. */
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

  /** What was sent first has shown by now, or does not show at all: nothing is waited for as long as that any more. */
  found(): void {
    this.#isFound = true;
  }
}

/** Where no probe tells when a callback has done its work, it has so long to end by it, in milliseconds. */
const settlingMarginMs = 100;

/** The most notifications that are waited for where none of them shows in the number. */
export const mostUnseen = 3;

/**
 * For how long it has to be quiet behind a check, in milliseconds.
 * @param sent how many notifications the callback may work off one by one, of which not all show in the number
 */
export function quietBehind({ quietMs }: Settling, hasProbe: boolean, sent: number): number {
  return hasProbe ? quietMs * Math.max(1, Math.min(sent, mostUnseen)) : Math.min(quietMs, settlingMarginMs);
}

const betweenMs = 50;
/** A number that never stands still is given up after so many times the time that it is given. */
const longest = 10;

/** What a probe told last. */
export interface SettledCount {
  readonly count: number;
  /** Whether it has stayed so for as long as it has to: else something is still under way. */
  readonly isStill: boolean;
}

/**
 * Asks a probe until it tells what is expected and stays there, or time is up. As long as the number goes on changing it
 * is waited for.
 * @throws ProbeError; the signal's reason where that gives it up
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
 * Asks a page until it has all of some texts, or time is up.
 * @returns those that are missing
 * @throws ProbeError; the signal's reason where that gives it up
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
