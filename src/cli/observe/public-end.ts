/** How the vendors reach the end of an observation: through a tunnel of the relay's kinds, or on this machine. */
import { randomBytes } from 'node:crypto';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelStatus } from '../../protocol/status.ts';
import { loadKnownHosts, loadTunnel } from '../../relay/index.ts';
import { CommandError } from '../errors.ts';
import type { ObservationListener } from './listener.ts';

/** How long a tunnel may take until a request through it has come back, in milliseconds. */
const openTimeoutMs = 60_000;

/** A tunnel that leads to a listener. */
export interface PublicEnd {
  /** The base of the public URL, without a slash at the end. */
  readonly base: string;
  close(): Promise<void>;
}

/**
 * Makes a listener public, and waits until it was reached through the public URL by its secret path.
 * @param dataDir whose confirmed keys of SSH servers hold
 * @throws CommandError where it is not reached in time
 */
export async function openPublicEnd(
  listener: ObservationListener,
  config: TunnelConfig,
  dataDir: string,
  signal: AbortSignal,
): Promise<PublicEnd> {
  const { TunnelSupervisor } = await loadTunnel();
  const { knownHostsFile } = await loadKnownHosts();
  let tell: (status: TunnelStatus) => void = () => undefined;
  const supervisor = new TunnelSupervisor({
    localPort: listener.port,
    healthPath: listener.path('health'),
    subdomain: `cm-relay-${randomBytes(6).toString('hex')}`,
    knownHostsFile: knownHostsFile(dataDir),
    onChange: (status) => tell(status),
    log: () => undefined,
  });
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(openTimeoutMs)]);
  const status = await new Promise<TunnelStatus>((resolve) => {
    const end = (): void => resolve(supervisor.status);
    tell = (now) => {
      if (now.state === 'open' || now.state === 'failed') resolve(now);
    };
    if (timeout.aborted) end();
    else timeout.addEventListener('abort', end, { once: true });
    supervisor.open(config);
  });
  if (status.state === 'open') return { base: status.url, close: () => supervisor.close() };
  await supervisor.close();
  throw new CommandError(
    signal.aborted ? 'stopped before anything was changed' : `the vendors cannot reach this command: ${status.reason}`,
    'Check the tunnel. For a URL of your own, forward it to the port that you give with --port.',
  );
}
