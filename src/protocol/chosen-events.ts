/** The chosen events of a table: named ones, and ranges of a snapshot (`events/page`). */
import { z } from 'zod';

const eventId = z.string().regex(/^e[1-9]\d*$/, 'expected an event ID, such as e12');

/** The first and the last position in a snapshot, inclusive. */
const stretch = z.tuple([z.int().min(0), z.int().min(0)]);
export type Stretch = z.infer<typeof stretch>;

/** A choice with more ranges than this in another snapshot is not carried over. */
export const mostCarried = 1000;

/** Maximum number of named events; more are given as ranges. */
export const mostNamed = 2000;

export const chosenEventsSchema = z.strictObject({
  /** The snapshot of the ranges. */
  snapshot: z.string().max(100),
  stretches: z.array(stretch).max(10 * mostCarried),
  ids: z.array(eventId).max(mostNamed),
  /** The active row for the keyboard, chosen or not; null if there is none. */
  active: eventId.nullable(),
});
export type ChosenEvents = z.infer<typeof chosenEventsSchema>;

/** The positions of the chosen ones in another snapshot. */
export const carriedSchema = z.object({
  stretches: z.array(stretch),
  active: z.int().nullable(),
});
export type Carried = z.infer<typeof carriedSchema>;
