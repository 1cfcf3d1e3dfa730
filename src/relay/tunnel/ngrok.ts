/** A tunnel by the user's own `ngrok` and account. */
import { z } from 'zod';
import type { Words } from '../../common/words.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import { openBinary, withWords } from './binary.ts';
import type { OutputLine } from './binary.ts';
import { TunnelError } from './provider.ts';
import type { TunnelHandle, TunnelProvider } from './provider.ts';

/** ngrok says that it does not know the flag for the domain, which was renamed. */
class UnknownFlagError extends TunnelError {}

/** @param config the path of the program, and the domain where the user has one */
export function ngrok(config: Extract<TunnelConfig, { kind: 'ngrok' }>): TunnelProvider {
  return {
    name: tunnelWords('tunnel-with', 'ngrok'),
    async open({ localPort, signal }) {
      const run = (domainArgs: string[]): Promise<TunnelHandle> =>
        openBinary({
          name: 'ngrok',
          path: config.path,
          args: ['http', String(localPort), '--log', 'stdout', '--log-format', 'json', ...domainArgs],
          install: 'https://ngrok.com/download',
          signal,
          read: readLine,
          ended: (how, errors) => ended(how, errors, localPort),
        });
      if (config.domain === undefined) return run([]);
      try {
        // `--url` since version 3.16, which deprecates `--domain` (ngrok's blog on agent endpoints) [vendor].
        return await run([`--url=${config.domain}`]);
      } catch (error) {
        if (!(error instanceof UnknownFlagError)) throw error;
        return run([`--domain=${config.domain}`]);
      }
    },
  };
}

const logLine = z.object({
  lvl: z.string().optional(),
  msg: z.string().optional(),
  err: z.string().optional(),
  url: z.string().optional(),
});

/**
 * ngrok logs a line of JSON: `{"lvl":"info","msg":"started tunnel","obj":"tunnels","url":"https://…"}`, and errors with
 * `lvl` `eror` or `crit` and `err`; what ends it also stands on standard error as `ERROR:  …` lines ([2nd]: programs
 * that read this log).
 */
function readLine(line: string): OutputLine {
  if (!line.startsWith('{')) {
    const failure = /^ERROR:\s+(\S.*)/.exec(line)?.[1];
    return failure === undefined ? null : { error: failure };
  }
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const entry = logLine.safeParse(json);
  if (!entry.success) return null;
  const { lvl, msg, err, url } = entry.data;
  if (msg === 'started tunnel' && url?.startsWith('https://') === true) return { url };
  if ((lvl === 'eror' || lvl === 'crit') && err !== undefined && err !== '<nil>') return { error: err };
  return null;
}

/** The codes with which ngrok refuses an authtoken or its absence ([2nd]: logs that users posted). */
const authtokenCodes = /ERR_NGROK_(?:105|106|107|4018)\b/;

function ended(how: Words, errors: readonly string[], localPort: number): TunnelError {
  const said = errors.join(' ');
  // One error is logged several times, in full and in pieces: the longest says most.
  const longest = [...errors].sort((a, b) => b.length - a.length)[0];
  const message = withWords(tunnelWords('without-tunnel', how), longest);
  if (said.includes('unknown flag: --url')) return new UnknownFlagError(message, tunnelWords('update-ngrok'));
  if (authtokenCodes.test(said)) {
    return new TunnelError(message, tunnelWords('add-authtoken'), { final: true });
  }
  return new TunnelError(message, tunnelWords('run-in-terminal', `ngrok http ${localPort}`));
}
