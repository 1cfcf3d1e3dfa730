import { z } from 'zod';

const attachSchema = z.object({
  stopOnEntry: z.boolean().default(false).describe('Pauses sending at once.'),
  stopAtEvents: z.boolean().default(true).describe('Whether Every Event stops where it has no condition.'),
});

/** `where` and `why` are what is wrong with the arguments, in English. */
export type AttachRead =
  | ({ readonly kind: 'read' } & Readonly<z.output<typeof attachSchema>>)
  | { readonly kind: 'wrong'; readonly where: string; readonly why: string };

/** Ignores what VS Code adds to the arguments. */
export function readAttach(args: unknown): AttachRead {
  const read = attachSchema.safeParse(args);
  if (read.success) return { kind: 'read', ...read.data };
  const [issue] = read.error.issues;
  return { kind: 'wrong', where: issue?.path.join('.') ?? '', why: issue?.message ?? '' };
}
