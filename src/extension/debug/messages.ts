import { z } from 'zod';

/** What VS Code adds to the arguments is ignored. */
export const attachSchema = z.object({
  stopOnEntry: z.boolean().default(false).describe('Pauses sending at once.'),
  stopAtEvents: z.boolean().default(true).describe('Whether Every Event stops where it has no condition.'),
});
