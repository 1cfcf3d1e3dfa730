import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { startedMs } from '../compiled-program.ts';

/** Interval of the load measurement, in milliseconds, while there is work. */
const everyMs = 1000;

/** Minimum share of working time at which the thread counts as busy. */
const busyShare = 0.6;

/** After this many busy measurements in a row, time matters more than memory; a burst ends earlier. */
const busyLooks = 2;

/** After this many others in a row, memory matters more again. */
const calmLooks = 10;

let isSaving = false;
let before = performance.eventLoopUtilization();
let busy = 0;
let calm = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * Keeps the heap small once the start is over: V8 collects sooner, and returns free memory, which it otherwise keeps.
 * Only for a relay in its own process, because it is a setting of the whole process. At 300 deliveries a second, a
 * tenth of them batches, it saves 170 of 370 MB, for a quarter more processor time. While the thread is busy it would
 * cost a fifth of the receiving rate and half of the forwarding rate, so it is suspended then (measured;
 * docs/performance.md).
 */
export function saveMemory(): void {
  // V8 reuses compiled code at the next start only if its flags are the same, so don't change them during the start.
  setTimeout(() => {
    isSaving = true;
    stayLow();
  }, startedMs).unref();
}

function stayLow(): void {
  setFlagsFromString('--optimize-for-size');
}

/** Reports work: a delivery to receive or a notification to send. While there is some, the load is measured. */
export function workCame(): void {
  if (!isSaving || timer !== undefined) return;
  before = performance.eventLoopUtilization();
  [busy, calm] = [0, 0];
  timer = setInterval(look, everyMs).unref();
}

function look(): void {
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, before);
  before = now;
  [busy, calm] = utilization >= busyShare ? [busy + 1, 0] : [0, calm + 1];
  if (busy === busyLooks) setFlagsFromString('--no-optimize-for-size');
  if (calm < calmLooks) return;
  // The next work starts again.
  clearInterval(timer);
  timer = undefined;
  stayLow();
}
