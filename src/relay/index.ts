/** The command line's entry to the relay, which is loaded on demand. */
import type * as relay from './relay.ts';
import type * as relayProcess from './relay-process.ts';

export { openHistory } from './clients/read-only.ts';
export { readForNextStart, readRemembered, renewStopped } from './remembered.ts';
export type { Relay } from './relay.ts';

export const loadRelay = (): Promise<typeof relay> => import('./relay.ts');

export const loadRelayProcess = (): Promise<typeof relayProcess> => import('./relay-process.ts');
