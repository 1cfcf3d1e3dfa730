/** What the command line uses of the relay. Only what reads is loaded at once. */
import type * as relay from './relay.ts';
import type * as relayProcess from './relay-process.ts';
import type * as knownHosts from './tunnel/known-hosts.ts';
import type * as tunnel from './tunnel/supervisor.ts';

export { takeLock } from './lock.ts';
export type { Lock } from './lock.ts';
export { openHistory } from './clients/read-only.ts';
export { readRemembered, renewStopped } from './remembered.ts';
export type { Relay } from './relay.ts';

/** What starts a relay in this process. */
export const loadRelay = (): Promise<typeof relay> => import('./relay.ts');

/** What runs a relay as a process of its own. */
export const loadRelayProcess = (): Promise<typeof relayProcess> => import('./relay-process.ts');

/** What makes a port of this machine public, and keeps it so. */
export const loadTunnel = (): Promise<typeof tunnel> => import('./tunnel/supervisor.ts');

/** The keys of SSH servers that the user has confirmed. */
export const loadKnownHosts = (): Promise<typeof knownHosts> => import('./tunnel/known-hosts.ts');
