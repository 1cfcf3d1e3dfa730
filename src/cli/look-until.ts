/** Waiting for what a relay's history is to show. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RelayClient } from '../protocol/relay-client.ts';

/** How often it is looked again though nothing was told, in milliseconds: not every change is. */
const lookAgainMs = 1000;

/**
 * Looks until what is seen is enough or the time is over: whenever the relay tells of something, and once a second.
 * @param timeoutMs how long at most, in milliseconds
 * @returns what was seen last
 */
export async function lookUntil<T>(
  client: RelayClient,
  timeoutMs: number,
  look: () => Promise<T>,
  isEnough: (seen: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let wake: () => void = () => undefined;
  for (const told of ['event/added', 'attempt/recorded', 'status/changed'] as const) client.on(told, () => wake());
  void client.closed.then(() => wake());
  for (;;) {
    // What comes while this looks is looked at in the next round.
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const seen = await look();
    const left = deadline - performance.now();
    if (isEnough(seen) || left <= 0) return seen;
    await Promise.race([woken, delay(Math.min(left, lookAgainMs), undefined, { ref: false })]);
  }
}
