/** The command line in this process or in one of its own, a callback for it, and a data directory of its own. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, Writable, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { main } from '../../src/cli/program.ts';
import { commandProcesses, type CommandProcess } from '../../src/cli/terminal/command-process.ts';

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** Starts the program from its sources. */
export const commandLine = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../src/cli/cm-relay.ts'),
] as const;

/** Spares the next process most of the time that the sources take to load. */
const compileCache = join(import.meta.dirname, '../../.cache/compiled-sources');

/** Colors are off, and no variable of the machine's reaches a command. */
export function cleanEnvironment(variables: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, XDG_RUNTIME_DIR, XDG_STATE_HOME } = process.env;
  return {
    ...{ PATH, TMPDIR, XDG_RUNTIME_DIR, XDG_STATE_HOME },
    ...{ HOME: tmpdir(), NO_COLOR: '1', NODE_COMPILE_CACHE: compileCache, ...variables },
  };
}

/** A command that runs in this process, with its own streams, variables and signals. */
export class InProcess extends EventEmitter<{ close: [code: number | null] }> {
  readonly stdin = new Writable({
    write: (chunk, _encoding, done) => {
      // What it makes the command do is done by the command, not by the spec that writes.
      this.#inside(() => this.#input.write(chunk, done));
    },
    final: (done) => {
      this.#inside(() => this.#input.end(done));
    },
  });
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  readonly #signals = new EventEmitter();
  readonly #input = new PassThrough();
  readonly #inside: <T>(use: () => T) => T;

  constructor(args: readonly string[], variables: NodeJS.ProcessEnv, stdin: 'ignore' | 'pipe') {
    super();
    const host = {
      env: cleanEnvironment(variables),
      stdin: this.#input,
      stdout: this.stdout,
      stderr: this.stderr,
      exit: (code = 0) => this.#end(code, null),
      // A relay in this process has this process's number: to whoever waits for its end it has none.
      kill: (pid: number, signal: number) => process.kill(pid === process.pid ? 2 ** 22 : pid, signal),
      on: this.#signals.on.bind(this.#signals),
      once: this.#signals.once.bind(this.#signals),
      off: this.#signals.off.bind(this.#signals),
    };
    this.#inside = (use) => commandProcesses.run(host as unknown as CommandProcess, use);
    if (stdin === 'ignore') this.stdin.end();
    void this.#inside(async () => this.#end(await main(args), null));
  }

  /** Ends it at once if it has no handler for the signal. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#inside(() => this.#signals.emit(signal))) this.#end(null, signal);
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.exitCode !== null || this.signalCode !== null) return;
    this.exitCode = code;
    this.signalCode = signal;
    const streams = [this.stdout, this.stderr].map((stream) => finished(stream.end()).catch(() => undefined));
    void Promise.all(streams).then(() => this.emit('close', code));
  }
}

/** Starts `cm-relay` in a process of its own: for signals, terminals, pipes, and what happens when it is killed. */
export function startProcess(
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): Child {
  return startProgram([...commandLine, ...args], variables, stdin);
}

function startProgram(
  [program = '', ...args]: readonly string[],
  variables: NodeJS.ProcessEnv,
  stdin: 'ignore' | 'pipe' = 'ignore',
): Child {
  return spawn(program, args, { stdio: [stdin, 'pipe', 'pipe'], env: cleanEnvironment(variables) }) as Child;
}

/**
 * Runs `cm-relay` in a line of a shell, to the line's end.
 * @param line the shell's, with `"$@"` for the command
 */
export function runInShell(line: string, args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended> {
  return toItsEnd(startProgram(['sh', '-c', line, 'sh', ...commandLine, ...args], environment ?? {}));
}

/** Whether there is util-linux's `script`, which makes terminals. */
export const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** Starts a command line in a terminal of its own; `text` is what it shows. */
export function terminal(
  args: readonly string[],
  variables: NodeJS.ProcessEnv,
): ReturnType<typeof spawn> & { text: string } {
  const command = [...commandLine, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: cleanEnvironment({ TMPDIR: tmpdir(), TERM: 'xterm', ...variables }),
  });
  const shown = Object.assign(child, { text: '' });
  child.stdout.on('data', (chunk: Buffer) => (shown.text += chunk.toString()));
  return shown;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly bytes: Buffer;
  readonly err: string;
}

/** Runs `cm-relay` to its end: in this process, unless it may start this process's program in the background. */
export function run(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return args.includes('--detach') ? runProcess(args, variables) : toItsEnd(new InProcess(args, variables, 'ignore'));
}

/** Runs `cm-relay` in a process of its own, to its end. */
export function runProcess(args: readonly string[], variables?: NodeJS.ProcessEnv): Promise<Ended> {
  return toItsEnd(startProcess(args, variables));
}

async function toItsEnd(child: Child | InProcess): Promise<Ended> {
  const [out, err] = [child.stdout.toArray(), child.stderr.toArray()];
  const [code] = (await once(child, 'close')) as [number | null];
  const bytes = Buffer.concat((await out) as Buffer[]);
  return { code, out: bytes.toString(), bytes, err: Buffer.concat((await err) as Buffer[]).toString() };
}

export type Line = Record<string, unknown> & { type: string };

export interface Ready extends Line {
  campaignMonitorUrl: string;
  openConnectorsUrl: string;
  publicUrl: string | null;
  publicCampaignMonitorUrl: string | null;
  publicOpenConnectorsUrl: string | null;
  pid: number;
  dataDir: string;
}

/** A `listen` or `sandbox` that runs, and the lines that it prints. */
export class Running<Program extends Child | InProcess = InProcess> {
  readonly child: Program;
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number | null>;

