import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { startedMs } from '../../common/compiled-program.ts';

/** How often it is looked how busy the thread is, in milliseconds, as long as there is work. */
const everyMs = 1000;

/** The share of its time that a busy thread works. */
const busyShare = 0.6;

/** After so many busy looks in a row time matters more than memory; a burst is over before. */
const busyLooks = 2;

/** After so many others in a row memory matters more again. */
const calmLooks = 10;

let isSaving = false;
let before = performance.eventLoopUtilization();
let busy = 0;
let calm = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * Once the start is over, the heap stays small: V8 collects sooner, and gives back what is free, which it otherwise keeps for good. For
 * a process that is a relay's own, since it is a setting of the whole process. At 300 deliveries a second, a tenth of them
 * batches, that is 200 MB in the place of 370, for a quarter more processor time. While the thread is busy it would cost a
 * fifth of what is received and half of what is forwarded, so it is lifted then (measured; docs/performance.md).
 */
export function saveMemory(): void {
  // Until then what V8 has compiled is kept for the next start, which takes it only where its flags are the same.
  setTimeout(() => {
    isSaving = true;
    stayLow();
  }, startedMs).unref();
}

function stayLow(): void {
  setFlagsFromString('--optimize-for-size');
}

/** There is a delivery to take or a notification to send: as long as some come, it is looked whether the thread is busy. */
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
  // The next work begins anew.
  clearInterval(timer);
  timer = undefined;
  stayLow();
}
