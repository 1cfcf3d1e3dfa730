import type { AttemptRecord } from '../log/records.ts';
import type { Target } from './target.ts';
import type { Job } from './waiting.ts';

/** What becomes of a forwarding whose turn has come. */
export type Passage = 'send' | 'stop' | 'not-now';

/** What the lanes ask the gate. */
export interface GateView {
  /** The number of the pause, of which only what it released is sent; null while sending flows. */
  readonly pausedNo: number | null;
  /** Whether it may begin as things stand. */
  mayBegin(job: Pick<Job, 'released'>): boolean;
  /** What becomes of one that is about to be sent. @throws SQLite's error where it cannot be read */
  verdict(job: Job, target: Target): Passage;
  /** An attempt failed. @returns the breakpoint that stopped at it; null where none did */
  failed(job: Job, target: Target, attempt: AttemptRecord): number | null;
  /** A destination cannot be reached, which is no attempt. */
  unreachable(target: Target): void;
}

/** Nothing is held and nothing looked at. */
export const openGate: GateView = {
  pausedNo: null,
  mayBegin: () => true,
  verdict: () => 'send',
  failed: () => null,
  unreachable: () => undefined,
};
