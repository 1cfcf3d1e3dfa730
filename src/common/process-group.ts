/** Programs that the user names, each with all that it starts in turn: ended as a whole, and never left behind. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio, SpawnOptions } from 'node:child_process';
import type { Readable } from 'node:stream';

/** The time between the request to end and the end by force, in milliseconds. */
const graceMs = 3_000;

const isWindows = process.platform === 'win32';

/** How a program ended: by itself with a code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ProcessGroup>();

// The guards see any other end of this process.
process.on('exit', () => {
  for (const group of running) group.kill();
});

/**
 * A program that was started, and what it has started in turn, as far as that has not made itself independent (by a
 * session of its own). All of it ends when the program ends, when it is asked to, and with this process, however that
 * ends. Nothing of it has the terminal.
 */
export class ProcessGroup {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #guard: ChildProcess | undefined;
  #force: NodeJS.Timeout | undefined;
  #isGone = false;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves with how the program ended, when its output was read or, where something holds that open, some seconds
   * later. Rejects with the system's error where it could not be started.
   */
  readonly ended: Promise<Ending>;

  /** Starts it. @param command the program and its arguments; a text is a command line of the user's shell */
  constructor(command: readonly string[] | string, environment: Pick<SpawnOptions, 'cwd' | 'env'>) {
    const options = {
      ...environment,
      // On POSIX it leads a group of its own. On Windows that would open a console, and the system knows whose child is whose.
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
    // Whoever only ends it need not look at it.
    this.ended.catch(() => undefined);
    if (child.pid === undefined) return;
    running.add(this);
    this.#guard = isWindows ? undefined : guardOf(child.pid);
    child.once('exit', () => {
      // Windows does not tell any more what it had started.
      if (isWindows) this.#isGone = true;
      this.#ask();
    });
  }

  /** Asks all of it to end, by force after 3 s. Resolves when it has ended. */
  async end(): Promise<void> {
    if (running.has(this)) this.#ask();
    await this.ended.catch(() => undefined);
  }

  /** Ends all of it by force. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #ask(): void {
    if (this.#force !== undefined) return;
    this.#force = setTimeout(() => {
      this.kill();
      // Something that is independent may hold them open.
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
      // None of it is left, and its number may become that of another.
      this.#isGone = true;
    }
  }
}

/**
 * A process that outlives this one, however that ends, by the moment in which it ends the group: it reads what this one
 * never writes. (Windows itself ends a child with the process that started it: libuv has it in a job.)
 */
function guardOf(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -s KILL -- "-$0"', String(pid)], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // A system without a shell has no guard.
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return guard;
}
