/** Commands that run on in the background, and how whoever started one knows that it is ready. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandError, EndedAtStartError, frozenAdvice } from './errors.ts';
import { commandProcess } from './terminal/command-process.ts';

/** What a command in the background says once it is ready. */
interface ReadyMessage {
  readonly type: 'ready';
  /** For the starter's standard output. */
  readonly lines: readonly string[];
}

/** Of what it says while it starts, so much is kept, in characters. */
const mostSaid = 65_536;

/** What a command in the background had to say until it was ready. */
interface Started {
  /** For standard output. */
  readonly lines: readonly string[];
  /** For standard error, as it is. */
  readonly said: string;
}

/**
 * Runs this very command line, without --detach, in a process of its own that outlives this one and its terminal.
 * @returns once it is ready
 * @throws EndedAtStartError where it ends before, with what it said
 */
export function startInBackground(): Promise<Started> {
  const [, script = '', ...args] = process.argv;
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, ...args.filter((each) => each !== '--detach')],
    // Its own channel, not its output, tells that it is ready: nobody reads what it prints from then on.
    { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], windowsHide: true },
  );
  const { stderr } = child;
  let said = '';
  stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  // Whoever gives up meanwhile does not leave it behind.
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

/** Whether this is a command in the background that nobody was told of yet. */
export function isInBackground(): boolean {
  return process.send !== undefined;
}

/**
 * Tells the one that started this in the background that it is ready. Where nobody did, nothing is told.
 * @param lines what it is to print
 * @returns whether somebody was told
 */
export function tellStarter(lines: readonly string[] = []): boolean {
  if (process.send === undefined) return false;
  // Nobody reads them any more, which must end nothing.
  for (const stream of [commandProcess().stdout, commandProcess().stderr]) stream.on('error', () => undefined);
  const message: ReadyMessage = { type: 'ready', lines };
  process.send(message, undefined, undefined, () => process.disconnect());
  return true;
}

/**
 * Waits for the end of a process, for which there is no event: it lets go of its files and its port only then.
 * @param name as an error names it
 * @param patienceMs how long it may take, in milliseconds
 * @throws CommandError where it has not ended by then
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

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    commandProcess().kill(pid, 0);
    return !isUnclaimed(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether it has ended, and its parent, as the first process of many containers, never asks how: Linux then keeps its ID. */
function isUnclaimed(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
