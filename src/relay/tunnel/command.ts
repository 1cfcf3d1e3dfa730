import { devNull } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, eachLine, runBounded } from '../../common/programs/bounded-output.ts';
import { findProgram, workingDirectory } from '../../common/programs/find-program.ts';
import { ProcessGroup } from '../../common/process-group.ts';
import { words, type Words } from '../../common/words.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { presetOf } from '../../protocol/tunnel-presets.ts';
import { filled, placeholdersIn } from '../../protocol/tunnel-program.ts';
import type { Placeholder, TunnelProgram, UrlSource } from '../../protocol/tunnel-program.ts';
import { ProgramLog, withWords } from './program-log.ts';
import { TunnelError, type OpenContext, type TunnelHandle, type TunnelProvider } from './provider.ts';
import { UrlFinder } from './url-finder.ts';

/** A program may restore its connection within this time, before a new tunnel, with a new URL, is opened. */
const toleranceMs = 120_000;
const settleMs = 250;
const mostCharacters = 1_048_576;
const mostLines = 5_000;
const stepMs = 15_000;
const stepCharacters = 65_536;
const defaultRemotePort = 8025;

type CommandConfig = Extract<TunnelConfig, { kind: 'command' }>;
type Values = Partial<Record<Placeholder, string>>;

/** The program doesn't know an argument that has another name in an older version. */
class OlderVersionError extends TunnelError {}

interface Subject {
  readonly name: string;
  readonly program: TunnelProgram;
  readonly path: string;
  readonly values: Values;
  readonly knownHostsFile: string;
}

interface Started extends Subject {
  readonly args: readonly string[];
  readonly url: UrlSource;
}

export function command(config: CommandConfig): TunnelProvider {
  const program = config.program ?? presetOf(config.preset ?? 'ssh');
  const name = config.preset ?? programName(program.program);
  return {
    name: words('a tunnel with {0}', name),
    open: (context) => open(name, program, config, context),
  };
}

async function open(
  name: string,
  program: TunnelProgram,
  config: CommandConfig,
  context: OpenContext,
): Promise<TunnelHandle> {
  const { signal } = context;
  signal.throwIfAborted();
  const named = config.name === undefined ? undefined : program.named;
  const url = named?.url ?? program.url;
  const notBelow = [...workingDirectory(), ...(config.notBelow ?? [])];
  const path = pathOf(name, config.path ?? program.program, program, notBelow);
  const env = cleanEnvironment(process.env, program.environment, notBelow);
  const values = valuesOf(name, program, config, context);
  const subject: Subject = { name, program, path, values, knownHostsFile: context.knownHostsFile };
  for (const step of (named ?? program).setUp ?? []) await runStep(subject, step, env, signal);
  const started = (args: readonly string[]): Started => {
    return { ...subject, args: args.map((each) => filled(each, values)), url };
  };
  try {
    return await run(started(named?.args ?? program.args), env, context);
  } catch (error) {
    if (error instanceof OlderVersionError && named?.older !== undefined) {
      return run(started(named.older.args), env, context);
    }
    throw error;
  }
}

/** @throws TunnelError if it is missing, or in a folder from which no program is started */
function pathOf(name: string, path: string, { install }: TunnelProgram, notBelow: readonly string[]): string {
  const found = findProgram(path, { path: process.env['PATH'] ?? '', notBelow });
  if ('path' in found) return found.path;
  if ('refused' in found) {
    throw new TunnelError(
      words(
        'Can’t run {0}: "{1}" is a relative path, or in the working directory, the workspace, or node_modules',
        name,
        found.refused,
      ),
      words(
        'Install {0} outside your projects, or set its absolute path: in VS Code in the settings, in cm-relay with "--tunnel-program"',
        name,
      ),
      { final: true },
    );
  }
  throw new TunnelError(
    words('{0} not found: the program "{1}" doesn’t exist', name, path),
    install === undefined
      ? words('Check that the path is right and that the file is executable')
      : words('Install {0} ({1}) or set its path, and then open the tunnel again', name, install),
    { final: true },
  );
}

