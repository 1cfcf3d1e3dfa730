import { z } from 'zod';
import { tooManyMembers } from '../common/parse-json.ts';

/** One element of `message.events` [code: captured twice]. */
export interface EventObject {
  readonly date: string;
  readonly elementKey: string;
  readonly eventType: string;
  readonly hubKey: string;
  readonly objectId: string;
  readonly objectType: string;
  /** For events that Open Connectors has polled for [code]. */
  readonly pollDate?: string;
}

export interface NotificationParts {
  readonly createdAt: number;
  /** The envelope's `id`. */
  readonly id: string;
  /** `message.eventId`, unique to the notification and the same in every retry and replay. */
  readonly eventId: string;
  readonly instance: {
    readonly instanceId: number;
    readonly instanceName: string;
    readonly instanceTags: readonly string[];
    readonly accountId: number;
    readonly companyId: number;
    readonly userId: number;
  };
  readonly events: readonly EventObject[];
}

/** The connector's key [docs]. */
export const elementKey = 'campaignmonitor';

/** The connector's hub [docs]. */
export const hubKey = 'marketing';

export type Allocate = (bytes: number) => Buffer;

const allocateNew: Allocate = (bytes) => Buffer.allocUnsafe(bytes);

/**
 * Writes a notification as Open Connectors posts it, field for field and in the order of the captures [code].
 * @param raw the vendor's body, valid JSON in UTF-8: its bytes become `message.raw` unchanged
 * @param allocate for the bytes of a long one
 */
export function writeNotification(parts: NotificationParts, raw: Uint8Array, allocate = allocateNew): Buffer {
  const fixed = fixedTexts(parts.instance);
  const head =
    `{"severity":"medium","createdDate":"${javaDate(parts.createdAt)}"${fixed.beforeId}${quoted(parts.id)}` +
    `${fixed.beforeEventId}${quoted(parts.eventId)}${fixed.beforeRaw}`;
  const tail = `${fixed.beforeEvents}${JSON.stringify(parts.events)}},"user":"notifications@cloud-elements.com"}`;
  return around(head, raw, tail, allocate);
}

/** Faster than `JSON.stringify` for texts that need no escapes. */
const plainText = /^[\w-]*$/;

