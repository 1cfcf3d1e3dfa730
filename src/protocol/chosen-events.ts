import { z } from 'zod';
import { maxChosen } from './message-size.ts';

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
