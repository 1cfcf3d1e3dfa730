import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandError, EndedAtStartError, frozenAdvice } from './errors.ts';
import { commandProcess } from './terminal/command-process.ts';

interface ReadyMessage {
  readonly type: 'ready';
  readonly lines: readonly string[];
}

/** Start-up output to keep, in characters. */
const mostSaid = 65_536;

/**
 * Runs this command line in its own process, which outlives this one and its terminal, and waits until it is ready.
 * @throws EndedAtStartError if it exits before, with its output
 */
export function startInBackground(): Promise<{ readonly lines: readonly string[]; readonly said: string }> {
  const [, script = '', ...args] = process.argv;
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, ...args.filter((each) => each !== '--detach')],
    // The child reports that it is ready through IPC, since its output is not read from then on.
    { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], windowsHide: true },
  );
  const { stderr } = child;
  let said = '';
  stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  // If this process is interrupted while it waits, end the child too.
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

/** Whether this process runs in the background and has not reported yet. */
export function isInBackground(): boolean {
  return process.send !== undefined;
}

/** Reports to the process that started this one, if one did, that this one is ready. */
export function tellStarter(lines: readonly string[] = []): boolean {
  if (process.send === undefined) return false;
  // The starter stops reading these streams; their errors must not end this process.
  for (const stream of [commandProcess().stdout, commandProcess().stderr]) stream.on('error', () => undefined);
  const message: ReadyMessage = { type: 'ready', lines };
  process.send(message, undefined, undefined, () => process.disconnect());
  return true;
}

/** A process's files and port are only released when it has ended. @throws CommandError after the timeout */
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

/** Whether the process is a zombie: in a container its parent may never reap it, and Linux keeps its ID. */
function isUnclaimed(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
