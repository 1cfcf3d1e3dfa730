/** What is posted to a callback: a delivery in each of the shapes in which it may come. */
import { randomUUID } from 'node:crypto';
import { readPayload } from '../campaign-monitor/payload.ts';
import type { VendorEvent } from '../campaign-monitor/payload.ts';
import { elementKey, hubKey, writeNotification } from '../open-connectors/notification.ts';
import type { EventObject } from '../open-connectors/notification.ts';
import { sign, signatureHeader, webhookIdHeader } from '../open-connectors/signature.ts';
import { settingsSchema } from '../protocol/settings.ts';
import { normaliseEvent, partsOf } from '../relay/normalise.ts';
import type { Shape } from './scenario.ts';

/** How a request is sent. */
export type Manner =
  | { readonly kind: 'whole' }
  /** The body takes so many milliseconds. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The connection ends within the body. */
  | { readonly kind: 'cut' }
  /** The connection ends when all was sent, before the answer. */
  | { readonly kind: 'unanswered' };

/** One request. */
export interface Message {
  /** What it is, such as `part 3 of 50`. */
  readonly label: string;
  /** The notification's; null of a delivery as it came. */
  readonly eventId: string | null;
  readonly events: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly manner: Manner;
  /** How long it is held back before it goes, in milliseconds. */
  readonly afterMs: number;
}

/** A delivery that is to be posted. */
export interface Delivery {
  readonly body: Buffer;
  readonly contentType: string;
  /** `platform`: the body is a notification of Open Connectors, which is posted as it is. */
  readonly source: 'campaign-monitor' | 'open-connectors';
}

export interface MessageOptions {
  readonly shape: Shape;
  /** Events in one notification, at most. */
  readonly partSize: number;
  readonly signatureKey: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const json = 'application/json; charset=utf-8';
const settings = settingsSchema.parse({});

/** Whom notifications in the platform's own form name: its ids are never 0, and the name may be escaped [code]. */
const platformInstance = {
  instanceId: 8_948_659,
  instanceName: 'Books &amp; More',
  instanceTags: ['Books & More'],
  accountId: 643,
  companyId: 280,
  userId: 2374,
};

/**
 * The requests that a delivery becomes.
 * @throws Error where it holds no events that could be sent in that shape
 */
export function messagesOf(delivery: Delivery, options: MessageOptions): Message[] {
  const { shape, signatureKey } = options;
  if (delivery.source === 'open-connectors') {
    return [
      message({
        body: delivery.body,
        contentType: json,
        eventId: null,
        events: 1,
        signatureKey,
        label: 'notification',
      }),
    ];
  }
  const payload = readPayload(delivery.body, delivery.contentType);
  if (payload.kind === 'rejected') throw new Error(`this is no delivery: ${payload.reason}`);
  const events = payload.kind === 'events' ? payload.events : [];
  if (shape === 'delivery') {
    // Campaign Monitor signs nothing.
    const { body, contentType } = delivery;
    return [
      message({ body, contentType, eventId: null, events: events.length, signatureKey: undefined, label: 'delivery' }),
    ];
  }
  if (payload.kind !== 'events')
    throw new Error('a delivery without events is a test call, of which no notification is made');
  const parts = partsOf(payload.events.length, options.partSize);
  return parts.map(({ first, count }, index) => {
    const own = payload.events.slice(first, first + count);
    const eventId = randomUUID();
    const body = bodyOf(own, payload.json, eventId, index + 1, options);
    const label = parts.length === 1 ? 'notification' : `part ${index + 1} of ${parts.length}`;
    return message({ body, contentType: json, eventId, events: count, signatureKey, label });
  });
}

function bodyOf(
  events: readonly VendorEvent[],
  raw: Buffer,
  eventId: string,
  number: number,
  options: MessageOptions,
): Buffer {
  const { shape, now } = options;
  const objects = events.map((event) => normaliseEvent(event, settings, now).object);
  if (shape === 'older') {
    const listed = objects.map(({ objectId, eventType }) => ({
      path: `/contacts/${objectId}`,
      metadata: {},
      objectId,
      eventType,
    }));
    return Buffer.from(
      JSON.stringify({ eventId, instanceId: 31, response: { events: listed }, notificationId: 1047 + number }),
    );
  }
  const isPlatform = shape === 'platform';
  return writeNotification(
    {
      createdAt: now,
      id: isPlatform ? String(69_182_067 + number) : String(number),
      eventId,
      instance: isPlatform ? platformInstance : settings.identity,
      events: isPlatform ? objects.map((object) => polled(object)) : objects,
    },
    raw,
  );
}

/** With the further fields that captures of the platform have [code]. */
function polled(object: EventObject): EventObject & { pollDate: string; newPath: string } {
  return { ...object, elementKey, hubKey, pollDate: object.date, newPath: `/contacts/${object.objectId}` };
}

interface Parts {
  readonly body: Buffer;
  readonly contentType: string;
  readonly eventId: string | null;
  readonly events: number;
  readonly signatureKey: string | undefined;
  readonly label: string;
}

function message({ body, contentType, eventId, events, signatureKey, label }: Parts): Message {
  const headers: [string, string][] = [['Content-Type', contentType]];
  if (eventId !== null) headers.push([webhookIdHeader, eventId]);
  if (signatureKey !== undefined) headers.push([signatureHeader, sign(body, signatureKey)]);
  // A copy: short notifications share memory.
  return { label, eventId, events, headers, body: Buffer.from(body), manner: { kind: 'whole' }, afterMs: 0 };
}
