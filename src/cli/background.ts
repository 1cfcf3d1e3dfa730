/** Commands in the background, and how the process that starts one learns that it is ready. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandError, EndedAtStartError, frozenAdvice } from './errors.ts';
import { commandProcess } from './terminal/command-process.ts';

/** Sent by a command in the background once it is ready. */
interface ReadyMessage {
  readonly type: 'ready';
  /** For the starter's standard output. */
  readonly lines: readonly string[];
}

/** Maximum start-up output to keep, in characters. */
const mostSaid = 65_536;

/**
 * Runs this command line, without --detach, in its own process, which outlives this one and its terminal.
 * @returns once it is ready: `lines` for standard output, `said` for standard error
 * @throws EndedAtStartError if it exits before, with its output
 */
export function startInBackground(): Promise<{ readonly lines: readonly string[]; readonly said: string }> {
  const [, script = '', ...args] = process.argv;
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, ...args.filter((each) => each !== '--detach')],
    // It reports through its own channel, not its output, that it is ready: its output is not read from then on.
    { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], windowsHide: true },
  );
  const { stderr } = child;
  let said = '';
  stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  // If this process is interrupted meanwhile, so is the child.
  const giveUp = (): void => void child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) commandProcess().once(signal, giveUp);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new EndedAtStartError(code, said)));
    child.once('message', ({ lines }: ReadyMessage) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) commandProcess().off(signal, giveUp);
      child.disconnect();
      stderr?.destroy();
      child.unref();
      resolve({ lines, said });
    });
  });
}

/** Whether this is a command in the background that has not reported yet. */
export function isInBackground(): boolean {
  return process.send !== undefined;
}

/**
 * Reports to the process that started this one in the background, if one did, that it is ready.
 * @param lines for its standard output
 * @returns whether it was started in the background
 */
export function tellStarter(lines: readonly string[] = []): boolean {
  if (process.send === undefined) return false;
  // They are no longer read; their errors must not end this process.
  for (const stream of [commandProcess().stdout, commandProcess().stderr]) stream.on('error', () => undefined);
  const message: ReadyMessage = { type: 'ready', lines };
  process.send(message, undefined, undefined, () => process.disconnect());
  return true;
}

/**
 * Polls for the end of a process, for which there is no event: only then are its files and port released.
 * @throws CommandError if it has not ended in time
 */
export async function waitForEnd(name: string, pid: number, patienceMs: number): Promise<void> {
  const late = performance.now() + patienceMs;
  while (isAlive(pid)) {
    if (performance.now() > late) {
      throw new CommandError(`${name} did not stop within ${patienceMs / 1000} s`, frozenAdvice(pid));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function isAlive(pid: number): boolean {
  try {
    commandProcess().kill(pid, 0);
    return !isUnclaimed(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether it has ended, but its parent never reaps it, such as in a container: Linux then keeps its ID. */
function isUnclaimed(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
