/** Runs a tunnel program that the user has installed, and reads its public URL from its output. */
import type { Readable } from 'node:stream';
import { ProcessGroup } from '../../common/process-group.ts';
import type { Words } from '../../common/words.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import { TunnelError } from './provider.ts';
import type { TunnelHandle } from './provider.ts';

/** A tunnel program that keeps its own connection up is given this long before a new one, with a new URL, is begun. */
const toleranceMs = 120_000;
const longestLine = 16_384;
const mostErrors = 20;

/** What a line of a program's output means; null where it means nothing here. */
export type OutputLine = { readonly url: string } | { readonly error: string } | null;

export interface BinaryOptions {
  /** The program's name, as it stands in a sentence. */
  readonly name: string;
  /** Its path, or a name to look for in the PATH. */
  readonly path: string;
  readonly args: readonly string[];
  /** Where it is found, a URL. */
  readonly install: string;
  readonly signal: AbortSignal;
  /** What a line of its standard output or standard error means. */
  readonly read: (line: string) => OutputLine;
  /** The error for a program that ended before it gave a URL. `errors`: those that it wrote, the last ones. */
  readonly ended: (how: Words, errors: readonly string[]) => TunnelError;
}

/**
 * Starts the program and waits for its public URL.
 * @throws TunnelError where it is missing, cannot be run, or ends first
 */
export async function openBinary(options: BinaryOptions): Promise<TunnelHandle> {
  options.signal.throwIfAborted();
  const program = new ProcessGroup([options.path, ...options.args], { env: environmentFor(process.env) });
  const url = Promise.withResolvers<string>();
  const exit = program.ended.then(
    ({ code, signal }) =>
      signal === null
        ? tunnelWords('ended-with', options.name, String(code))
        : tunnelWords('was-ended-by', options.name, signal),
    (error: unknown) => {
      url.reject(notRunnable(options, error as NodeJS.ErrnoException));
      return tunnelWords('did-not-start', options.name);
    },
  );
  const errors: string[] = [];
  for (const output of [program.stdout, program.stderr]) {
    eachLine(output, (line) => {
      const meaning = options.read(line);
      if (meaning === null) return;
      if ('url' in meaning) url.resolve(meaning.url);
      else if (errors.push(meaning.error) > mostErrors) errors.shift();
    });
  }
  void exit.then((how) => url.reject(options.ended(how, errors)));
  const onAbort = (): void => url.reject(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  let closed = false;
  try {
    const base = (await url.promise).replace(/\/+$/, '');
    return {
      url: base,
      refusedUrl: null,
      isFreeAgain: () => Promise.resolve(false),
      toleranceMs,
      renew: null,
      lost: new Promise((resolve) => {
        void exit.then((how) => {
          if (!closed) resolve(withWords(how, errors.at(-1)));
        });
      }),
      async close() {
        closed = true;
        await program.end();
      },
    };
  } catch (error) {
    await program.end();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', onAbort);
  }
}

/**
 * What a tunnel program needs of the environment: homes, its own settings, proxies and certificates. Not what wins over
 * the URL that cloudflared is given.
 */
const passedOn =
  /^(?:PATH|PATHEXT|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SystemRoot|SystemDrive|ComSpec|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|ProgramData|ProgramFiles|(?:HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|NGROK_\w+|TUNNEL_(?!(?:NAME|HELLO_WORLD|BASTION)$)\w+|CLOUDFLARED_\w+)$/i;

/**
 * The environment of a tunnel program: nothing that is only there for the relay or whoever started it, such as keys
 * that a variable holds.
 */
export function environmentFor(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => passedOn.test(name)));
}

function notRunnable({ name, path, install }: BinaryOptions, cause: NodeJS.ErrnoException): TunnelError {
  if (cause.code === 'ENOENT') {
    return new TunnelError(tunnelWords('program-missing', name, path), tunnelWords('install-program', name, install), {
      final: true,
      cause,
    });
  }
  return new TunnelError(
    tunnelWords('program-not-runnable', name, path, cause.code ?? cause.message),
    tunnelWords('check-path'),
    { final: true, cause },
  );
}

/**
 * With a program's own words at its end: in brackets, on one line, at most 200 characters, without what must stay
 * secret: the paths of URLs (cloudflared logs those of requests) and tokens (ngrok repeats a wrong one).
 * @param text what it said; undefined where that was nothing
 */
export function withWords(how: Words, text: string | undefined): Words {
  if (text === undefined) return how;
  const line = text
    .replace(/(https?:\/\/[^\s/"']+)\/[^\s"']+/g, '$1/…')
    .replace(/(authtoken:\s*)\S+/gi, '$1********')
    .replace(/\s+/g, ' ')
    .trim();
  return tunnelWords('with-words', how, line.length > 200 ? `${line.slice(0, 199)}…` : line);
}

/** Calls `use` with each line; a line longer than any that matters is cut. */
function eachLine(output: Readable, use: (line: string) => void): void {
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, longestLine);
    lines.forEach(use);
  });
  output.once('end', () => use(rest));
}
