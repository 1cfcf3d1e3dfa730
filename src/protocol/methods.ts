import { z } from 'zod';
import { secretNameForm } from '../common/secret-name.ts';
import {
  breakpointSchema,
  debugClientSchema,
  heldAtStop,
  heldForwardingSchema,
  keptBreakpointSchema,
  mostBreakpoints,
  mostSuspendedTimeouts,
  refusedBreakpointSchema,
  sendingSchema,
  stopSchema,
} from './debug.ts';
import { answeringSchema, askedAnswerSchema } from './answering.ts';
import { eventGroupings, eventOrders } from './event-filter.ts';
import {
  attemptDetailSchema,
  attemptSchema,
  chosenEventsSchema,
  deliverySchema,
  destinationId,
  eventId,
  eventIds,
  eventRowSchema,
  headersSchema,
  leftOfChoiceSchema,
  notificationSchema,
  sourceSchema,
  tracedEventSchema,
} from './history.ts';
import { resendDestinationSchema, secretsChangeSchema, settingsChangeSchema, tunnelConfigSchema } from './settings.ts';
import { destinationStatusSchema, statusSchema, tunnelStatusSchema } from './status.ts';

/** Raised when a method or notification changes incompatibly. */
export const protocolVersion = 6;

const anyId = z.string().regex(/^[den][1-9]\d*$/, 'expected an ID such as d7, e12, or n9');
const fetchedId = z.string().min(1).max(64);
const fetchedKeySchema = z.strictObject({ notificationId: fetchedId, subscriptionId: fetchedId });
const nothing = z.strictObject({});

const bodySchema = z.union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })]);

/** `events/get` has them, event by event. */
const omittedForwardings = z.int().min(0);

const addedSchema = z.object({
  delivery: deliverySchema,
  events: z.array(eventRowSchema),
  notifications: z.array(notificationSchema),
  omittedForwardings,
});

/** They are new, or the history's index is being built. */
const unseen = z.int().min(0);

const goneSchema = z.int().optional();

/** Which notifications: by IDs (a delivery or event ID means its notifications), or of the events that match a filter. */
const selectionShape = {
  ids: z.array(anyId).min(1).max(100_000).optional(),
  filter: z.string().max(1000).optional(),
  before: eventId.optional().describe('With a filter: only events before this one.'),
  except: eventIds.optional().describe('With a filter: not these events.'),
};

