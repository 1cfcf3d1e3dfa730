/** What a launch configuration says of a session. */
import { z } from 'zod';
import type { OnFailure } from '../../protocol/debug.ts';

const attachSchema = z.object({
  stopOnEntry: z.boolean().default(false).describe('Pauses sending at once.'),
  stopAtEvents: z.boolean().default(true).describe('Whether Every Event stops where it has no condition.'),
  onConditionFailure: z
    .enum(['stop', 'pass'] satisfies OnFailure[])
    .default('stop')
    .describe('What becomes of an event that a condition fails for.'),
  logPoints: z.array(z.string().min(1).max(1000)).max(20).default([]).describe('Texts with expressions in braces.'),
});

/** What is asked for, or what is wrong with it: where, and why in English. */
export type AttachRead =
  | ({ readonly kind: 'read' } & Readonly<z.output<typeof attachSchema>>)
  | { readonly kind: 'wrong'; readonly where: string; readonly why: string };

/** Reads the arguments of an attach request; what VS Code adds to them is passed over. */
export function readAttach(args: unknown): AttachRead {
  const read = attachSchema.safeParse(args);
  if (read.success) return { kind: 'read', ...read.data };
  const [issue] = read.error.issues;
  return { kind: 'wrong', where: issue?.path.join('.') ?? '', why: issue?.message ?? '' };
}
