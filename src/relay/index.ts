/** What the command line uses of the relay. Only what reads is loaded at once. */
import type * as relay from './relay.ts';
import type * as relayProcess from './relay-process.ts';

export { openHistory } from './clients/read-only.ts';
export { readForNextStart, readRemembered, renewStopped } from './remembered.ts';
export type { Relay } from './relay.ts';

/** What starts a relay in this process. */
export const loadRelay = (): Promise<typeof relay> => import('./relay.ts');

/** What runs a relay as a process of its own. */
export const loadRelayProcess = (): Promise<typeof relayProcess> => import('./relay-process.ts');