/** The filter language of `filter` is described in docs/history.md. */
export const methods = {
  'relay/status': { params: nothing, result: statusSchema },
  /**
   * Replaces the given settings and keeps the others. A secret `null` removes it. If they can't be saved, none takes
   * effect.
   */
  'relay/configure': {
    params: z.strictObject({
      settings: settingsChangeSchema.optional(),
      secrets: secretsChangeSchema.optional(),
    }),
    result: statusSchema,
  },
  /**
   * On disk before the result is sent. `replaces`: the first 32 hex digits of the SHA-256 of the one to replace; if it
   * is already replaced, nothing changes.
   */
  'relay/newSecret': {
    params: z.strictObject({ replaces: z.string().regex(secretNameForm, "expected a secret's name") }),
    result: statusSchema,
  },
  /**
   * `held`: keep what the debugger holds (the default; sending stays paused), release it, with a few seconds to be
   * sent, or drop it.
   */
  'relay/stop': {
    params: z.strictObject({ held: z.enum(heldAtStop).optional() }),
    result: z.object({ stopping: z.literal(true) }),
  },
  /**
   * Null: normal. Forced deliveries are stored and marked, but not forwarded. Ends by its time at the latest, and with
   * the relay.
   */
  'relay/answer': {
    params: z.strictObject({ answer: askedAnswerSchema.nullable() }),
    result: z.object({ answering: answeringSchema }),
  },
  'tunnel/open': { params: z.strictObject({ tunnel: tunnelConfigSchema.optional() }), result: tunnelStatusSchema },
  'tunnel/close': { params: nothing, result: tunnelStatusSchema },
  /** Newest first. `before`: the `next` of the previous page. A page may be shorter than `limit` and have a `next`. */
  'events/query': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      ids: eventIds.optional().describe('Only these events.'),
      limit: z.int().min(1).max(1000).default(50),
      before: eventId.optional(),
    }),
    result: z.object({ events: z.array(eventRowSchema), next: z.string().nullable(), unseen }),
  },
  /**
   * A page by position of a filter's matches, sorted. `before`, the ID after `newest` of the first page, keeps later
   * events from moving rows. `traced` also returns rows with their attempts; `find` asks for a position, `chosen` for
   * what is left of a choice.
   */
  'events/page': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      sort: z
        .strictObject({ by: z.enum(eventOrders), descending: z.boolean().default(false) })
        .default({ by: 'time', descending: true }),
      offset: z.int().min(0).default(0),
      limit: z.int().min(1).max(1000).default(100),
      before: eventId.optional().describe('Only events before this one.'),
      traced: z.boolean().default(false),
      find: eventId.optional(),
      chosen: chosenEventsSchema.optional(),
    }),
    result: z.object({
      total: z.int(),
      ids: z.array(z.string()).describe('IDs of the events on the page.'),
      traced: z.array(tracedEventSchema).describe('The events; empty unless `traced` was requested.'),
      newest: z.string().nullable().describe('ID of the newest event found, on whichever page.'),
      found: z.int().nullable().optional().describe('Position of `find`; null if it does not match.'),
      chosen: leftOfChoiceSchema.optional().describe('Only if `chosen` was given.'),
      unseen,
    }),
  },
  'events/counts': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      after: eventId.optional().describe('Only events after this one.'),
      groupBy: z.enum(eventGroupings).optional(),
      mostGroups: z.int().min(1).max(1000).default(100),
      perMinute: z
        .strictObject({ since: z.iso.datetime().optional(), until: z.iso.datetime().optional() })
        .optional()
        .describe('Counts events per minute; `since` and `until` default to the first and last event.'),
    }),
    result: z.object({
      total: z.int(),
      groups: z.array(
        z.object({
          value: z.string().nullable(),
          count: z.int(),
          newest: z.string().describe("ID of the group's newest event."),
        }),
      ),
      timeline: z
        .object({
          since: z.iso.datetime(),
          minutes: z.int().describe('Minutes per count: 1, or more if there would be too many counts.'),
          counts: z.array(z.int()),
        })
        .nullable(),
      unseen,
    }),
  },
  /** `id`: an event's, a notification's, or a delivery's (then its first event). */
  'events/get': {
    params: z.strictObject({ id: anyId }),
    result: z.object({
      event: eventRowSchema,
      delivery: deliverySchema,
      notifications: z.array(notificationSchema).describe('Notifications that contain the event, including raw ones.'),
      attempts: z
        .array(attemptDetailSchema)
        .describe(
          'The latest 500 attempts for each notification, oldest first; some answers may be left out to limit the size.',
        ),
    }),
  },
  'events/clear': { params: nothing, result: z.object({ cleared: z.int(), kept: z.int() }) },
  'deliveries/get': {
    params: z.strictObject({ id: anyId }),
    result: z.object({
      delivery: deliverySchema,
      headers: headersSchema,
      body: z.string().describe('The stored bytes, base64.'),
      events: z.array(eventRowSchema),
      notifications: z.array(notificationSchema),
      omittedForwardings,
    }),
  },
  /** Takes a body like one received at the webhook endpoint; it gets new event IDs. */
  'deliveries/inject': {
    params: z.strictObject({
      source: sourceSchema.default('campaign-monitor'),
      body: bodySchema,
      contentType: z.string().max(1000).default('application/json; charset=utf-8'),
    }),
    result: addedSchema,
  },
  /**
   * Adds what a client read from Open Connectors' queue, unless it was added before. It has no signature, and gets
   * none.
   */
  'deliveries/fetched': {
    params: fetchedKeySchema.extend({ notification: z.string().describe('The notification as JSON.') }),
    result: z.object({
      result: z
        .enum(['taken', 'known', 'rejected', 'tooLarge'])
        .describe(
          'known: fetched before; rejected: in the history, but cannot be forwarded; tooLarge: larger than maxBodyBytes, and not in the history.',
        ),
    }),
  },
  /** Also if they are no longer in the history. */
  'deliveries/areFetched': {
    params: z.strictObject({ deliveries: z.array(fetchedKeySchema) }),
    result: z.object({ all: z.boolean() }),
  },
  /** What waits for a retry or a destination that is down is tried now. `to` replaces the original destinations. */
  'notifications/replay': {
    params: z.strictObject({
      ...selectionShape,
      failed: z.literal(true).optional().describe('All failed ones.'),
      to: resendDestinationSchema.optional(),
    }),
    result: z.object({ replayed: z.int(), notificationIds: z.array(z.string()), gone: goneSchema }),
  },
  /** Credentials are masked. By default its first destination. */
  'notifications/render': {
    params: z.strictObject({ id: anyId, destinationId: z.string().optional(), url: z.string().optional() }),
    result: z.object({
      notificationId: z.string(),
      destinationId: z.string().nullable(),
      url: z.string().nullable(),
      headers: headersSchema,
      body: z.string().describe('base64'),
    }),
  },
  'notifications/discard': {
    params: z.strictObject({ ...selectionShape, waiting: z.literal(true).optional() }),
    result: z.object({ discarded: z.int(), gone: goneSchema }),
  },
  /** Tries now what would be tried later. Returns the destinations, and the tunnel's state if it was tried. */
  'relay/retry': {
    params: nothing,
    result: z.object({ tried: z.array(destinationStatusSchema), tunnel: tunnelStatusSchema.nullable() }),
  },
  /** The state of sending; for a stopped relay, the reader of its history returns the last one. */
  'debug/sending': { params: nothing, result: z.object({ sending: sendingSchema }) },
  /** Does nothing if sending is already paused. */
  'debug/pause': {
    params: z.strictObject({ by: debugClientSchema.default({ kind: 'other' }) }),
    result: z.object({ sending: sendingSchema }),
  },
  /** The next in order without `id`. Sending stays paused. */
  'debug/step': {
    params: z.strictObject({ id: anyId.optional() }),
    result: z.object({ released: z.array(heldForwardingSchema), sending: sendingSchema }),
  },
  /** Up to the next stop. */
  'debug/continue': {
    params: nothing,
    result: z.object({ released: z.int(), sending: sendingSchema }),
  },
  /** The next in order without `id`. A replay can still send it. */
  'debug/drop': {
    params: z.strictObject({ id: anyId.optional() }),
    result: z.object({ dropped: z.array(heldForwardingSchema), sending: sendingSchema }),
  },
  /**
   * It is received as with `deliveries/inject`, and sent at once if anything of the original is held, which is dropped.
   */
  'debug/edit': {
    params: z.strictObject({ id: anyId, body: bodySchema, contentType: z.string().max(1000).optional() }),
    result: addedSchema.extend({ dropped: z.array(heldForwardingSchema) }),
  },
  /** What is held, in the order of stepping. `after`: the last of the previous page. */
  'debug/held': {
    params: z.strictObject({
      limit: z.int().min(1).max(1000).default(100),
      after: z
        .string()
        .regex(/^n[1-9]\d*$/, 'expected a notification ID, such as n9')
        .optional(),
    }),
    result: z.object({ held: z.array(heldForwardingSchema), more: z.boolean() }),
  },
  /**
   * Suspends timeouts, because a debugger stopped the handler; replaces the destinations of this client. Applies to
   * attempts in progress, which get a full timeout when the client's connection ends.
   */
  'debug/patience': {
    params: z.strictObject({ destinationIds: z.array(destinationId).max(mostSuspendedTimeouts) }),
    result: z.object({ destinationIds: z.array(destinationId).describe('Destinations without a timeout.') }),
  },
  /**
   * `set` replaces those of this connection; unchanged ones keep their ID and counts. Invalid ones are refused, and the
   * others accepted.
   */
  'debug/breakpoints': {
    params: z.strictObject({
      owner: z.string().min(1).max(100).default('other'),
      set: z.array(breakpointSchema).max(mostBreakpoints).optional(),
      add: z.array(breakpointSchema).max(mostBreakpoints).optional(),
      remove: z
        .union([z.literal('all'), z.array(z.string().regex(/^b[1-9]\d*$/, 'expected a breakpoint ID, such as b1'))])
        .optional(),
    }),
    result: z.object({
      breakpoints: z.array(keptBreakpointSchema),
      changed: z.array(z.string()).describe('IDs of the breakpoints set, added, or removed, in the order given.'),
      refused: z.array(refusedBreakpointSchema),
    }),
  },
} as const;
export type Methods = typeof methods;
export type Method = keyof Methods;
export type Params<M extends Method> = z.input<Methods[M]['params']>;
export type ParsedParams<M extends Method> = z.output<Methods[M]['params']>;
export type Result<M extends Method> = z.output<Methods[M]['result']>;

/** A slow client misses some: `missed` has the number since the last one, and `events/query` has them all. */
export const notifications = {
  'status/changed': z.object({ status: statusSchema }),
  'event/added': z.object({
    deliveries: z.array(
      z.object({
        delivery: deliverySchema,
        events: z.array(eventRowSchema),
        omitted: z.int().min(0).describe('Number of further events; events/query returns them with "delivery:d7".'),
      }),
    ),
    missed: z.int(),
  }),
  'attempt/recorded': z.object({ attempts: z.array(attemptSchema), missed: z.int() }),
  'tunnel/changed': z.object({ tunnel: tunnelStatusSchema }),
  'debug/stopped': z.object({ stop: stopSchema, sending: sendingSchema }),
  'debug/continued': z.object({ sending: sendingSchema }),
  log: z.object({ level: z.enum(['error', 'warn', 'info', 'debug']), time: z.iso.datetime(), message: z.string() }),
} as const;
export type RelayNotification = keyof typeof notifications;
export type RelayNotificationParams<N extends RelayNotification> = z.output<(typeof notifications)[N]>;
export type LogLevel = RelayNotificationParams<'log'>['level'];

/** Sent to each client before the relay ends in order: on request, by a signal, or without clients. */
export const endingNotification = '$/ending';
