import { setFlagsFromString } from 'node:v8';

/** So many deliveries are timed together: a burst that is over soon is none to spend memory on. */
const windowSize = 20_000;

/** From this rate on, in deliveries a second, time matters more than memory. */
const busyPerSecond = 2500;

/** How long after the last busy window memory matters more again, in milliseconds. */
const calmMs = 10_000;

let count = 0;
let began = 0;
let calm: NodeJS.Timeout | undefined;

/**
 * From now on the heap stays small: V8 collects sooner, and gives back what is free, which it otherwise keeps for good. At
 * 300 deliveries a second that is 210 MB in the place of 360. Under a load of 20,000 a second it costs a fifth of the
 * rate, so it is lifted while deliveries come fast (measured; docs/performance.md).
 */
export function saveMemory(): void {
  began = performance.now();
  setFlagsFromString('--optimize-for-size');
}

/** A delivery came. */
export function deliveryCame(): void {
  if (++count < windowSize) return;
  const now = performance.now();
  const perSecond = (count * 1000) / (now - began);
  count = 0;
  began = now;
  if (perSecond < busyPerSecond) return;
  if (calm === undefined) setFlagsFromString('--no-optimize-for-size');
  calm?.refresh();
  calm ??= setTimeout(() => {
    calm = undefined;
    saveMemory();
  }, calmMs).unref();
}
