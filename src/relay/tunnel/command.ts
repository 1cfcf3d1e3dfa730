/** A tunnel through a program that the user has installed, described as data (protocol/tunnel-program.ts). */
import { devNull } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, eachLine, runBounded } from '../../common/programs/bounded-output.ts';
import { findProgram, workingDirectory } from '../../common/programs/find-program.ts';
import { ProcessGroup } from '../../common/process-group.ts';
import type { Words } from '../../common/words.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { presetOf } from '../../protocol/tunnel-presets.ts';
import { filled, placeholdersIn } from '../../protocol/tunnel-program.ts';
import type { Placeholder, TunnelProgram, UrlSource } from '../../protocol/tunnel-program.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import { ProgramLog, withWords } from './program-log.ts';
import { TunnelError } from './provider.ts';
import type { OpenContext, TunnelHandle, TunnelProvider } from './provider.ts';
import { UrlFinder } from './url-finder.ts';

/** How long a tunnel program may restore its own connection before a new tunnel, with a new URL, is opened. */
const toleranceMs = 120_000;
/** How long to look for further URLs after the first, in milliseconds. */
const settleMs = 250;
/** Maximum output before the URL. */
const mostCharacters = 1_048_576;
const mostLines = 5_000;
/** Timeout of a set-up step. */
const stepMs = 15_000;
const stepCharacters = 65_536;
/** The default port on an SSH server. */
const defaultRemotePort = 8025;

type CommandConfig = Extract<TunnelConfig, { kind: 'command' }>;
type Values = Partial<Record<Placeholder, string>>;

/** A program doesn't know an argument that has another name in an older version. */
class OlderVersionError extends TunnelError {}

interface Subject {
  readonly name: string;
  readonly program: TunnelProgram;
  /** Absolute. */
  readonly path: string;
  readonly values: Values;
  readonly knownHostsFile: string;
}

interface Started extends Subject {
  readonly args: readonly string[];
  readonly url: UrlSource;
}

/** @param config the preset or the user's own program, with its settings */
export function command(config: CommandConfig): TunnelProvider {
  const program = config.program ?? presetOf(config.preset ?? 'ssh');
  const name = config.preset ?? programName(program.program);
  return {
    name: tunnelWords('tunnel-with', name),
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
    throw new TunnelError(tunnelWords('program-refused', name, found.refused), tunnelWords('move-program', name), {
      final: true,
    });
  }
  throw new TunnelError(
    tunnelWords('program-missing', name, path),
    install === undefined ? tunnelWords('check-path') : tunnelWords('install-program', name, install),
    { final: true },
  );
}

