import { z } from 'zod';

export const attachSchema = z.object({
  stopOnEntry: z.boolean().default(false).describe('Pauses sending at once.'),
  stopAtEvents: z.boolean().default(true).describe('Whether Every Event stops where it has no condition.'),
});
