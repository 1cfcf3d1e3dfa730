import type { Status } from '../../protocol/status.ts';

/** The number of rows in the events view, with test calls and rejected deliveries. */
export function eventCount({ counts }: Pick<Status, 'counts'>): number {
  return counts.events + counts.tests + counts.rejected;
}
