import { z } from 'zod';
import { destinationId, holders } from './history.ts';

const time = z.iso.datetime();

export const debugClientSchema = z.strictObject({
  kind: z.enum(['terminal', 'vscode', 'other']),
  id: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Identifies the client among others of its kind, such as by process ID.'),
});
export type DebugClient = z.infer<typeof debugClientSchema>;

/** What to do with what is held when the relay stops. */
export const heldAtStop = ['keep', 'release', 'drop'] as const;
export type HeldAtStop = (typeof heldAtStop)[number];

export const breakpointPlaces = ['event', 'failed-attempt', 'wrong-signature', 'rejected'] as const;
const breakpointPlaceSchema = z
  .enum(breakpointPlaces)
  .describe(
    'event: before an event is sent; failed-attempt: after a destination did not accept it; wrong-signature: an Open Connectors delivery with a wrong or missing signature; rejected: a rejected delivery.',
  );
export type BreakpointPlace = z.infer<typeof breakpointPlaceSchema>;

/** In characters. */
export const mostCondition = 1000;

export const mostBreakpoints = 100;

export const mostSuspendedTimeouts = 100;

export const breakpointSchema = z.strictObject({
  at: breakpointPlaceSchema,
  condition: z
    .string()
    .min(1)
    .max(mostCondition)
    .optional()
    .describe('A history filter such as `type:update`. The breakpoint matches the events that the filter finds.'),
  enabled: z.boolean().default(true),
});
export type Breakpoint = z.infer<typeof breakpointSchema>;

export const nonStops = ['condition-not-met', 'stepped', 'unreachable-is-no-attempt'] as const;

/** Counts start when it was set, or when the relay started. */
export const keptBreakpointSchema = breakpointSchema.extend({
  enabled: z.boolean(),
  id: z.string().describe('b and a number.'),
  owner: z.string().describe('Name of the client that set the breakpoint.'),
  lookedAt: z.int(),
  met: z.int().describe('How many events the breakpoint matched.'),
  stops: z.int(),
  lastMetAt: time.nullable(),
  lastNotStopped: z
    .object({ at: time, why: z.enum(nonStops), text: z.string() })
    .nullable()
    .describe('Why the breakpoint did not stop at the last event that passed it.'),
});
export type KeptBreakpoint = z.infer<typeof keptBreakpointSchema>;

export const refusedBreakpointSchema = z.object({
  index: z.int().describe("The breakpoint's position in the request."),
  in: z.enum(['condition', 'breakpoint']),
  message: z.string(),
});
export type RefusedBreakpoint = z.infer<typeof refusedBreakpointSchema>;

export const stopSchema = z.object({
  reason: z.enum(['pause', 'breakpoint']),
  at: time,
  place: breakpointPlaceSchema.nullable(),
  breakpointIds: z.array(z.string()),
  deliveryId: z.string().nullable(),
  eventId: z.string().nullable(),
  notificationId: z.string().nullable(),
  destinationId: destinationId.nullable(),
  attempt: z.int().nullable().describe('Number of the failed attempt.'),
  text: z.string().describe('What happened, in one line.'),
});
export type Stop = z.infer<typeof stopSchema>;

const heldCountsSchema = z.object({
  pause: z.int(),
  breakpoint: z.int(),
  missingKey: z.int(),
  destination: z.int(),
});

export const pausedBySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('client'), client: debugClientSchema }),
  z.object({ kind: z.literal('breakpoint'), breakpointId: z.string() }),
]);
export type PausedBy = z.infer<typeof pausedBySchema>;

/** Sending stays paused until a client continues it, even if the one that paused it is gone. */
export const sendingSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('flowing'), held: heldCountsSchema, breakpoints: z.int() }),
  z.object({
    state: z.literal('paused'),
    by: pausedBySchema,
    since: time,
    stop: stopSchema.nullable().describe('The last stop since sending was paused.'),
    held: heldCountsSchema,
    breakpoints: z.int().describe('Number of enabled breakpoints.'),
  }),
]);
export type Sending = z.infer<typeof sendingSchema>;

export const heldForwardingSchema = z.object({
  notificationId: z.string(),
  deliveryId: z.string(),
  destinationId,
  destination: z.string().describe("The destination's URL."),
  heldBy: z.enum(holders),
  breakpointId: z.string().nullable(),
  attempts: z.int(),
  detail: z.string().nullable(),
});
export type HeldForwarding = z.infer<typeof heldForwardingSchema>;
