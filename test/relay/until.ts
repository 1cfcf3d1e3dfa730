/** Waiting in tests for what has no event. */

const limitMs = 60_000;
let intervalMs = 5;

/** How long `until` and a receiver wait where nothing else is said, in milliseconds. */
export function waitLimitMs(): number {
  return limitMs;
}

/** Asks less often from now on: a window of VS Code spends its time on each question. */
export function setPollInterval(milliseconds: number): void {
  intervalMs = milliseconds;
}

/** What `until` waited for did not come. */
export class DidNotComeError extends Error {
  override readonly name = 'DidNotComeError';
}

/**
 * Waits for what has no event: asks every few milliseconds.
 * @param condition truthy when it has come
 * @param deadlineMs when to give up
 * @returns what the condition returned
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs = limitMs,
  what = condition.toString(),
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > end) throw new DidNotComeError(`did not come within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
