/**
 * IDs have a letter for their kind: `d7` a delivery, `e12` an event, `n9` a notification. A destination's is that of
 * the settings, or `t2`. Times are ISO 8601 in UTC; durations are milliseconds.
 */
import { z } from 'zod';
import { eventKinds, eventStates, forwardingStates, maxChosen, signatureChecks, sources } from './event-filter.ts';

const time = z.iso.datetime();

/** Destinations may have the same URL. */
export const destinationId = z
  .string()
  .describe("The destination's ID: the one in the settings or, if there is none, `t` and a number.");

const forwardingStateSchema = z.enum(forwardingStates);
export type ForwardingState = z.infer<typeof forwardingStateSchema>;

export const destinationModes = ['normalized', 'raw'] as const;

export const holders = ['pause', 'breakpoint', 'missing-key', 'destination'] as const;
export type HeldBy = (typeof holders)[number];

const forwardingSchema = z.object({
  notificationId: z.string(),
  destinationId,
  destination: z.string().describe("The destination's URL."),
  mode: z.enum(destinationModes),
  signatureKeyName: z
    .string()
    .optional()
    .describe('Name of the key for signing notifications to this destination; missing if they are not signed.'),
  state: forwardingStateSchema,
  attempts: z.int(),
  ofRound: z.int().describe('Attempts in this round, which starts with the first attempt or the last resend.'),
  maxAttempts: z.int().nullable().describe('Maximum attempts under the current retry policy; null if unlimited.'),
  nextAttemptAt: time.nullable(),
  status: z.int().nullable().describe('HTTP status of the last attempt; null without an answer.'),
  durationMs: z.number().nullable(),
  detail: z.string().nullable().describe('Why the notification is waiting or held, or why it failed.'),
  downSince: time.optional().describe('When the destination went down, if that is why the notification is waiting.'),
  nextTryAt: time.optional().describe('When the destination, if down, is tried next; missing if not scheduled.'),
  heldBy: z.enum(holders).nullable().describe('What holds the notification; null if nothing holds it.'),
  breakpointId: z.string().nullable().describe('The breakpoint that holds the notification, if any.'),
});
export type Forwarding = z.infer<typeof forwardingSchema>;

export const sourceSchema = z.enum(sources);
export type Source = z.infer<typeof sourceSchema>;

const signatureCheckSchema = z.enum(signatureChecks);
export type SignatureCheck = z.infer<typeof signatureCheckSchema>;

const answeredOnPurpose = z
  .literal('on-purpose')
  .optional()
  .describe('The delivery was answered with a status that the user asked for, and not forwarded; otherwise missing.');

/** Test calls and rejected deliveries, which have no events, have their own kinds of rows. */
export const eventRowSchema = z.object({
  id: z.string(),
  deliveryId: z.string(),
  kind: z.enum(eventKinds),
  source: sourceSchema,
  injected: z
    .boolean()
    .describe('Sent by a client, such as to edit and resend an event, not received by the webhook endpoint.'),
  receivedAt: time,
  type: z.string().nullable().describe("The vendor's type, or the eventType of a platform notification."),
  list: z.string().nullable(),
  address: z.string().nullable().describe('The email address, or the objectId of a platform notification.'),
  date: z.string().nullable().describe("The event's own time, as in the notification."),
  warning: z.string().nullable(),
  duplicateOf: z.string().nullable(),
  signature: signatureCheckSchema
    .nullable()
    .describe('Result of the signature check for deliveries from Open Connectors; otherwise null.'),
  reason: z.string().nullable().describe('Why the delivery was rejected.'),
  httpStatus: z.int().describe("The webhook endpoint's answer."),
  answered: answeredOnPurpose,
  notificationId: z.string().nullable(),
  inDelivery: z
    .object({ position: z.int(), of: z.int() })
    .describe("The event's position in its delivery, from 1, and the delivery's number of events."),
  inNotification: z
    .object({ part: z.int(), parts: z.int(), events: z.int() })
    .optional()
    .describe(
      'For a notification with several events: its part of the delivery, counted from 0, the number of parts, and the number of events in the notification.',
    ),
  forwardings: z
    .array(forwardingSchema)
    .describe("Forwardings of the event's notification, then of the delivery's raw notification."),
});
export type EventRow = z.infer<typeof eventRowSchema>;

