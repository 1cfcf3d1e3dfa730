/** Looks up an ID: one notification for n9, those with the event for e12, the whole delivery for d7. */
import type { AttemptDetail, Headers } from '../protocol/history.ts';
import type { Params, Result } from '../protocol/methods.ts';

export interface LookupSource {
  request<M extends 'events/get' | 'deliveries/get'>(method: M, params: Params<M>): Promise<Result<M>>;
}

export interface Found extends Result<'events/get'> {
  readonly headers: Headers;
  readonly body: Buffer;
  readonly omittedForwardings: number;
}

/** @throws RelayRequestError if the ID does not exist */
export async function find(history: LookupSource, id: string): Promise<Found> {
  const found = await history.request('events/get', { id });
  const all = await history.request('deliveries/get', { id: found.delivery.id });
  const { headers, notifications, omittedForwardings } = all;
  const body = Buffer.from(all.body, 'base64');
  if (!id.startsWith('d')) {
    const meant = (notificationId: string): boolean => !id.startsWith('n') || notificationId === id;
    return {
      ...found,
      notifications: found.notifications.filter((notification) => meant(notification.id)),
      attempts: found.attempts.filter(({ notificationId }) => meant(notificationId)),
      headers,
      body,
      omittedForwardings: 0,
    };
  }
  const attempts: AttemptDetail[] = [];
  for (const notification of notifications) {
    const { attempts: made } = await history.request('events/get', { id: notification.id });
    attempts.push(...made.filter(({ notificationId }) => notificationId === notification.id));
  }
  return { ...found, notifications, attempts, headers, body, omittedForwardings };
}
