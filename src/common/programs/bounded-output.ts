import type { Readable } from 'node:stream';
import { ProcessGroup, type Ending } from '../process-group.ts';
import { pathWithout } from './find-program.ts';

/** A longer line is cut; in characters. */
const longestLine = 16_384;

/**
 * Calls `use` with each line, without escape sequences.
 * @param came called before with the number of characters received
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

function withoutEscapes(text: string): string {
  return text.replace(escapes, '');
}

export interface Ran {
  readonly ending: Ending;
  readonly output: string;
}

/**
 * @param command an absolute path, and its arguments
 * @throws the system's error if it cannot be started; the signal's reason
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

/** No variables for the parent process alone, such as keys. */
const passedOn =
  /^(?:PATH|PATHEXT|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SystemRoot|SystemDrive|ComSpec|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|ProgramData|ProgramFiles|(?:HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR))$/i;

/**
 * @param own names of variables to pass; with `*` at the end a prefix
 * @param notBelow folders to leave out of its PATH
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
