/** The sender has the response: failures from here on are logged, and don't change it. */
import type { Delivery, EventRow } from '../../protocol/history.ts';
import type { Forwarder } from '../sending/forwarder.ts';
import type { Gate } from '../gate/gate.ts';
import type { Job } from '../sending/waiting.ts';
import type { Received } from './reception.ts';
import type { DeliveryRecord } from '../log/records.ts';
import { protocolRecord, protocolEventsOf } from '../log/protocol-shapes.ts';
import type { Store } from '../log/store.ts';

export interface Followers {
  readonly announcer: {
    readonly heard: boolean;
    added(delivery: Delivery, rows: readonly EventRow[]): void;
    statusChanged(): void;
  };
  readonly forwarder: Forwarder;
  readonly gate?: Pick<Gate, 'holdOf'>;
  readonly store: Store;
  log(level: 'error', message: string): void;
}

export function passOn(received: Received, followers: Followers): void {
  const { id } = received.delivery;
  try {
    announce(received.delivery, followers);
  } catch (error) {
    followers.log('error', `d${id} is stored, but clients were not notified: ${String(error)}`);
  }
  try {
    forward(received, followers);
  } catch (error) {
    const when = 'its waiting notifications are sent when the relay restarts';
    followers.log('error', `d${id} is stored, but was not forwarded (${String(error)}): ${when}`);
  }
}

function announce(delivery: DeliveryRecord, { announcer, gate, store }: Followers): void {
  if (!announcer.heard) return;
  announcer.added(
    protocolRecord(delivery),
    protocolEventsOf(
      delivery,
      (id) => store.destinations.get(id),
      (forwarding) => gate?.holdOf(forwarding) ?? null,
    ),
  );
  announcer.statusChanged();
}

function forward({ delivery, renderSettings: settings }: Received, { forwarder }: Followers): void {
  const jobs: Job[] = [];
  for (const notification of delivery.notifications) {
    for (const { destinationId, released, stopped } of notification.forwardings) {
      jobs.push({
        notificationId: notification.id,
        deliveryId: delivery.id,
        destinationId,
        attempts: 0,
        roundStart: 0,
        nextAt: null,
        released,
        looked: stopped !== null,
        notification: { ...notification, deliveryId: delivery.id, settings },
      });
    }
  }
  if (jobs.length > 0) forwarder.dispatch(jobs);
}
