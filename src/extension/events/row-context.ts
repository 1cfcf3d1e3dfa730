import { maxAttempts } from '../../common/retry-policies.ts';
import type { Status } from '../../protocol/status.ts';
import type { ListNaming } from '../ui/phrases.ts';
import type { RowContext } from './event-words.ts';

/** @param status undefined if no relay is running */
export function rowContextOf(
  status: Pick<Status, 'destinations' | 'settings' | 'sending'> | undefined,
  names: ListNaming,
  language: string,
): RowContext {
  const nameOfList = (listId: string): string | undefined => names.nameOfList(listId);
  const now = Date.now();
  if (status === undefined)
    return { now, language, nameOfList, maxAttempts: null, whyWaiting: () => null, isUnderWay: () => false };
  const { destinations, settings, sending } = status;
  const reasons = new Map(destinations.map(({ destinationId, detail }) => [destinationId, detail]));
  const underWay = new Set(
    destinations.flatMap(({ destinationId, underWay: ids }) => ids.map((id) => `${destinationId} ${id}`)),
  );
  return {
    now,
    language,
    nameOfList,
    sending,
    maxAttempts: maxAttempts(settings.retry),
    whyWaiting: (destinationId) => reasons.get(destinationId) ?? null,
    isUnderWay: (notificationId, destinationId) => underWay.has(`${destinationId} ${notificationId}`),
  };
}
