/** What the log keeps of the gate. */
import { z } from 'zod';
import { pausedBySchema } from '../protocol/debug.ts';

const gateSchema = z.object({
  paused: z.object({ by: pausedBySchema, since: z.int().describe('Milliseconds since the epoch.') }).nullable(),
});
export type KeptGate = z.infer<typeof gateSchema>;

/** Sending is not paused. */
export const openOnDisk: KeptGate = { paused: null };

/** What was kept. What cannot be read is as if sending were not paused: what is held is held on. */
export function readGate(kept: unknown): KeptGate {
  return gateSchema.safeParse(kept).data ?? openOnDisk;
}

const breakpointsSchema = z.object({ breakpoints: z.array(z.object({ enabled: z.boolean() })) });

/** How many breakpoints were kept that are enabled. */
export function enabledOf(kept: unknown): number {
  return (breakpointsSchema.safeParse(kept).data?.breakpoints ?? []).filter(({ enabled }) => enabled).length;
}
