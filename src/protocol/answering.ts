/**
 * Answering on purpose: for a while the webhook endpoint answers deliveries with a status that the user asked for, to see
 * what their sender makes of it. What of it passes between the relay and its clients.
 */
import { z } from 'zod';
import { debugClientSchema } from './debug.ts';

/** The longest delay of an answer, in milliseconds. */
export const mostAnswerDelayMs = 60_000;
/** The most deliveries that it can be asked for. */
export const mostAnswers = 100_000;
/** How long it may go on at most, and where nothing is said, in milliseconds. */
export const mostAnsweringMs = 86_400_000;
export const usualAnsweringMs = 600_000;

/** A status that ends an exchange: those below 200 only announce another one (RFC 9110, section 15.2). */
export const answerStatusSchema = z.int().min(200).max(599);

/** What is asked for. It ends after `forMs` at the latest, whatever `count` says, and with the relay. */
export const askedAnswerSchema = z.strictObject({
  status: answerStatusSchema,
  delayMs: z.int().min(0).max(mostAnswerDelayMs).default(0).describe('How long each answer waits, in milliseconds.'),
  forMs: z
    .int()
    .min(1000)
    .max(mostAnsweringMs)
    .default(usualAnsweringMs)
    .describe('How long to answer on purpose at most, in milliseconds.'),
  count: z.int().min(1).max(mostAnswers).optional().describe('Number of deliveries to answer on purpose at most.'),
  by: debugClientSchema.default({ kind: 'other' }),
});
export type AskedAnswer = z.infer<typeof askedAnswerSchema>;

const time = z.iso.datetime();

/** How deliveries are answered. */
export const answeringSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('as-usual') }),
  z.object({
    state: z.literal('on-purpose'),
    status: z.int(),
    delayMs: z.int(),
    remaining: z.int().nullable().describe('Number of deliveries still to be answered so; null if not limited.'),
    since: time,
    until: time,
    by: debugClientSchema,
  }),
]);
export type Answering = z.infer<typeof answeringSchema>;
/** Deliveries are answered with a status that somebody asked for. */
export type AnsweringOnPurpose = Extract<Answering, { state: 'on-purpose' }>;
