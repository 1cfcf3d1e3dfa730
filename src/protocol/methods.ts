/** The control channel's contract: every method and notification that passes between the relay and its clients. */
import { z } from 'zod';
import { secretNameForm } from '../common/secret-name.ts';
import { carriedSchema, chosenEventsSchema } from './chosen-events.ts';
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
  deliverySchema,
  destinationId,
  eventRowSchema,
  eventSummarySchema,
  headersSchema,
  notificationSchema,
  sourceSchema,
  tracedEventSchema,
} from './history.ts';
import { resendDestinationSchema, secretsChangeSchema, settingsChangeSchema, tunnelConfigSchema } from './settings.ts';
import { destinationStatusSchema, statusSchema, tunnelStatusSchema } from './status.ts';

/** Raised when a method or notification changes incompatibly. */
export const protocolVersion = 3;

const anyId = z.string().regex(/^[den][1-9]\d*$/, 'expected an ID such as d7, e12, or n9');
const eventId = z.string().regex(/^e[1-9]\d*$/, 'expected an event ID, such as e12');
const fetchedId = z.string().min(1).max(64);
const nothing = z.strictObject({});

/** Notifications of one request that takes what was fetched, at most. */
export const mostFetched = 100;

/** The bytes of a body: `text` as UTF-8, or `base64`. */
const bodySchema = z.union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })]);

/** Forwardings that an answer leaves out so as not to grow too long: `events/get` has them, event by event. */
const omittedForwardings = z.int().min(0);

/** Events that were not looked at, since they came a moment ago or the history's index is being made. */
const unseen = z.int().min(0);

/** How many of the given ids are not in the history; left out where each of them is. */
const goneSchema = z.int().optional();

/** Which notifications: by ids (a delivery or event id means its notifications), by filter, or all that failed. */
const selectionShape = {
  ids: z.array(anyId).min(1).max(100_000).optional(),
  filter: z.string().optional(),
  failed: z.literal(true).optional(),
};

