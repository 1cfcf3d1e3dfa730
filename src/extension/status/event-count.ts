import type { Status } from '../../protocol/status.ts';

/** How many events a relay has: what the events view has a row for, test calls and rejected deliveries too. */
export function eventCount({ counts }: Pick<Status, 'counts'>): number {
  return counts.events + counts.tests + counts.rejected;
}