  constructor(child: Program) {
    this.child = child;
    const told = (): void => {
      for (const wake of this.#waiting) wake();
    };
    this.#ended = once(this.child, 'close').then(([code]) => {
      told();
      return code as number | null;
    });
    for (const [stream, into] of [
      [this.child.stdout, this.lines],
      [this.child.stderr, this.errors],
    ] as const) {
      createInterface({ input: stream }).on('line', (line) => {
        into.push(line);
        told();
      });
    }
  }

  /** Resolves with the first line, past or coming, that fits. Rejects where the process ends before. */
  line(fits: (line: string) => boolean, from: 'lines' | 'errors' = 'lines'): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this[from].find(fits);
        if (found !== undefined) {
          this.#waiting.delete(look);
          resolve(found);
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          this.#waiting.delete(look);
          reject(new Error(`ended with ${this.child.exitCode}:\n${this.errors.join('\n')}\n${this.lines.join('\n')}`));
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The same for a line of --json. */
  async json<T extends Line = Line>(type: string, fits: (line: T) => boolean = () => true): Promise<T> {
    const parse = (line: string): T => JSON.parse(line) as T;
    return parse(await this.line((line) => parse(line).type === type && fits(parse(line))));
  }

  ready(): Promise<Ready> {
    return this.json<Ready>('ready');
  }

  /** Sends a signal and resolves with the exit code. */
  end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal);
    return this.#ended;
  }

  /** Resolves with the exit code. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends it without waiting for what it still does, if it can be ended so. */
  async close(): Promise<void> {
    this.child.kill(this.child instanceof InProcess ? 'SIGTERM' : 'SIGKILL');
    await this.#ended;
  }
}

/** One that can be killed. */
export class RunningProcess extends Running<Child> {
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

export interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A developer's callback. */
export class Callback {
  readonly url: string;
  readonly posts: Posted[] = [];
  /** What it answers, where that depends also on which it is: 1 for the first. */
  status: number | ((number: number) => number) = 200;
  answer: { readonly body: string; readonly headers: Record<string, string> } = { body: 'answer', headers: {} };
  readonly #server;
  readonly #waiting = new Set<() => void>();

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
    server.on('request', (request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        this.posts.push({ headers: request.headers, body: Buffer.concat(chunks) });
        const status = typeof this.status === 'number' ? this.status : this.status(this.posts.length);
        response.writeHead(status, this.answer.headers).end(this.answer.body);
        for (const wake of this.#waiting) wake();
      });
    });
  }

  /** @param port that of one that was closed, to be there again */
  static async open(port = 0): Promise<Callback> {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new Callback(server);
  }

  /** Resolves once so many have come. */
  async received(count: number): Promise<Posted[]> {
    while (this.posts.length < count) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    return this.posts;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A data directory, and everything that runs on it, taken away at the end. */
export class Workplace {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'cm-relay-cli-'));
  readonly #running: { close(): Promise<void> }[] = [];

  /** Runs a command on the data directory to its end. */
  run(command: string, ...args: string[]): Promise<Ended> {
    return run([command, '--data-dir', this.dataDir, ...args]);
  }

  /** Starts `listen --json --port 0` on it. */
  listen(args: readonly string[] = [], variables?: NodeJS.ProcessEnv): Running {
    return this.start(this.#listenLine(args), variables);
  }

  /** The same in a process of its own. */
  listenProcess(args: readonly string[] = [], variables?: NodeJS.ProcessEnv): RunningProcess {
    return this.startProcess(this.#listenLine(args), variables);
  }

  /** Starts a command line as it is. */
  start(args: readonly string[], variables: NodeJS.ProcessEnv = {}, stdin: 'ignore' | 'pipe' = 'ignore'): Running {
    return this.#keep(new Running(new InProcess(args, variables, stdin)));
  }

  /** The same in a process of its own. */
  startProcess(args: readonly string[], variables?: NodeJS.ProcessEnv, stdin?: 'ignore' | 'pipe'): RunningProcess {
    return this.#keep(new RunningProcess(startProcess(args, variables, stdin)));
  }

  #listenLine(args: readonly string[]): string[] {
    return ['listen', '--data-dir', this.dataDir, '--json', '--port', '0', ...args];
  }

  #keep<T extends { close(): Promise<void> }>(running: T): T {
    this.#running.push(running);
    return running;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.close()));
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Gives each spec of a suite a workplace and a callback of its own, which are gone after it. */
export function eachWithOwn(take: (own: { readonly place: Workplace; readonly callback: Callback }) => void): void {
  let place: Workplace;
  let callback: Callback;
  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
    take({ place, callback });
  });
  afterEach(async () => {
    await place.close();
    await callback.close();
  });
}

/** Posts a body as the vendor would. */
export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  await response.arrayBuffer();
  return response.status;
}

export function delivery(address: string, type = 'Subscribe', name = 'Test Subscriber'): string {
  return JSON.stringify({
    Events: [
      {
        CustomFields: [{ Key: 'website', Value: 'http://example.org' }],
        Date: '2026-01-15 09:30:00',
        EmailAddress: address,
        Name: name,
        SignupIPAddress: '53.78.123.243',
        Type: type,
      },
    ],
    ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
  });
}