/** Every method of the control channel. The filter language of `filter` is described in docs/history.md. */
export const methods = {
  'relay/status': { params: nothing, result: statusSchema },
  /**
   * Changes the settings given, each as a whole; keeps the others. Secrets given replace those of the same name, `null`
   * takes one away. All of it is in force together, or where it cannot be kept, nothing, and the error says so.
   */
  'relay/configure': {
    params: z.strictObject({
      settings: settingsChangeSchema.optional(),
      secrets: secretsChangeSchema.optional(),
    }),
    result: statusSchema,
  },
  /**
   * Makes another secret for the webhook URLs, of both vendors: one that got out is answered as any unknown path from
   * then on. It is on disk before it is told. `replaces` names the one that is to go (the first 32 hex digits of its
   * SHA-256): where it has gone already, nothing is made.
   */
  'relay/newSecret': {
    params: z.strictObject({ replaces: z.string().regex(secretNameForm, "expected a secret's name") }),
    result: statusSchema,
  },
  /**
   * Ends the relay. `held` says what becomes of what the debugger holds: it is kept, and sending stays paused (as where
   * nothing is said), released, which gives it some seconds to go out, or dropped.
   */
  'relay/stop': {
    params: z.strictObject({ held: z.enum(heldAtStop).optional() }),
    result: z.object({ stopping: z.literal(true) }),
  },
  /**
   * Answers deliveries with a status on purpose, after a delay, for a count or a time; null: as usual again. They are
   * stored and marked, and not forwarded. It ends by its time at the latest, and with the relay.
   */
  'relay/answer': {
    params: z.strictObject({ answer: askedAnswerSchema.nullable() }),
    result: z.object({ answering: answeringSchema }),
  },
  'tunnel/open': { params: z.strictObject({ tunnel: tunnelConfigSchema.optional() }), result: tunnelStatusSchema },
  'tunnel/close': { params: nothing, result: tunnelStatusSchema },
  /** Newest first. `before`: the `next` of the page before. A page may be shorter than `limit` and have a `next`. */
  'events/query': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      limit: z.int().min(1).max(1000).default(50),
      before: eventId.optional(),
    }),
    result: z.object({ events: z.array(eventRowSchema), next: z.string().nullable(), unseen }),
  },
  /**
   * A page by position of a snapshot: what a filter found at one moment, sorted. Without `snapshot` a new one is taken;
   * a few are kept, and one that is not kept any more is an error. What was removed since then is null. `traced` gives
   * whole rows with their attempts in place of summaries; `find` asks where in the snapshot an event stands, `carry` where
   * those stand now that were chosen in another one.
   */
  'events/page': {
    params: z.strictObject({
      filter: z.string().max(1000).default(''),
      sort: z
        .strictObject({
          by: z.enum(eventOrders),
          descending: z.boolean().default(false),
        })
        .default({ by: 'time', descending: true }),
      snapshot: z.string().max(100).optional(),
      offset: z.int().min(0).default(0),
      limit: z.int().min(1).max(1000).default(100),
      before: eventId.optional().describe('For a new snapshot: only events before this one.'),
      traced: z.boolean().default(false),
      find: eventId.optional(),
      carry: chosenEventsSchema.optional(),
    }),
    result: z.object({
      snapshot: z.string(),
      total: z.int(),
      offset: z.int(),
      events: z.array(eventSummarySchema.nullable()).describe('None if `traced` was requested.'),
      traced: z.array(tracedEventSchema.nullable()).optional().describe('Only if `traced` was requested.'),
      newest: z.string().nullable().describe('ID of the newest event in the snapshot.'),
      found: z.int().nullable().optional().describe('Position of `find`; null if it is not in the snapshot.'),
      carried: carriedSchema
        .optional()
        .describe('The chosen events of `carry` in this snapshot; no ranges if there would be too many.'),
      unseen,
    }),
  },
  /** How many events a filter finds: in all, in groups, the largest first, and over time. */
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
  /** `id`: an event's, a notification's or a delivery's (then its first event). */
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
  /** Clears the history; deliveries with something waiting or held stay. */
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
  /** Takes a body the same way as one received at the webhook endpoint; it gets new event ids. */
  'deliveries/inject': {
    params: z.strictObject({
      source: sourceSchema.default('campaign-monitor'),
      body: bodySchema,
      contentType: z.string().max(1000).default('application/json; charset=utf-8'),
    }),
    result: z.object({
      delivery: deliverySchema,
      events: z.array(eventRowSchema),
      notifications: z.array(notificationSchema),
      omittedForwardings,
    }),
  },
  /**
   * Takes into the history what a client read from Open Connectors' queue of deliveries: its bytes are those of
   * `notification`. One that was taken before, by notification and subscription, is not taken again. They have no signature, and
   * get none; else they are what the platform posted.
   */
  'deliveries/fetched': {
    params: z.strictObject({
      deliveries: z
        .array(
          z.strictObject({
            notificationId: fetchedId,
            subscriptionId: fetchedId,
            notification: z.string().describe('The notification as JSON.'),
          }),
        )
        .min(1)
        .max(mostFetched),
    }),
    result: z.object({
      taken: z.int(),
      known: z.int().describe('Notifications that were fetched before.'),
      rejected: z.int().describe('Notifications that are in the history, but cannot be forwarded.'),
      tooLarge: z.int().describe('Notifications larger than maxBodyBytes; they are not in the history.'),
    }),
  },
  /**
   * Sends again, the same bytes; what waits to be tried again, or for a destination that is down, is tried now. `to`:
   * another destination than the ones they went to.
   */
  'notifications/replay': {
    params: z.strictObject({ ...selectionShape, to: resendDestinationSchema.optional() }),
    result: z.object({ replayed: z.int(), notificationIds: z.array(z.string()), gone: goneSchema }),
  },
  /**
   * What is or would be sent, credentials masked. `destinationId`, or `url`: to which destination; the first it goes to
   * when neither is given.
   */
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
    params: z.strictObject({ ids: selectionShape.ids, waiting: z.literal(true).optional() }),
    result: z.object({ discarded: z.int(), gone: goneSchema }),
  },
  /**
   * Tries at once what would be tried later: destinations that are down, what is to be sent again at a time, and a tunnel
   * that is not open. Says which destinations those are, and how the tunnel stands where it was tried.
   */
  'relay/retry': {
    params: nothing,
    result: z.object({ tried: z.array(destinationStatusSchema), tunnel: tunnelStatusSchema.nullable() }),
  },
  /** How sending stands; where no relay runs, what reads its history says how it was left. */
  'debug/sending': { params: nothing, result: z.object({ sending: sendingSchema }) },
  /** Pauses sending: what waits, and what comes, is held in order. Where it is paused already, nothing changes. */
  'debug/pause': {
    params: z.strictObject({ by: debugClientSchema.default({ kind: 'other' }) }),
    result: z.object({ sending: sendingSchema }),
  },
  /** Releases one notification that is held: that of `id`, else the next in order. Sending stays paused. */
  'debug/step': {
    params: z.strictObject({ id: anyId.optional() }),
    result: z.object({ released: z.array(heldForwardingSchema), sending: sendingSchema }),
  },
  /** Sends again: all that pause and breakpoints hold is released, up to the next that stops. */
  'debug/continue': {
    params: nothing,
    result: z.object({ released: z.int(), sending: sendingSchema }),
  },
  /** Gives up one notification that is held: that of `id`, else the next in order. A replay can still send it. */
  'debug/drop': {
    params: z.strictObject({ id: anyId.optional() }),
    result: z.object({ dropped: z.array(heldForwardingSchema), sending: sendingSchema }),
  },
  /**
   * Sends an edited body in the place of what is held of a delivery: it is received as `deliveries/inject` does and goes
   * at once where something of the original is held, which is dropped there. Both say which is the other.
   */
  'debug/edit': {
    params: z.strictObject({ id: anyId, body: bodySchema, contentType: z.string().max(1000).optional() }),
    result: z.object({
      delivery: deliverySchema,
      events: z.array(eventRowSchema),
      notifications: z.array(notificationSchema),
      omittedForwardings,
      dropped: z.array(heldForwardingSchema),
    }),
  },
  /** What is held, in the order in which it is stepped through. `after`: the last of the page before. */
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
   * Names the destinations whose answers this client waits for however long they take, in place of those that it named
   * before: a debugger holds what answers there. Attempts under way have no time-out either. It ends with the client's
   * connection; from then on attempts under way have their whole time.
   */
  'debug/patience': {
    params: z.strictObject({ destinationIds: z.array(destinationId).max(mostSuspendedTimeouts) }),
    result: z.object({ destinationIds: z.array(destinationId).describe('Destinations without a time-out.') }),
  },
  /**
   * Changes breakpoints, and says how all of them stand. `set` replaces those that this connection set, whatever its owner;
   * one that stays as it is keeps its id and its counts. One that cannot be read is refused, and the others are taken.
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

/**
 * What the relay says unasked. A client that reads too slowly misses some: `missed` then tells how many since the one
 * before, and `events/query` has them all.
 */
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
  /** What was said of events before has been corrected: content that came before was not recognised at once. */
  'event/changed': z.object({ events: z.array(z.object({ id: z.string(), duplicateOf: z.string().nullable() })) }),
  'tunnel/changed': z.object({ tunnel: tunnelStatusSchema }),
  /** Sending stopped: by a client, or at a breakpoint. */
  'debug/stopped': z.object({ stop: stopSchema, sending: sendingSchema }),
  /** Sending goes on. */
  'debug/continued': z.object({ sending: sendingSchema }),
  log: z.object({ level: z.enum(['error', 'warn', 'info', 'debug']), time: z.iso.datetime(), message: z.string() }),
} as const;
export type RelayNotification = keyof typeof notifications;
export type RelayNotificationParams<N extends RelayNotification> = z.output<(typeof notifications)[N]>;
export type LogLevel = RelayNotificationParams<'log'>['level'];

/** What the relay says to each client before it ends in order: on request, by a signal, or with nobody left. */
export const endingNotification = '$/ending';
