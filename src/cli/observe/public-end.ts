/** How the vendors reach the end of an observation: through a tunnel of the relay's kinds, or on this machine. */
import { randomBytes } from 'node:crypto';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelStatus } from '../../protocol/status.ts';
import { loadKnownHosts, loadTunnel } from '../../relay/index.ts';
import { CommandError } from '../errors.ts';
import type { ObservationListener } from './listener.ts';

/** How long a tunnel may take until a request through it has come back, in milliseconds. */
const openTimeoutMs = 60_000;

/** How long a request of our own may take, in milliseconds. */
const requestTimeoutMs = 10_000;

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

/** What a request gains on its way through a tunnel or a proxy: none of it says anything of a vendor. */
export interface Passage {
  /** Names of headers, in lower case; null where no request came through. */
  readonly headers: readonly string[] | null;
}

/** Names of the headers that Node's own request has [https://undici.nodejs.org]. */
const ownHeaders = new Set(
  ['accept', 'accept-encoding', 'accept-language', 'connection', 'content-length', 'content-type', 'host'].concat([
    'sec-fetch-mode',
    'user-agent',
  ]),
);

/** Sends a request of our own through the public URL, to see which headers it gains. */
export async function passageOf(listener: ObservationListener, base: string, signal: AbortSignal): Promise<Passage> {
  const place = 'self';
  try {
    const { body } = await fetch(base + listener.path(place), {
      redirect: 'manual',
      method: 'POST',
      body: '{}',
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
    await body?.cancel();
  } catch {
    return { headers: null };
  }
  const own = listener.take(place);
  const names = own?.headers.map(([name]) => name.toLowerCase()).filter((name) => !ownHeaders.has(name));
  return { headers: names ?? null };
}
