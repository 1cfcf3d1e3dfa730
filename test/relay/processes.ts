/** The relay as a process of its own, started as the extension starts it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { controlChannelOf } from '../../src/protocol/control-channel.ts';
import { lowMemory } from '../../src/extension/session/process.ts';
import { afterward } from './afterward.ts';

const program = fileURLToPath(new URL('../../src/cli/cm-relay.ts', import.meta.url));

/** The first line that it prints. */
export type FirstLine =
  | { readonly type: 'ready'; readonly pid: number; readonly campaignMonitorUrl: string }
  | { readonly type: 'running' | 'failed'; readonly message: string; readonly next: string | null };

export interface RelayProcess {
  readonly child: ChildProcess;
  /** Resolves with its first line; rejects where it ends without one. */
  readonly firstLine: Promise<FirstLine>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** What it wrote to standard error so far. */
  errors(): string;
  /** Resolves when it has been killed. */
  kill(): Promise<void>;
}

/** Starts `cm-relay relay-process` with these arguments, under `prefix` where one is given, such as strace. */
export function spawnRelay(args: readonly string[], prefix: readonly string[] = []): RelayProcess {
  const node = ['node', '--disable-warning=ExperimentalWarning', ...lowMemory.nodeOptions];
  const [command = 'node', ...rest] = [...prefix, ...node, program, 'relay-process', ...args];
  const env = { ...process.env, ...lowMemory.environment };
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const firstLine = new Promise<FirstLine>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const end = output.indexOf('\n');
      if (end !== -1) resolve(JSON.parse(output.slice(0, end)) as FirstLine);
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`it ended (${code}) without a line: ${errors}`)));
  });
  // Not every test looks at it.
  firstLine.catch(() => undefined);
  const relay: RelayProcess = {
    child,
    firstLine,
    ended,
    errors: () => errors,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
  afterward(async () => {
    await relay.kill();
    // One that was killed leaves its socket.
    const dataDir = args[args.indexOf('--data-dir') + 1];
    if (dataDir !== undefined && existsSync(dataDir)) rmSync(controlChannelOf(dataDir).path, { force: true });
  });
  return relay;
}

/** Starts a relay's process and waits until it is ready. */
export async function readyRelay(
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<RelayProcess & { readonly pid: number; readonly url: string }> {
  const relay = spawnRelay(args, prefix);
  const line = await relay.firstLine;
  if (line.type !== 'ready') throw new Error(`the relay did not start: ${line.message}`);
  return { ...relay, pid: line.pid, url: line.campaignMonitorUrl };
}

/** The most resident memory that a process has had, in bytes; null where the system does not tell. */
export function highestMemory(pid: number): number | null {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return null;
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}
