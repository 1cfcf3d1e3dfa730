import type { KeptPage, Missing, Probe } from './probe.ts';
import type { Clock } from './world.ts';

/** In milliseconds. */
export interface Settling {
  readonly mostMs: number;
  /** How long the number then must not change: a duplicate may arrive later. */
  readonly quietMs: number;
  saw?(ms: number): void;
  /** A callback may continue that work if the sender disconnects. */
  answered?(ms: number): void;
}

const longestWorkMs = 10_000;

/** Waits one and a half times as long as the callback was seen to work after its response. */
export class Pace implements Settling {
  readonly #base: Settling;
  #workMs = 0;
  #answerMs = 0;
  #isFound = false;

  constructor(base: Settling) {
    this.#base = base;
  }

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

/** Without a probe, how long a callback gets to exit after a response. */
const settlingMarginMs = 100;

const mostUnseen = 3;

/** In milliseconds. @param sent not all of these notifications change the number */
export function quietBehind({ quietMs }: Settling, hasProbe: boolean, sent: number): number {
  return hasProbe ? quietMs * Math.max(1, Math.min(sent, mostUnseen)) : Math.min(quietMs, settlingMarginMs);
}

const betweenMs = 50;
/** A number that never becomes stable is abandoned after this multiple of its time. */
const longest = 10;

export interface SettledCount {
  readonly count: number;
  readonly isStill: boolean;
}

/** While the number changes, it gets more time. @throws ProbeError; the signal's reason if it is aborted */
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

/** @returns the texts that are missing when time is up @throws ProbeError; the signal's reason if it is aborted */
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

export const answerWithinMs = 1000;

export const quietMs = 300;

export function settlingOf(quiet = quietMs): Settling {
  return { mostMs: 2000 + quiet, quietMs: quiet };
}