function valuesOf(
  name: string,
  { args, named, url, setUp }: TunnelProgram,
  config: CommandConfig,
  { localPort, knownHostsFile }: OpenContext,
): Values {
  const used = { args, setUp, url, ...(config.name !== undefined && named) };
  const source = used.url;
  const texts = [...used.args, ...(used.setUp ?? []).flatMap((step) => step.args)];
  const needed = placeholdersIn(texts);
  const missing = (what: Words, flag: string): TunnelError =>
    new TunnelError(
      words('{0} needs {1}', name, what),
      words('Set it: in VS Code in the setting "Tunnel: Programs"; in cm-relay with "{0}"', flag),
      { final: true },
    );
  if (config.name !== undefined && !needed.has('name') && source.from !== 'name' && named === undefined) {
    throw new TunnelError(
      words('{0} can’t use the name "{1}"', name, config.name),
      words('Leave out the name, or choose a tunnel that takes one'),
      { final: true },
    );
  }
  if (config.server === undefined && needed.has('server')) {
    throw missing(words('your SSH server'), '--tunnel-server');
  }
  if (config.name === undefined && (needed.has('name') || source.from === 'name')) {
    throw missing(words('the host name of its public URL'), '--tunnel-name');
  }
  return {
    port: String(localPort),
    remotePort: String(config.remotePort ?? defaultRemotePort),
    knownHosts: inSshOption(knownHostsFile),
    empty: devNull,
    ...(config.name !== undefined && { name: config.name }),
    ...(config.server !== undefined && { server: config.server }),
  };
}

/** ssh splits an option at spaces and expands `%` (ssh_config(5)). */
function inSshOption(file: string): string {
  const path = process.platform === 'win32' ? file.replaceAll('\\', '/') : file;
  return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}

async function runStep(
  subject: Subject,
  { args, mayFail }: { readonly args: readonly string[]; readonly mayFail?: boolean | undefined },
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { name, program, path, values } = subject;
  const given = args.map((each) => filled(each, values));
  const bounds = { ms: stepMs, characters: stepCharacters, signal };
  const { ending, output } = await runBounded([path, ...given], env, bounds).catch((error: unknown) => {
    signal.throwIfAborted();
    throw notRunnable(name, path, error as NodeJS.ErrnoException);
  });
  if (ending.code === 0) return;
  const log = new ProgramLog(program, env);
  output.split('\n').forEach((line) => log.take(line));
  if (mayFail === true && !log.isNotSignedIn) return;
  const step = [programName(program.program), ...given].join(' ');
  const said = words('"{0}" failed: {1}', step, withWords(endedHow(name, ending), log.lastError));
  throw failed(said, subject, log);
}

function endedHow(name: string, { code, signal }: { code: number | null; signal: NodeJS.Signals | null }): Words {
  return signal === null
    ? words('{0} exited with {1}', name, String(code))
    : words('{0} was ended by {1}', name, signal);
}

function failed(said: Words, { name, program, values, knownHostsFile }: Subject, log: ProgramLog): TunnelError {
  const { named, signIn, byHand } = program;
  const next = words(
    'Run "{0}" in a terminal for its full output',
    byHand === undefined ? name : filled(byHand, values),
  );
  if (named?.older !== undefined && log.said.includes(named.older.saying)) return new OlderVersionError(said, next);
  const server = /host key for (\S+) has changed/i.exec(log.said)?.[1];
  if (server !== undefined) {
    return new TunnelError(
      words('The SSH server {0} now has another key. Someone may be pretending to be this server', server),
      words(
        'If the server’s owner has changed the key, remove the lines of {0} from the file "{1}", and then open the tunnel again',
        server,
        knownHostsFile,
      ),
      { final: true },
    );
  }
  if (log.isNotSignedIn && signIn !== undefined) {
    return new TunnelError(said, words('Run "{0}" in a terminal to sign in, and then open the tunnel again', signIn), {
      final: true,
    });
  }
  return new TunnelError(said, next);
}

function notRunnable(name: string, path: string, cause: NodeJS.ErrnoException): TunnelError {
  return new TunnelError(
    words('Can’t run {0}: "{1}" ({2})', name, path, cause.code ?? cause.message),
    words('Check that the path is right and that the file is executable'),
    { final: true, cause },
  );
}

function programName(program: string): string {
  return program.replace(/^.*[/\\]/, '').replace(/\.exe$/i, '');
}

