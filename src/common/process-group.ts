import { spawn, spawnSync, type ChildProcess, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Between SIGTERM and SIGKILL, in milliseconds. */
const graceMs = 3_000;

const isWindows = process.platform === 'win32';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ProcessGroup>();

process.on('exit', () => {
  for (const group of running) group.kill();
});

/**
 * Ends a program and all that it started when the program ends, at {@link end}, and with this process, however that
 * ends. Processes with a session of their own are left. None of them has the terminal.
 */
export class ProcessGroup {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #guard: ChildProcess | undefined;
  #force: NodeJS.Timeout | undefined;
  #isGone = false;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves when the program ended and its output was read, or some seconds later if another process keeps that open.
   * Rejects if it could not be started.
   */
  readonly ended: Promise<Ending>;

  /** @param command a string is a command line for the user's shell */
  constructor(command: readonly string[] | string, environment: Pick<SpawnOptions, 'cwd' | 'env'>) {
    const options = {
      ...environment,
      // On POSIX it leads its own group. On Windows this would open a console, and the system knows a process's parent.
      detached: !isWindows,
      stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    };
    const [program = '', ...args] = typeof command === 'string' ? [command] : command;
    const child = spawn(program, args, { ...options, shell: typeof command === 'string' });
    this.#child = child;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#clear();
        resolve({ code, signal });
      });
    });
    this.ended.catch(() => undefined);
    if (child.pid === undefined) return;
    running.add(this);
    this.#guard = isWindows ? undefined : guardOf(child.pid);
    child.once('exit', () => {
      // Windows no longer knows what it had started.
      if (isWindows) this.#isGone = true;
      this.#ask();
    });
  }

  /** Ends them by force after 3 s. Resolves when the program has ended. */
  async end(): Promise<void> {
    if (running.has(this)) this.#ask();
    await this.ended.catch(() => undefined);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #ask(): void {
    if (this.#force !== undefined) return;
    this.#force = setTimeout(() => {
      this.kill();
      this.stdout.destroy();
      this.stderr.destroy();
    }, graceMs);
    this.#signal('SIGTERM');
  }

  #clear(): void {
    running.delete(this);
    clearTimeout(this.#force);
    this.kill();
    this.#guard?.kill('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isGone) return;
    try {
      if (isWindows) spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
      else process.kill(-pid, signal);
    } catch {
      // The group is gone, and its number may be used again.
      this.#isGone = true;
    }
  }
}

/** Ends the group when this process ends, because its pipe closes. On Windows, libuv's job does that. */
function guardOf(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -s KILL -- "-$0"', String(pid)], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return guard;
}
