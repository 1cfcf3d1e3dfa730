/** A quick tunnel of Cloudflare's, by the user's own `cloudflared`: no account, another URL each time. */
import { devNull } from 'node:os';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import { openBinary, withWords } from './binary.ts';
import type { OutputLine } from './binary.ts';
import { TunnelError } from './provider.ts';
import type { TunnelProvider } from './provider.ts';

/** @param config the path of the program */
export function cloudflared(config: Extract<TunnelConfig, { kind: 'cloudflared' }>): TunnelProvider {
  return {
    name: tunnelWords('tunnel-with', 'cloudflared'),
    open: ({ localPort, signal }) =>
      openBinary({
        name: 'cloudflared',
        path: config.path,
        // Ingress rules of the user's own config.yml win over --url [vendor: ParseIngressFromConfigAndCLI].
        args: ['tunnel', '--config', devNull, '--url', `http://127.0.0.1:${localPort}`, '--no-autoupdate'],
        install: 'https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/',
        signal,
        read: readLine,
        ended: (how, errors) =>
          new TunnelError(
            withWords(tunnelWords('without-tunnel', how), errors.at(-1)),
            tunnelWords('run-in-terminal', `cloudflared tunnel --url http://127.0.0.1:${localPort}`),
          ),
      }),
  };
}

/**
 * cloudflared logs `2024-05-01T10:00:00Z INF |  https://three-or-four-words.trycloudflare.com  |` to standard error;
 * `ERR` and `FTL` are its levels for errors, which may name https://api.trycloudflare.com ([2nd]: logs that users
 * posted).
 */
function readLine(line: string): OutputLine {
  const failure = /(?:^|\s)(?:ERR|FTL)\s+(.+)/.exec(line)?.[1];
  // That is what it calls the one that it is given.
  if (failure?.startsWith(`Configuration file ${devNull} `) === true) return null;
  if (failure !== undefined) return { error: failure };
  const url = /https:\/\/(?!api\.)[a-z0-9-]+\.trycloudflare\.com(?![\w.-])/.exec(line)?.[0];
  if (url !== undefined) return { url };
  // Usage errors come without a level.
  return /\b(?:error|failed|incorrect usage)\b/i.test(line) ? { error: line } : null;
}
