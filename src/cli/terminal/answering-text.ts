import type { Answering } from '../../protocol/answering.ts';
import { clientName } from '../../protocol/event-row.ts';
import type { Delivery } from '../../protocol/history.ts';
import { count, duration, localTime } from './text.ts';

export const toAnswerAsUsual = 'To answer as usual, run cm-relay listen --answer off --detach.';

export function answeringText(answering: Answering): string {
  if (answering.state === 'as-usual') return 'Answering deliveries as usual.';
  const { status, delayMs, remaining, until, by } = answering;
  const which = remaining === null ? 'deliveries' : `the next ${count(remaining, 'delivery')}`;
  const after = delayMs === 0 ? '' : ` after ${duration(delayMs)}`;
  const end = `until ${localTime(until)}${remaining === null ? '' : ' at the latest'}`;
  const once = status < 300 ? ", and their sender doesn't post them again" : '';
  return `Answering ${which} with ${status} on purpose${after}, ${end} (set by ${clientName(by)}). Deliveries are stored, not forwarded${once}.`;
}

export function rejectedText({
  answered,
  httpStatus,
  reason,
}: Pick<Delivery, 'answered' | 'httpStatus' | 'reason'>): string {
  return `rejected${answered === undefined ? ` with ${httpStatus}` : ''}: ${reason ?? 'no reason'}`;
}