function quoted(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Maximum bytes of UTF-8 per UTF-16 code unit. */
const mostBytesEach = 3;

/** Short notifications are written one after the other into one buffer of this many bytes. */
const sharedBytes = 65_536;
let shared = Buffer.allocUnsafeSlow(sharedBytes);
let sharedUsed = 0;

function around(head: string, raw: Uint8Array, tail: string, allocate: Allocate): Buffer {
  const most = mostBytesEach * (head.length + tail.length) + raw.byteLength;
  if (most <= sharedBytes / 4) return aroundShort(head, raw, tail, most);
  const headBytes = Buffer.byteLength(head);
  const bytes = allocate(headBytes + raw.byteLength + Buffer.byteLength(tail));
  bytes.write(head, 0);
  bytes.set(raw, headBytes);
  bytes.write(tail, headBytes + raw.byteLength);
  return bytes;
}

/** Without computing the texts' length in bytes first, which takes as long as writing them. */
function aroundShort(head: string, raw: Uint8Array, tail: string, most: number): Buffer {
  if (sharedUsed + most > sharedBytes) {
    shared = Buffer.allocUnsafeSlow(sharedBytes);
    sharedUsed = 0;
  }
  const start = sharedUsed;
  const rawStart = start + shared.write(head, start);
  const tailStart = rawStart + raw.byteLength;
  shared.set(raw, rawStart);
  sharedUsed = tailStart + shared.write(tail, tailStart);
  return shared.subarray(start, sharedUsed);
}

/** What an instance's notifications have in common, between the parts that differ. */
interface FixedTexts {
  readonly beforeId: string;
  readonly beforeEventId: string;
  readonly beforeRaw: string;
  readonly beforeEvents: string;
}

const known = new WeakMap<NotificationParts['instance'], FixedTexts>();

function fixedTexts(instance: NotificationParts['instance']): FixedTexts {
  let texts = known.get(instance);
  if (texts === undefined) {
    const { instanceId, accountId, companyId, userId } = instance;
    texts = {
      beforeId: `,"topic":"instance-${instanceId}-${elementKey}-events","action":"create","id":`,
      beforeEventId: `,"message":{"elementKey":"${elementKey}","accountId":${accountId},"eventId":`,
      beforeRaw:
        `,"companyId":${companyId},"instanceId":${instanceId},"instance_id":${instanceId},` +
        `"instanceName":${JSON.stringify(instance.instanceName)},"instanceTags":${JSON.stringify(instance.instanceTags)},"raw":`,
      beforeEvents: `,"userId":${userId},"events":`,
    };
    known.set(instance, texts);
  }
  return texts;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Notifications of one second share their date. */
let lastSecond = NaN;
let lastDate = '';

/**
 * A time in the form of Java's `Date.toString()`, UTC: `Fri Feb 21 16:43:41 UTC 2020` [code: captured].
 * @param at milliseconds since the epoch
 */
export function javaDate(at: number): string {
  const second = Math.floor(at / 1000);
  if (second !== lastSecond) {
    const date = new Date(at);
    const two = (value: number): string => String(value).padStart(2, '0');
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
    lastDate = `${days[date.getUTCDay()] ?? ''} ${months[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())} ${clock} UTC ${date.getUTCFullYear()}`;
    lastSecond = second;
  }
  return lastDate;
}

/** An event object of a notification of Open Connectors, read loosely. */
export interface PlatformEvent {
  readonly eventType: string | null;
  readonly objectId: string | null;
  readonly date: string | null;
}

/** An incoming notification of Open Connectors, in either documented shape. */
export type PlatformNotification =
  | {
      readonly kind: 'notification';
      /** `message.eventId`, or `eventId` of the older shape. */
      readonly eventId: string | null;
      /** The vendor's list, if `message.raw` has one. */
      readonly listId: string | null;
      readonly events: readonly PlatformEvent[];
    }
  /** `tooMany`: it only has too many events or members. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly tooMany: boolean };

const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null);

const eventSchema = z.object({ eventType: text, objectId: text, date: text, path: text });

const currentShape = z.object({
  message: z.object({
    eventId: text,
    raw: z
      .looseObject({ ListID: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
    events: z.array(eventSchema).nullish(),
  }),
});

/** Still documented; older or asynchronous: `{"eventId","instanceId","response":{"events":[…]},"notificationId"}`. */
const olderShape = z.object({
  eventId: text,
  response: z.object({ events: z.array(eventSchema).nullish() }),
});

/**
 * Reads a notification of Open Connectors in either shape; its bytes are passed on unchanged.
 * @param bytes the body, decompressed
 * @param mostEvents a notification with more event objects, or with too many members in an object, is rejected
 */
export function readPlatformNotification(bytes: Buffer, mostEvents = Infinity): PlatformNotification {
  const json = bytes.toString('utf8').replace(/^\ufeff/, '');
  const tooMuch = mostEvents === Infinity ? null : tooManyMembers(json);
  if (tooMuch !== null) return { kind: 'rejected', reason: tooMuch, tooMany: true };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return rejected(`not JSON: ${(error as Error).message.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 200)}`);
  }
  // Before the schemas, which would validate each and collect an issue for it.
  const events = mostEventsIn(value);
  if (events > mostEvents) {
    const reason = `the notification holds ${events} events, of which at most ${mostEvents} are taken at once`;
    return { kind: 'rejected', reason, tooMany: true };
  }
  const current = currentShape.safeParse(value);
  if (current.success) {
    const { message } = current.data;
    return {
      kind: 'notification',
      eventId: message.eventId ?? null,
      listId: message.raw?.ListID ?? null,
      events: (message.events ?? []).map(platformEvent),
    };
  }
  const older = olderShape.safeParse(value);
  if (older.success) {
    return {
      kind: 'notification',
      eventId: older.data.eventId ?? null,
      listId: null,
      events: (older.data.response.events ?? []).map(platformEvent),
    };
  }
  return rejected('not a notification: expected an object with "message", or the older one with "response"');
}

function rejected(reason: string): PlatformNotification {
  return { kind: 'rejected', reason, tooMany: false };
}

/** The length of the longer of the two arrays that may hold the events. */
function mostEventsIn(value: unknown): number {
  const { message, response } = (value ?? {}) as { message?: unknown; response?: unknown };
  const counts = [message, response].map((holder) => {
    const events = (holder as { events?: unknown } | null | undefined)?.events;
    return Array.isArray(events) ? events.length : 0;
  });
  return Math.max(...counts);
}

function platformEvent(event: z.output<typeof eventSchema>): PlatformEvent {
  return {
    eventType: event.eventType ?? null,
    objectId: event.objectId ?? event.path ?? null,
    date: event.date ?? null,
  };
}
