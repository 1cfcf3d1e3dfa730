import type { AttemptRecord } from '../log/records.ts';
import type { Target } from './target.ts';
import type { Job } from './waiting.ts';

/** What to do with the next forwarding. */
export type Passage = 'send' | 'stop' | 'not-now';

export interface GateView {
  /** The number of the pause, during which only released forwardings are sent; null if sending isn't paused. */
  readonly pausedNo: number | null;
  /** Whether it may be sent in the current state. */
  mayBegin(job: Pick<Job, 'released'>): boolean;
  /** Checks one that is about to be sent. @throws SQLite's error if it can't be read */
  verdict(job: Job, target: Target): Passage;
  /** An attempt failed. @returns the breakpoint that stopped at it; null if none did */
  failed(job: Job, target: Target, attempt: AttemptRecord): number | null;
  /** A destination can't be reached, which counts no attempt. */
  unreachable(target: Target): void;
}

/** Holds nothing. */
export const openGate: GateView = {
  pausedNo: null,
  mayBegin: () => true,
  verdict: () => 'send',
  failed: () => null,
  unreachable: () => undefined,
};
