/** What not every change needs runs in the long form alone: `npm run test:long`. docs/testing.md says what that is. */

/** Whether this is the long form: the environment has LONG=1. */
export const isLong = process.env['LONG'] === '1';

/** A suite of the long form. */
export function describeLong(title: string, define: (this: Mocha.Suite) => void): void {
  if (isLong) describe(title, define);
}

/** A spec of the long form. */
export function itLong(title: string, run: (this: Mocha.Context) => void | Promise<void>): void {
  if (isLong) it(title, run as Mocha.AsyncFunc);
}

/**
 * How often something is tried, or for how long.
 * @param variable the environment variable that sets it in either form
 */
export function readAmount(variable: string, normal: number, long: number): number {
  return Number(process.env[variable] ?? (isLong ? long : normal));
}

/** How many cases of a property are tried: a quarter of what the long form tries. */
export function countRuns(long: number): number {
  return isLong ? long : Math.ceil(long / 4);
}
