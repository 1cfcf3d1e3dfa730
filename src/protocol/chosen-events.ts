/** Which events of a table somebody has chosen: those that are named, and stretches of a snapshot (`events/page`). */
import { z } from 'zod';

const eventId = z.string().regex(/^e[1-9]\d*$/, 'expected an event ID, such as e12');

/** From where to where in a snapshot, both included. */
const stretch = z.tuple([z.int().min(0), z.int().min(0)]);
export type Stretch = z.infer<typeof stretch>;

/** A choice that would be in more pieces than this in another snapshot is not carried on. */
export const mostCarried = 1000;

/** Events that are named, at most; of more, stretches are. */
export const mostNamed = 2000;

/** What is chosen. */
export const chosenEventsSchema = z.strictObject({
  /** The snapshot of the stretches. */
  snapshot: z.string().max(100),
  stretches: z.array(stretch).max(10 * mostCarried),
  ids: z.array(eventId).max(mostNamed),
  /** The one that the keyboard goes on from, chosen or not; null where there is none. */
  active: eventId.nullable(),
});
export type ChosenEvents = z.infer<typeof chosenEventsSchema>;

/** Where the chosen ones stand in another snapshot. */
export const carriedSchema = z.object({
  stretches: z.array(stretch),
  active: z.int().nullable(),
});
export type Carried = z.infer<typeof carriedSchema>;