async function run(started: Started, env: NodeJS.ProcessEnv, context: OpenContext): Promise<TunnelHandle> {
  const { name, program, path, args, url, values } = started;
  const { signal } = context;
  const group = new ProcessGroup([path, ...args], { env });
  const log = new ProgramLog(program, env);
  const finder = new UrlFinder(url, values);
  const first = Promise.withResolvers<string>();
  const exit = group.ended.then(
    (ending) => endedHow(name, ending),
    (error: unknown) => {
      first.reject(notRunnable(name, path, error as NodeJS.ErrnoException));
      return words('{0} didn’t start', name);
    },
  );
  let characters = 0;
  let lines = 0;
  const fail = (said: Words): void => {
    first.reject(new TunnelError(said, failed(said, started, log).next, { final: true }));
  };
  const use = (line: string): void => {
    log.take(line);
    finder.take(line);
    const [found] = finder.found;
    if (found !== undefined) first.resolve(found);
    else if (++lines > mostLines) fail(words('{0} printed too much without a URL', name));
    else if (log.needsYou !== null) fail(words('{0} is waiting for you ({1})', name, oneLine(log.needsYou)));
  };
  const came = (count: number): void => {
    if (finder.found.length === 0 && (characters += count) > mostCharacters)
      fail(words('{0} printed too much without a URL', name));
  };
  for (const output of [group.stdout, group.stderr]) eachLine(output, use, came);
  void exit.then((how) => {
    const said = withWords(words('{0} without opening a tunnel', how), log.lastError);
    first.reject(failed(said, started, log));
  });
  const onAbort = (): void => fail(words('{0} without opening a tunnel', name));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const base = baseOf(name, await first.promise);
    if (url.from !== 'name') {
      // URLs printed at the same time belong together.
      await Promise.race([delay(settleMs, undefined, { signal }), exit]);
      checkOneUrl(name, finder);
    }
    return handleOf(name, base, group, exit, log, finder);
  } catch (error) {
    await group.end();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** @throws TunnelError for several URLs: one may be another host's, and must not learn the secret path */
function checkOneUrl(name: string, finder: UrlFinder): void {
  const [one, other] = finder.found.filter(
    (each, at, all) => all.findIndex((earlier) => plainUrl(earlier) === plainUrl(each)) === at,
  );
  if (finder.several !== undefined || one === undefined || other === undefined) return;
  throw new TunnelError(
    words('{0} printed several URLs ({1} and {2})', name, hostOf(one), hostOf(other)),
    words('Make the pattern for the URL narrower, so that it matches only the public URL'),
    { final: true },
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(0, 100);
}

function baseOf(name: string, found: string): string {
  const url = URL.canParse(found) ? new URL(found) : null;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new TunnelError(
      words('{0} named {1}, which isn’t a URL that starts with https://', name, found.slice(0, 200)),
      words('Make the pattern for the URL narrower, so that it matches only the public URL'),
      { final: true },
    );
  }
  return plainUrl(found);
}

function plainUrl(found: string): string {
  const url = URL.canParse(found) ? new URL(found) : null;
  return url === null ? found : (url.origin + url.pathname).replace(/\/+$/, '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}

function handleOf(
  name: string,
  base: string,
  group: ProcessGroup,
  exit: Promise<Words>,
  log: ProgramLog,
  finder: UrlFinder,
): TunnelHandle {
  let closed = false;
  const moved = Promise.withResolvers<TunnelHandle>();
  finder.onFurther((found) => {
    if (finder.several === 'first') return;
    let other: string;
    try {
      other = baseOf(name, found);
    } catch {
      return;
    }
    if (other !== base) moved.resolve(handleOf(name, other, group, exit, log, finder));
  });
  return {
    url: base,
    refusedUrl: null,
    isFreeAgain: () => Promise.resolve(false),
    toleranceMs,
    renew: null,
    moved: moved.promise,
    hasSeveralNames: finder.several !== undefined,
    lost: new Promise((resolve) => {
      void exit.then((how) => {
        if (!closed) resolve(withWords(how, log.lastError));
      });
    }),
    async close() {
      closed = true;
      await group.end();
    },
  };
}
