/**
 * Waits for what has no event: asks every few milliseconds.
 * @param condition truthy when it has come
 * @param deadlineMs when to give up
 * @returns what the condition returned
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs = 8000,
  what = condition.toString(),
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > end) throw new Error(`did not come within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
