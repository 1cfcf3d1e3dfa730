/** Held forwardings that wait for the user: because of a pause, and at breakpoints. */
export interface HeldForSomebody {
  readonly pause: number;
  readonly breakpoint: number;
}

/** Without those that wait for a key or are held for their destination: these don't need the user to continue. */
export function heldCount({ pause, breakpoint }: HeldForSomebody): number {
  return pause + breakpoint;
}
