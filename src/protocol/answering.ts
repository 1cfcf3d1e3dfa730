/** Forced responses: the webhook endpoint responds with a status that the user asked for, to see how senders react. */
import { z } from 'zod';
import { debugClientSchema } from './debug.ts';

export const mostAnswerDelayMs = 60_000;
export const mostAnswers = 100_000;
export const mostAnsweringMs = 86_400_000;
export const usualAnsweringMs = 600_000;

/** A final status: those below 200 only announce another one (RFC 9110, section 15.2). */
export const answerStatusSchema = z.int().min(200).max(599);

/** Ends after `forMs` at the latest, whatever `count` says, and with the relay. */
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
export type AnsweringOnPurpose = Extract<Answering, { state: 'on-purpose' }>;
