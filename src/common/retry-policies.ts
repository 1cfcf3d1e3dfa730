const seconds = (values: readonly number[]): readonly number[] => values.map((value) => value * 1000);

/**
 * Milliseconds between attempts.
 * - `fast`: this tool's own, for a developer who waits.
 * - `sap`: 5 retries after 2^(3x) s [docs: SAP].
 * - `cloud-elements`: 9 retries after 2^(2x) s [docs: Cloud Elements].
 */
export const retryDelays = {
  fast: seconds([1, 2, 4, 8, 16]),
  sap: seconds([1, 2, 3, 4, 5].map((x) => 2 ** (3 * x))),
  'cloud-elements': seconds([1, 2, 3, 4, 5, 6, 7, 8, 9].map((x) => 2 ** (2 * x))),
  none: [],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type RetryPolicy = keyof typeof retryDelays;

/** The default first. */
export const retryPolicies = Object.keys(retryDelays) as [RetryPolicy, ...RetryPolicy[]];

/** Including the first. */
export function maxAttempts(policy: RetryPolicy): number {
  return 1 + retryDelays[policy].length;
}
