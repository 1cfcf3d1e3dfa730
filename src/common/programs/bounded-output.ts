/** What a program prints, line by line and within bounds. */
import type { Readable } from 'node:stream';
import { ProcessGroup } from '../process-group.ts';
import type { Ending } from '../process-group.ts';
import { pathWithout } from './find-program.ts';

/** A longer line is cut, in characters. */
const longestLine = 16_384;

/**
 * Calls `use` with each line of an output, without its colours.
 * @param came called before with how many characters have come, be they lines or not
 */
export function eachLine(output: Readable, use: (line: string) => void, came?: (characters: number) => void): void {
  let rest = '';
  const tell = (line: string): void => use(withoutEscapes(line.slice(0, longestLine)));
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    came?.(text.length);
    const lines = (rest + text).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, longestLine);
    lines.forEach(tell);
  });
  output.once('end', () => {
    if (rest !== '') tell(rest);
  });
}

// eslint-disable-next-line no-control-regex -- these are what is looked for
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** A text without the escape sequences of a terminal. */
function withoutEscapes(text: string): string {
  return text.replace(escapes, '');
}

/** What a command printed, and how it ended. */
export interface Ran {
  readonly ending: Ending;
  /** Both outputs, the first characters. */
  readonly output: string;
}

/**
 * Runs a command to its end.
 * @param command an absolute path, and its arguments
 * @param bounds `ms`: it is ended then; `characters`: what of its output is kept
 * @throws what the system says where it cannot be started; the signal's reason
 */
export async function runBounded(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { ms, characters, signal }: { ms: number; characters: number; signal?: AbortSignal },
): Promise<Ran> {
  signal?.throwIfAborted();
  const program = new ProcessGroup(command, { env });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    eachLine(stream, (line) => {
      if (output.length < characters) output += `${line}\n`;
    });
  }
  const end = (): void => void program.end();
  const timer = setTimeout(end, ms);
  signal?.addEventListener('abort', end, { once: true });
  try {
    const ending = await program.ended;
    signal?.throwIfAborted();
    return { ending, output: output.slice(0, characters) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/**
 * What programs need of the environment: homes, languages, proxies and certificates. Nothing that is only there for
 * whoever starts them, such as keys that a variable holds.
 */
const passedOn =
  /^(?:PATH|PATHEXT|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SystemRoot|SystemDrive|ComSpec|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|ProgramData|ProgramFiles|(?:HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR))$/i;

/**
 * The environment of a program.
 * @param own names of its own variables; with `*` at the end any that start so
 * @param notBelow folders from where nothing is started: they are not in its PATH
 */
export function cleanEnvironment(
  environment: NodeJS.ProcessEnv,
  own: readonly string[] = [],
  notBelow: readonly string[] = [],
): NodeJS.ProcessEnv {
  const isOwn = (name: string): boolean =>
    own.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => passedOn.test(name) || isOwn(name))
      .map(([name, value]) => [name, /^path$/i.test(name) ? pathWithout(value ?? '', notBelow) : value]),
  );
}
