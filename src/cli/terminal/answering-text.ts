/** How the webhook endpoint answers deliveries, as people read it. */
import type { Answering } from '../../protocol/answering.ts';
import { clientName } from '../../protocol/debug.ts';
import type { Delivery } from '../../protocol/history.ts';
import { count, duration, localTime, printable } from './text.ts';

/** How that is ended, where another command goes on. */
export const toAnswerAsUsual = 'To answer as usual, run cm-relay listen --answer off --detach.';

/** What deliveries are answered, until when, and who asked for it. */
export function answeringText(answering: Answering): string {
  if (answering.state === 'as-usual') return 'Answering deliveries as usual.';
  const { status, delayMs, remaining, until, by } = answering;
  const which = remaining === null ? 'deliveries' : `the next ${count(remaining, 'delivery')}`;
  const after = delayMs === 0 ? '' : ` after ${duration(delayMs)}`;
  const end = `until ${localTime(until)}${remaining === null ? '' : ' at the latest'}`;
  const once = status < 300 ? ", and their sender doesn't post them again" : '';
  return `Answering ${which} with ${status} on purpose${after}, ${end} (set by ${printable(clientName(by))}). Deliveries are stored, not forwarded${once}.`;
}

/** That a delivery was answered on purpose; empty where it was answered as usual. */
export function answeredText({ answered, httpStatus }: Pick<Delivery, 'answered' | 'httpStatus'>): string {
  return answered === undefined ? '' : `answered ${httpStatus} on purpose`;
}

/** Why a delivery was rejected, with what it was answered. */
export function rejectedText({
  answered,
  httpStatus,
  reason,
}: Pick<Delivery, 'answered' | 'httpStatus' | 'reason'>): string {
  return `rejected${answered === undefined ? ` with ${httpStatus}` : ''}: ${reason ?? 'no reason'}`;
}
