/** How much of what is held waits for somebody: by pause, and at breakpoints. */
export interface HeldForSomebody {
  readonly pause: number;
  readonly breakpoint: number;
}

/**
 * How many forwardings wait for somebody to let them go on. What waits for a key, or is held for its destination, is not
 * among them: that goes by itself, or by its settings.
 */
export function heldCount({ pause, breakpoint }: HeldForSomebody): number {
  return pause + breakpoint;
}