/** The values of the placeholders. @throws TunnelError if one is not set */
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
    new TunnelError(tunnelWords('value-missing', name, what), tunnelWords('set-value', flag), { final: true });
  if (config.name !== undefined && !needed.has('name') && source.from !== 'name' && named === undefined) {
    throw new TunnelError(tunnelWords('name-unused', name, config.name), tunnelWords('leave-out-name'), {
      final: true,
    });
  }
  if (config.server === undefined && needed.has('server')) {
    throw missing(tunnelWords('value-server'), '--tunnel-server');
  }
  if (config.name === undefined && (needed.has('name') || source.from === 'name')) {
    throw missing(tunnelWords('value-name'), '--tunnel-name');
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

/** A file name in an option of ssh, which splits at spaces and expands `%` (ssh_config(5)). */
function inSshOption(file: string): string {
  const path = process.platform === 'win32' ? file.replaceAll('\\', '/') : file;
  return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}

/** Runs a set-up step. @throws TunnelError if it failed */
async function runStep(
  subject: Subject,
  { args, mayFail }: { readonly args: readonly string[]; readonly mayFail?: boolean | undefined },
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { name, program, path, values } = subject;
  const words = args.map((each) => filled(each, values));
  const bounds = { ms: stepMs, characters: stepCharacters, signal };
  const { ending, output } = await runBounded([path, ...words], env, bounds).catch((error: unknown) => {
    signal.throwIfAborted();
    throw notRunnable(name, path, error as NodeJS.ErrnoException);
  });
  if (ending.code === 0) return;
  const log = new ProgramLog(program, env);
  output.split('\n').forEach((line) => log.take(line));
  if (mayFail === true && !log.isNotSignedIn) return;
  const step = [programName(program.program), ...words].join(' ');
  const said = tunnelWords('step-failed', step, withWords(endedHow(name, ending), log.lastError));
  throw failed(said, subject, log);
}

function endedHow(name: string, { code, signal }: { code: number | null; signal: NodeJS.Signals | null }): Words {
  return signal === null ? tunnelWords('ended-with', name, String(code)) : tunnelWords('was-ended-by', name, signal);
}

function failed(said: Words, { name, program, values, knownHostsFile }: Subject, log: ProgramLog): TunnelError {
  const { named, signIn, byHand } = program;
  const next = tunnelWords('run-in-terminal', byHand === undefined ? name : filled(byHand, values));
  if (named?.older !== undefined && log.said.includes(named.older.saying)) return new OlderVersionError(said, next);
  const server = /host key for (\S+) has changed/i.exec(log.said)?.[1];
  if (server !== undefined) {
    return new TunnelError(tunnelWords('key-changed', server), tunnelWords('remove-key', server, knownHostsFile), {
      final: true,
    });
  }
  if (log.isNotSignedIn && signIn !== undefined) {
    return new TunnelError(said, tunnelWords('sign-in', signIn), { final: true });
  }
  return new TunnelError(said, next);
}

function notRunnable(name: string, path: string, cause: NodeJS.ErrnoException): TunnelError {
  return new TunnelError(
    tunnelWords('program-not-runnable', name, path, cause.code ?? cause.message),
    tunnelWords('check-path'),
    { final: true, cause },
  );
}

function programName(program: string): string {
  return program.replace(/^.*[/\\]/, '').replace(/\.exe$/i, '');
}

/** Starts the program, and waits for its URL. */
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
      return tunnelWords('did-not-start', name);
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
    else if (++lines > mostLines) fail(tunnelWords('too-much-output', name));
    else if (log.needsYou !== null) fail(tunnelWords('needs-you', name, oneLine(log.needsYou)));
  };
  const came = (count: number): void => {
    if (finder.found.length === 0 && (characters += count) > mostCharacters) fail(tunnelWords('too-much-output', name));
  };
  for (const output of [group.stdout, group.stderr]) eachLine(output, use, came);
  void exit.then((how) => {
    const said = withWords(tunnelWords('without-tunnel', how), log.lastError);
    first.reject(failed(said, started, log));
  });
  const onAbort = (): void => fail(tunnelWords('without-tunnel', name));
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

/** @throws TunnelError if several URLs match, because one may be another host's: the secret path is not tried there */
function checkOneUrl(name: string, finder: UrlFinder): void {
  // The same URL may be printed in two forms.
  const [one, other] = finder.found.filter(
    (each, at, all) => all.findIndex((earlier) => plainUrl(earlier) === plainUrl(each)) === at,
  );
  if (finder.several !== undefined || one === undefined || other === undefined) return;
  throw new TunnelError(tunnelWords('several-urls', name, hostOf(one), hostOf(other)), tunnelWords('narrow-pattern'), {
    final: true,
  });
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(0, 100);
}

/** @throws TunnelError if it isn't an HTTPS URL */
function baseOf(name: string, found: string): string {
  const url = URL.canParse(found) ? new URL(found) : null;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new TunnelError(tunnelWords('not-https', name, found.slice(0, 200)), tunnelWords('narrow-pattern'), {
      final: true,
    });
  }
  return plainUrl(found);
}

/** Without query and trailing slash, to compare different spellings. */
function plainUrl(found: string): string {
  const url = URL.canParse(found) ? new URL(found) : null;
  return url === null ? found : (url.origin + url.pathname).replace(/\/+$/, '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}

/** @param base the tunnel's current URL */
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
