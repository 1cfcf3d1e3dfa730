import { randomUUID } from 'node:crypto';
import { say } from '../common/say.ts';
import { readPayload, type Payload, type VendorEvent } from '../campaign-monitor/payload.ts';
import { elementKey, hubKey, writeNotification, type EventObject } from '../open-connectors/notification.ts';
import { sign, signatureHeader, webhookIdHeader } from '../open-connectors/signature.ts';
import type { Source } from '../protocol/history.ts';
import { settingsSchema } from '../protocol/settings.ts';
import { tooMuchToRead } from '../normalizer/delivery-limits.ts';
import { normalizeEvent, partsOf } from '../normalizer/normalize.ts';
import type { Shape } from './scenario.ts';
import { CheckError } from './check-error.ts';

export type Manner =
  | { readonly kind: 'whole' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'cut' }
  /** Closes the connection when everything was sent, before the response. */
  | { readonly kind: 'unanswered' };

export interface Message {
  readonly label: string;
  /** Null for a delivery. */
  readonly eventId: string | null;
  readonly events: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly manner: Manner;
  /** In milliseconds, before it is sent. */
  readonly afterMs: number;
}

export interface Delivery {
  readonly body: Buffer;
  readonly contentType: string;
  /** `open-connectors`: the body is its notification, which is posted unchanged. */
  readonly source: Source;
}

export interface MessageOptions {
  readonly shape: Shape;
  readonly partSize: number;
  readonly signatureKey: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const json = 'application/json; charset=utf-8';
const settings = settingsSchema.parse({});

/** Open Connectors' IDs are never 0, and the name may be escaped [code]. */
const platformInstance = {
  instanceId: 8_948_659,
  instanceName: 'Books &amp; More',
  instanceTags: ['Books & More'],
  accountId: 643,
  companyId: 280,
  userId: 2374,
};

export interface Plan {
  readonly requests: number;
  readonly bytes: number;
  readonly make: () => Generator<Message>;
}

const [envelopeBytes, objectBytes] = [1000, 500];

export function planOf(delivery: Delivery, options: MessageOptions): Plan {
  const { shape, signatureKey } = options;
  const { body, contentType } = delivery;
  const single = (parts: Omit<Parts, 'body' | 'eventId'>): Plan => ({
    requests: 1,
    bytes: body.byteLength,
    *make() {
      yield message({ ...parts, body, eventId: null });
    },
  });
  if (delivery.source === 'open-connectors') {
    return single({ contentType: json, events: 1, signatureKey, label: say('notification') });
  }
  const payload = readDelivery(delivery);
  const count = payload.kind === 'events' ? payload.events.length : 0;
  // Campaign Monitor signs nothing.
  if (shape === 'delivery')
    return single({ contentType, events: count, signatureKey: undefined, label: say('delivery') });
  if (payload.kind !== 'events')
    throw new CheckError(say('a delivery without events is a test call and produces no notification'));
  const rawBytes = payload.json.byteLength;
  const parts = partsOf(count, options.partSize);
  return {
    requests: parts.length,
    // Event objects contain addresses up to twice.
    bytes: parts.length * ((shape === 'older' ? 0 : rawBytes) + envelopeBytes) + count * objectBytes + 2 * rawBytes,
    *make() {
      // Parsed again, since a recording's deliveries take less memory as bytes until here.
      const { events = [], json: raw = Buffer.alloc(0) } = readDelivery(delivery) as Partial<VendorEvents>;
      for (const [index, { first, count: own }] of parts.entries()) {
        const eventId = randomUUID();
        const label = parts.length === 1 ? say('notification') : say('part {0} of {1}', index + 1, parts.length);
        const written = bodyOf(events.slice(first, first + own), raw, eventId, index + 1, options);
        yield message({ body: written, contentType: json, eventId, events: own, signatureKey, label });
      }
    },
  };
}

type VendorEvents = Extract<Payload, { kind: 'events' }>;

function readDelivery({ body, contentType }: Delivery): Exclude<Payload, { kind: 'rejected' }> {
  const tooMuch = tooMuchToRead(body);
  if (tooMuch !== null) throw new CheckError(tooMuch);
  const payload = readPayload(body, contentType, settings.maxEvents);
  if (payload.kind === 'rejected') throw new CheckError(say('not a delivery: {0}', payload.reason));
  return payload;
}

function bodyOf(
  events: readonly VendorEvent[],
  raw: Buffer,
  eventId: string,
  number: number,
  options: MessageOptions,
): Buffer {
  const { shape, now } = options;
  const objects = events.map((event) => normalizeEvent(event, settings, now).object);
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

/** Captured notifications have these further fields [code]. */
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
  // A copy, since short notifications share memory.
  return { label, eventId, events, headers, body: Buffer.from(body), manner: { kind: 'whole' }, afterMs: 0 };
}
