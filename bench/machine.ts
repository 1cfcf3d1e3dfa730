/**
 * Whether anybody else uses the machine: a round that others disturb says nothing. Only Linux tells; elsewhere every
 * round counts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { childProcesses, timesOf } from './processes.ts';

/** The share of all processors that others may use in a round that counts. */
const tolerated = 0.1;
/** How long a quiet moment is waited for, in milliseconds, and how often a disturbed round is measured again. */
const timeoutMs = 60_000;
const mostTries = 8;

/** Rounds that counted although they were disturbed. */
let disturbedRounds = 0;

let waits = existsSync('/proc/stat');

/** From now on every round counts as it comes, whoever else uses the machine: to see that a benchmark works. */
export function takeRoundsAsTheyCome(): void {
  waits = false;
}

/** How many rounds counted although others used the machine; and from now on it counts from 0. */
export function takeDisturbedRounds(): number {
  const count = disturbedRounds;
  disturbedRounds = 0;
  return count;
}

/** Processor time of all programs so far, in milliseconds, without the kernel's own. */
function everybody(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
  return (fields[0]! + fields[1]! + fields[2]!) * 10;
}

function ours(): number {
  const self = timesOf(process.pid);
  const children = childProcesses().reduce((sum, pid) => sum + (timesOf(pid)?.own ?? 0), 0);
  return (self?.own ?? 0) + (self?.endedChildren ?? 0) + children;
}

/** Starts to watch; the function returned says which share of the processors others have used since. */
function watch(): () => number {
  const [all, own, started] = [everybody(), ours(), performance.now()];
  return () => (everybody() - all - (ours() - own)) / ((performance.now() - started) * availableParallelism());
}

/** Waits until others leave the machine alone, a minute at most. */
export async function quietMoment(): Promise<void> {
  if (!waits) return;
  const started = performance.now();
  while (performance.now() - started < timeoutMs) {
    const others = watch();
    await delay(300);
    if (others() <= tolerated) return;
  }
}

/**
 * Measures once, at a quiet moment; again where others used the machine meanwhile, a few times at most.
 * @param run one round
 * @param prepare what is awaited before each
 * @param most how often it is measured at most
 */
export async function undisturbed<T>(
  run: () => Promise<T>,
  prepare?: () => Promise<void>,
  most = mostTries,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    await prepare?.();
    await quietMoment();
    if (!waits) return run();
    const others = watch();
    const value = await run();
    if (others() <= tolerated) return value;
    if (tries === most) {
      disturbedRounds += 1;
      return value;
    }
  }
}