const eventStateSchema = z.enum(eventStates);
export type EventState = z.infer<typeof eventStateSchema>;

export const deliverySchema = z.object({
  id: z.string(),
  source: sourceSchema,
  status: z.enum(['accepted', 'test', 'rejected']),
  injected: z.boolean(),
  receivedAt: time,
  httpStatus: z.int(),
  answered: answeredOnPurpose,
  reason: z.string().nullable(),
  list: z.string().nullable(),
  signature: signatureCheckSchema.nullable(),
  contentType: z.string().nullable(),
  bodyBytes: z.int().describe('Body size as received, decompressed, in bytes.'),
  truncated: z.boolean().describe('Whether only the first 64 KiB were kept.'),
  eventCount: z.int(),
  editOf: z.string().nullable().describe('The delivery that this edited one replaces.'),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** Headers in the order received; a name may repeat. Credentials are masked. */
export const headersSchema = z.array(z.tuple([z.string(), z.string()]));
export type Headers = z.infer<typeof headersSchema>;

export const attemptSchema = z.object({
  notificationId: z.string(),
  deliveryId: z.string(),
  destinationId,
  destination: z.string().describe("The destination's URL."),
  number: z.int().describe("The attempt's number, counted from the first attempt and including resends."),
  ofRound: z
    .int()
    .describe("The attempt's number in this round, which starts with the first attempt or the last resend."),
  at: time,
  durationMs: z.number(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  outcome: z.enum(['sent', 'retrying', 'failed']),
  nextAttemptAt: time.nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const tracedEventSchema = z.object({
  row: eventRowSchema,
  state: eventStateSchema,
  status: z
    .int()
    .nullable()
    .describe('HTTP status of the last attempt of the most urgent forwarding; null without an answer.'),
  durationMs: z
    .number()
    .nullable()
    .describe('Duration of the last attempt of the most urgent forwarding, in milliseconds.'),
  attempts: z
    .array(
      attemptSchema.pick({
        destinationId: true,
        number: true,
        at: true,
        durationMs: true,
        status: true,
        outcome: true,
      }),
    )
    .describe('The latest attempts, oldest first.'),
  omittedAttempts: z.int().min(0).describe('Number of earlier attempts.'),
});
export type TracedEvent = z.infer<typeof tracedEventSchema>;

export const attemptDetailSchema = attemptSchema.omit({ ofRound: true }).extend({
  answerHeaders: headersSchema,
  answerBody: z.string().describe('The first 64 KiB, base64.'),
  answerTruncated: z.boolean(),
});
export type AttemptDetail = z.infer<typeof attemptDetailSchema>;

export const notificationSchema = z.object({
  id: z.string(),
  deliveryId: z.string(),
  kind: z.enum([...destinationModes, 'platform']),
  part: z.int().describe('0 for the first.'),
  parts: z.int(),
  eventId: z.string().describe('message.eventId: the same for every retry and resend.'),
  createdAt: time,
  eventIds: z.array(z.string()).describe("IDs of the notification's events."),
  forwardings: z.array(forwardingSchema),
});
export type Notification = z.infer<typeof notificationSchema>;

export const eventId = z.string().regex(/^e[1-9]\d*$/, 'expected an event ID, such as e12');

export const eventIds = z.array(eventId).max(maxChosen);

/** The active row for the keyboard, chosen or not. */
const active = eventId.nullable();

export const chosenEventsSchema = z.union([
  z.strictObject({ ids: eventIds, active }),
  z.strictObject({
    filter: z.string().max(1000),
    before: eventId.describe('Only events before this one.'),
    except: eventIds,
    count: z.int().min(0).describe('Number of events, as last counted.'),
    active,
  }),
]);
export type ChosenEvents = z.infer<typeof chosenEventsSchema>;

export const leftOfChoiceSchema = z.object({
  ids: z.array(eventId).describe('None of a choice with a filter.'),
  count: z.int(),
  active: z.int().nullable().describe('The position of the active row; null if it does not match.'),
});
export type LeftOfChoice = z.infer<typeof leftOfChoiceSchema>;
