import { setTimeout as delay } from 'node:timers/promises';
import type { RelayClient } from '../protocol/relay-client.ts';

/** Not every change sends a notification, so look again after this interval. */
const lookAgainMs = 1000;

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
    // A notification during the look causes another look.
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const seen = await look();
    const left = deadline - performance.now();
    if (isEnough(seen) || left <= 0) return seen;
    await Promise.race([woken, delay(Math.min(left, lookAgainMs), undefined, { ref: false })]);
  }
}
