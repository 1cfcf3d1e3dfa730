import { setFlagsFromString } from 'node:v8';

/** A body from this size on, in bytes, is a large one. */
const largeBytes = 262_144;

/** How long after the last large body the heap may grow as usual again, in milliseconds. */
const quietMs = 30_000;

/** V8's own: it decides by what collections cost. */
const usual = 0;

let timer: NodeJS.Timeout | undefined;

/**
 * A body came. After a large one the heap grows by a quarter of what lives before it is collected, where V8 would let
 * it double or more: such bodies are soon gone, and a flood of them else takes 150 MB more. Not always, since that
 * costs ordinary deliveries a quarter of their time (measured).
 * @param bytes its size
 */
export function bodyReceived(bytes: number): void {
  if (bytes < largeBytes) return;
  if (timer === undefined) growBy(25);
  else {
    timer.refresh();
    return;
  }
  timer = setTimeout(() => {
    timer = undefined;
    growBy(usual);
  }, quietMs).unref();
}

/** @param percent of what lives */
function growBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
