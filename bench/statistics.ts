/** What is made of several rounds. */

/** The lowest, the middle and the highest of some measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/**
 * A quantile of measurements, by linear interpolation.
 * @param values in any order; at least one
 * @param q from 0 to 1
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('no measurements');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function spread(values: readonly number[]): Spread {
  return { min: quantile(values, 0), median: median(values), max: quantile(values, 1) };
}

/** A number with three significant digits or all of its whole ones. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}

/** `median (min–max)`. */
export function showSpread({ min, median: middle, max }: Spread): string {
  return `${short(middle)} (${short(min)}–${short(max)})`;
}
